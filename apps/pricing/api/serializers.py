"""How prices look in the API. Prices are decimal strings in USD per million tokens."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MONEY_SCHEMA, money
from apps.common.tokens import KINDS
from apps.pricing.enums import Standing, TermKind, TierLabel
from apps.pricing.models import AIModel, ListPrice, ModelStanding, NegotiatedRate
from apps.pricing.services import RATE_FIELDS


def _rate(help_text: str = "") -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=20,
        decimal_places=12,
        min_value=0,
        allow_null=True,
        required=False,
        normalize_output=True,
        help_text=help_text,
    )


class RatesSerializer(serializers.Serializer):
    """USD per million tokens by kind, per_request per call. Null: no price."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: _rate() for name in RATE_FIELDS}


class ModelSerializer(serializers.ModelSerializer):
    """A model with today's standard list prices."""

    provider = serializers.CharField(source="provider.key")
    model = serializers.CharField(source="key")
    input_price = serializers.DecimalField(
        source="now_input_uncached", max_digits=20, decimal_places=12, normalize_output=True
    )
    cached_input_price = serializers.DecimalField(
        source="now_cache_read", max_digits=20, decimal_places=12, normalize_output=True
    )
    output_price = serializers.DecimalField(
        source="now_output", max_digits=20, decimal_places=12, normalize_output=True
    )

    standing = serializers.ChoiceField(
        choices=Standing.choices(),
        read_only=True,
        help_text="What the organization says about it.",
    )

    class Meta:
        model = AIModel
        fields = (
            "id",
            "provider",
            "model",
            "name",
            "context_window",
            "deprecated",
            "input_price",
            "cached_input_price",
            "output_price",
            "standing",
        )


class StandingSerializer(serializers.ModelSerializer):
    """Where a model stands, or with an empty `model` every model of the provider."""

    version = serializers.IntegerField(min_value=0, required=False, default=0)

    class Meta:
        model = ModelStanding
        fields = (
            "id",
            "provider",
            "model",
            "standing",
            "note",
            "version",
            "changed_at",
            "changed_by_name",
        )
        read_only_fields = ("id", "changed_at", "changed_by_name")
        validators = ()


class ListPriceSerializer(serializers.ModelSerializer):
    """One list price: a model in one tier, from one UTC day, above one input size."""

    provider = serializers.CharField(source="model.provider.key")
    model = serializers.CharField(source="model.key")
    rates = RatesSerializer(source="*")
    currency = serializers.SerializerMethodField()

    class Meta:
        model = ListPrice
        fields = (
            "id",
            "provider",
            "model",
            "tier",
            "starts_on",
            "ends_on",
            "daily_from",
            "daily_to",
            "over_tokens",
            "is_current",
            "currency",
            "rates",
        )

    def get_currency(self, obj: ListPrice) -> str:
        return "USD"


class NegotiatedRateSerializer(serializers.ModelSerializer):
    """A negotiated rate. Write either `discount_percent` or `rates`, as `kind` says."""

    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, required=False
    )
    rates = RatesSerializer(required=False)
    kind = serializers.ChoiceField(choices=TermKind.choices())
    tier = serializers.ChoiceField(
        choices=TierLabel.choices(), required=False, allow_blank=True, default=""
    )

    class Meta:
        model = NegotiatedRate
        fields = (
            "id",
            "name",
            "provider",
            "model",
            "account",
            "tier",
            "kind",
            "discount_percent",
            "rates",
            "starts_on",
            "ends_on",
            "note",
            "version",
        )
        read_only_fields = ("id",)
        extra_kwargs = {"version": {"required": False}}

    def to_representation(self, instance: NegotiatedRate) -> dict[str, Any]:
        given: Any = instance
        shown = RatesSerializer(instance).data
        percent = None if instance.discount_bp is None else f"{instance.discount_bp / 100:.2f}"
        given.discount_percent = given.rates = None
        return {**super().to_representation(instance), "discount_percent": percent, "rates": shown}


class EndSerializer(serializers.Serializer):
    """The first UTC day without the rate, and the version the decision was made on."""

    ends_on = serializers.DateField()
    version = serializers.IntegerField(min_value=1)


class CountsSerializer(serializers.Serializer):
    """Tokens by disjoint kind, in total over all requests."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            kind: serializers.IntegerField(min_value=0, max_value=10**13, default=0)
            for kind in KINDS
        }


class ChangeDaysSerializer(serializers.Serializer):
    """Days [start, end) in UTC; by default from a year back to 60 days ahead."""

    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)


class PriceEventSerializer(serializers.Serializer):
    """A dated list price that differs from the one before, or a negotiated rate's first or last
    day. Prices are decimal strings, USD per million tokens; null for rates."""

    on = serializers.DateField()
    origin = serializers.ChoiceField(["list", "negotiated"])
    provider = serializers.CharField()
    model = serializers.CharField(help_text="Empty: all models of the provider.")
    tier = serializers.CharField()
    kind = serializers.CharField()
    before = serializers.DecimalField(max_digits=20, decimal_places=12, allow_null=True)
    after = serializers.DecimalField(max_digits=20, decimal_places=12, allow_null=True)
    rate_id = serializers.UUIDField(allow_null=True)


class EstimateSerializer(serializers.Serializer):
    """Price this use."""

    provider = serializers.CharField(
        max_length=255,
        allow_blank=True,
        default="",
        help_text="Empty: found from the model's name.",
    )
    model = serializers.CharField(max_length=255)
    tokens = CountsSerializer()
    requests = serializers.IntegerField(min_value=1, max_value=10**9, default=1)
    service_tier = serializers.CharField(max_length=40, allow_blank=True, default="")
    account = serializers.CharField(max_length=255, allow_blank=True, default="")
    context_window = serializers.CharField(max_length=40, allow_blank=True, default="")
    at = serializers.DateTimeField(required=False)


class EstimatedSerializer(serializers.Serializer):
    """The answer. `cost` is null with a `reason` where the book has no price."""

    cost = serializers.SerializerMethodField()
    status = serializers.CharField()
    provider = serializers.CharField()
    model = serializers.CharField()
    reason = serializers.CharField()
    price_id = serializers.UUIDField(allow_null=True)
    rates = serializers.DictField(child=serializers.CharField(allow_null=True), allow_null=True)

    @extend_schema_field({**MONEY_SCHEMA, "nullable": True})
    def get_cost(self, obj: Any) -> dict[str, Any] | None:
        return money(obj.cost_nanos, obj.currency)
