"""Exchange rates as JSON. A rate is a decimal string: a JSON number would lose digits."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.pricing.fx.reading import MAX_BYTES


class ExchangeRateSerializer(serializers.Serializer):
    """One unit of `base` is `rate` units of `quote`, from `day` until a later rate."""

    id = serializers.UUIDField(read_only=True)
    base = serializers.CharField(min_length=3, max_length=3)
    quote = serializers.CharField(min_length=3, max_length=3)
    day = serializers.DateField()
    rate = serializers.DecimalField(max_digits=24, decimal_places=12)
    origin = serializers.CharField(read_only=True)
    note = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")
    created_at = serializers.DateTimeField(read_only=True)
    created_by_name = serializers.CharField(read_only=True)

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {**super().to_representation(row), "rate": f"{Decimal(row.rate).normalize():f}"}


class WithdrawSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class ImportSerializer(serializers.Serializer):
    """A table such as eurofxref-hist.csv. With `dry_run` nothing is written."""

    csv = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False)
    base = serializers.CharField(min_length=3, max_length=3, default="EUR")
    dry_run = serializers.BooleanField(default=False)


class ProblemSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    column = serializers.CharField()
    message = serializers.CharField()


class ImportedSerializer(serializers.Serializer):
    """What the import did, or would do."""

    dry_run = serializers.BooleanField()
    new = serializers.IntegerField()
    same = serializers.IntegerField()
    different = serializers.IntegerField(help_text="Contradict stored rates, which stay.")
    refused = serializers.IntegerField()
    problems = ProblemSerializer(many=True)
    first = serializers.DateField(allow_null=True)
    last = serializers.DateField(allow_null=True)


class ReportingSerializer(serializers.Serializer):
    """Empty: figures in their own currency only."""

    currency = serializers.CharField(max_length=3, allow_blank=True)
