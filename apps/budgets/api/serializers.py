"""Budgets as JSON. Amounts: 0 is a limit, null is unlimited."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.budgets.enums import Basis, EntryKind, Health, PeriodKind, Scope
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.forecast import Forecast
from apps.budgets.selectors.status import BudgetStatus, MeasureStatus
from apps.common.api.fields import MONEY_SCHEMA, MoneyField, money

NULLABLE_MONEY = {"anyOf": [MONEY_SCHEMA, {"type": "null"}]}


class BudgetSerializer(serializers.ModelSerializer):
    """`ends_on` is the day after the last; null goes on until it is closed."""

    unit_id = serializers.UUIDField(read_only=True, allow_null=True)
    capability_id = serializers.UUIDField(read_only=True, allow_null=True)
    owner_membership_id = serializers.UUIDField(read_only=True, allow_null=True)
    scope = serializers.ChoiceField(Scope.choices(), read_only=True)
    period_kind = serializers.ChoiceField(PeriodKind.choices(), read_only=True)

    class Meta:
        model = Budget
        fields = (
            "id",
            "name",
            "scope",
            "unit_id",
            "capability_id",
            "story_id",
            "story_ref",
            "currency",
            "period_kind",
            "starts_on",
            "ends_on",
            "timezone",
            "year_starts_in",
            "status",
            "owner_membership_id",
            "own_thresholds",
            "version",
            "created_at",
            "closed_at",
        )
        read_only_fields = fields


class ThresholdField(serializers.Serializer):
    basis = serializers.ChoiceField(Basis.choices())
    percent = serializers.IntegerField(min_value=1, max_value=1000)


class BudgetCreateSerializer(serializers.Serializer):
    """A budget of the organization, a unit or a capability."""

    name = serializers.CharField(max_length=160)
    scope = serializers.ChoiceField([(s.value, s.label) for s in Scope if s is not Scope.STORY])
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    capability_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    amount = MoneyField(allow_null=True)
    amount_tokens = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0
    )
    period_kind = serializers.ChoiceField(PeriodKind.choices(), default=PeriodKind.MONTH.value)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)
    timezone = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    owner_membership_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    thresholds = ThresholdField(many=True, required=False, allow_null=True, default=None)


class BudgetChangeSerializer(serializers.Serializer):
    """Name, owner and thresholds (null: those of the organization), at the version that was
    read."""

    version = serializers.IntegerField()
    name = serializers.CharField(max_length=160)
    owner_membership_id = serializers.UUIDField(allow_null=True)
    thresholds = ThresholdField(many=True, allow_null=True)


class EntrySerializer(serializers.ModelSerializer):
    """A row of the period ledger."""

    kind = serializers.ChoiceField(EntryKind.choices())
    amount = serializers.SerializerMethodField()

    class Meta:
        model = BudgetEntry
        fields = (
            "id",
            "kind",
            "effective_on",
            "amount",
            "amount_tokens",
            "note",
            "transfer_id",
            "source_request_id",
            "actor_name",
            "budget_version",
            "created_at",
        )

    @extend_schema_field(NULLABLE_MONEY)
    def get_amount(self, entry: BudgetEntry) -> Any:
        return money(entry.amount_nanos, self.context["currency"])


class ReviseSerializer(serializers.Serializer):
    """A new amount for every period from a date."""

    version = serializers.IntegerField()
    effective_on = serializers.DateField()
    amount = MoneyField(allow_null=True)
    amount_tokens = serializers.IntegerField(allow_null=True, required=False, default=None)
    note = serializers.CharField(max_length=2000)


class GrantSerializer(serializers.Serializer):
    """More for the period that `on` lies in."""

    version = serializers.IntegerField()
    on = serializers.DateField()
    amount = MoneyField(required=False, allow_null=True, default=None)
    amount_tokens = serializers.IntegerField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=2000)


class MoveSerializer(serializers.Serializer):
    """Money to another budget, in the periods that `on` lies in."""

    version = serializers.IntegerField()
    to = serializers.UUIDField()
    on = serializers.DateField()
    amount = MoneyField()
    note = serializers.CharField(max_length=2000)


class CloseSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    note = serializers.CharField(max_length=2000)


class ForecastSerializer(serializers.Serializer):
    """Use at the end of the period: nanos or tokens."""

    p10 = serializers.IntegerField()
    p50 = serializers.IntegerField()
    p90 = serializers.IntegerField()


class ThresholdSerializer(serializers.Serializer):
    basis = serializers.ChoiceField(Basis.choices())
    percent = serializers.IntegerField()
    at = serializers.IntegerField()
    crossed = serializers.BooleanField()
    crossed_on = serializers.DateField(allow_null=True)


class MeasureSerializer(serializers.Serializer):
    """One measure in one period: whole nanos of the currency, or tokens."""

    limit = serializers.IntegerField(allow_null=True)
    used = serializers.IntegerField()
    remaining = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField(allow_null=True)
    run_out_on = serializers.DateField(allow_null=True)
    health = serializers.ChoiceField(Health.choices())
    spent_per_day = serializers.IntegerField(allow_null=True)
    sustainable_per_day = serializers.IntegerField(allow_null=True)
    forecast = serializers.SerializerMethodField()
    forecast_reason = serializers.CharField(help_text="why there is no forecast")
    thresholds = ThresholdSerializer(many=True)

    @extend_schema_field(ForecastSerializer(allow_null=True))
    def get_forecast(self, measure: MeasureStatus) -> dict[str, int] | None:
        if not isinstance(measure.forecast, Forecast):
            return None
        low, likely, high = measure.forecast.end
        return {"p10": low, "p50": likely, "p90": high}


class StatusSerializer(serializers.Serializer):
    """How a budget stands in a period. `period_end` is the day after the last."""

    budget_id = serializers.UUIDField(source="id")
    currency = serializers.CharField(source="budget.currency")
    period_start = serializers.DateField(source="period.start")
    period_end = serializers.DateField(source="period.end")
    period_start_at = serializers.DateTimeField(source="period.start_at")
    period_end_at = serializers.DateTimeField(source="period.end_at")
    measure = serializers.CharField()
    money = MeasureSerializer()
    tokens = MeasureSerializer()
    committed = serializers.SerializerMethodField()
    unlimited_children = serializers.IntegerField()
    unpriced_tokens = serializers.IntegerField()
    complete_through = serializers.DateField(allow_null=True)
    data_as_of = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(MONEY_SCHEMA)
    def get_committed(self, status: BudgetStatus) -> Any:
        return money(status.committed_nanos, status.budget.currency)
