"""Months of the books, their checklist and steps, and adjustments."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.common.tokens import KINDS
from apps.ledger.api.serializers.figures import MoneySerializer, TokensSerializer
from apps.ledger.selectors.adjustments import SHOWN


class AdjustmentSerializer(serializers.Serializer):
    """A change that reached a closed month, counted on `posted_on`."""

    id = serializers.UUIDField()
    origin_day = serializers.DateField()
    posted_on = serializers.DateField()
    unit = serializers.CharField()
    capability = serializers.CharField()
    model = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    records = serializers.IntegerField()
    tokens = TokensSerializer()
    requests = serializers.IntegerField()
    cost = MoneySerializer()
    created_at = serializers.DateTimeField()

    def to_representation(self, row: Any) -> dict[str, Any]:
        words = self.context["words"]
        tokens = {kind: getattr(row, kind) for kind in KINDS}
        return {
            "id": str(row.id),
            "origin_day": row.origin_day.isoformat(),
            "posted_on": row.posted_on.isoformat(),
            **{axis.name.lower(): words.of(row.slice_id, axis) for axis in SHOWN},
            "records": row.records,
            "tokens": {**tokens, "total": sum(tokens.values())},
            "requests": row.requests,
            "cost": money(row.cost_nanos, self.context["currency"]),
            "created_at": row.created_at.isoformat(),
        }


class CheckSerializer(serializers.Serializer):
    """A line of the checklist; `bad` ones need a note to close all the same."""

    key = serializers.CharField()
    state = serializers.ChoiceField(["ok", "warn", "bad"])
    title = serializers.CharField()
    detail = serializers.CharField()


class PeriodSerializer(serializers.Serializer):
    """A month of the books. Figures are of what the caller may see; the digest is of everything,
    and empty for whoever sees a part."""

    month = serializers.CharField(source="key")
    status = serializers.CharField()
    version = serializers.IntegerField()
    tokens = serializers.IntegerField()
    cost = serializers.SerializerMethodField()
    unpriced_records = serializers.IntegerField()
    adjustments = serializers.IntegerField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256 of all cells at the close.")

    def get_cost(self, row: Any) -> dict[str, Any] | None:
        return money(row.cost_nanos, self.context["currency"])


class OnePeriodSerializer(PeriodSerializer):
    """A month with its checklist (empty once closed) and, with `?verify=true`, its proof."""

    checklist = CheckSerializer(many=True)
    unchanged = serializers.BooleanField(
        allow_null=True, help_text="Whether a closed month has the cells of its close."
    )


class VerifySerializer(serializers.Serializer):
    verify = serializers.BooleanField(default=False)


class StepSerializer(serializers.Serializer):
    """A step of a period: settle, close or reopen, from the version that was read."""

    step = serializers.ChoiceField(["settle", "close", "reopen"])
    version = serializers.IntegerField(min_value=0)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
