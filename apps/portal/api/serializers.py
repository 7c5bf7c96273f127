"""Trends as the API shows them. Ratios are decimal strings; null is what has no answer."""

from rest_framework import serializers

from apps.budgets.rules.filling import Verdict
from apps.ledger.api.serializers import MoneySerializer
from apps.ledger.rules.drivers import PARTS
from apps.portal.rules.spans import GRAINS
from apps.portal.selectors.amplification import DEFAULT_EXTRA
from apps.portal.selectors.trends import BY, MEASURES

MOST_EXTRA = 1_000_000


class TrendsQuerySerializer(serializers.Serializer):
    """Which days, cut how. Only complete days and whole periods count."""

    start = serializers.DateField(help_text="First day, in the organization's time zone.")
    end = serializers.DateField(help_text="Day after the last one.")
    grain = serializers.ChoiceField(GRAINS, default=GRAINS[0])


class GrowthQuerySerializer(TrendsQuerySerializer):
    by = serializers.ChoiceField(BY, default=BY[0])
    measure = serializers.ChoiceField(tuple(MEASURES), default="cost")


class SensitivityQuerySerializer(serializers.Serializer):
    """The pace is of the last 30 complete days before `end`, by default those up to now."""

    end = serializers.DateField(required=False, help_text="Day after the last one.")
    extra = serializers.IntegerField(
        default=DEFAULT_EXTRA, min_value=1, max_value=MOST_EXTRA, help_text="Tokens per run."
    )


class RatioField(serializers.DecimalField):
    """A ratio; null where there is nothing to divide by."""

    def __init__(self, **parts: object) -> None:
        super().__init__(max_digits=None, decimal_places=6, allow_null=True, **parts)  # type: ignore[arg-type]


class PeriodSerializer(serializers.Serializer):
    start = serializers.DateField()
    end = serializers.DateField(help_text="Day after the last one.")


class VariabilitySerializer(serializers.Serializer):
    """How days differ, from the first day of use on."""

    days = serializers.IntegerField()
    median = serializers.IntegerField()
    p95 = serializers.IntegerField()
    peak = RatioField(help_text="95th percentile day by the median day.")
    variation = RatioField(help_text="Standard deviation by mean.")


class GrowthLineSerializer(serializers.Serializer):
    """Sums are nanos for cost; null is a period in which use began or that it preceded."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    sums = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    growth = RatioField(help_text="Change of the average day to the last period.")
    compound = RatioField(help_text="Change per period, over the periods that are known.")
    doubling_periods = RatioField(help_text="Null where it does not grow.")
    variability = VariabilitySerializer(allow_null=True, help_text="Null of fewer than 14 days.")


class GrowthSerializer(serializers.Serializer):
    measure = serializers.ChoiceField(tuple(MEASURES))
    by = serializers.ChoiceField(BY)
    currency = serializers.CharField()
    periods = PeriodSerializer(many=True)
    groups = GrowthLineSerializer(many=True)


class PricePointSerializer(PeriodSerializer):
    cost = MoneySerializer()
    tokens = serializers.IntegerField(help_text="Tokens with a price.")
    price_index = RatioField(help_text="Of a token; the first period with a price is 100.")
    volume_index = RatioField(help_text="Tokens a day.")
    bill_index = RatioField(help_text="Cost a day: price times volume by 100, exactly.")


class PriceEventSerializer(serializers.Serializer):
    on = serializers.DateField()
    name = serializers.CharField()
    provider = serializers.CharField()
    model = serializers.CharField(allow_blank=True)


class VarianceSerializer(serializers.Serializer):
    """A period against the one before it; the parts sum to the change, to the nano."""

    period = PeriodSerializer()
    against = PeriodSerializer()
    running = serializers.BooleanField(help_text="Not over: its days against as many before.")
    cost = MoneySerializer()
    change = MoneySerializer()
    parts = serializers.DictField(child=MoneySerializer(), help_text=", ".join(PARTS))
    price_events = PriceEventSerializer(many=True)


class PricesSerializer(serializers.Serializer):
    currency = serializers.CharField()
    points = PricePointSerializer(many=True)
    elasticity = RatioField(
        help_text="Arc elasticity of volume against price, first to last period; null where the "
        "price did not move."
    )
    rebounds = serializers.BooleanField(help_text="The price fell and the bill rose.")
    unpriced_tokens = serializers.IntegerField(help_text="In none of the figures.")
    variance = VarianceSerializer(many=True)


class SensitivityLineSerializer(serializers.Serializer):
    capability_id = serializers.CharField()
    name = serializers.CharField()
    counts = serializers.ChoiceField(
        ("runs", "requests"), allow_null=True, help_text="What a run is here."
    )
    runs_a_year = RatioField()
    tokens_per_run = RatioField()
    extra_cost = MoneySerializer(allow_null=True, help_text="Of the extra tokens, a year.")


class InefficiencySerializer(serializers.Serializer):
    capability_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(("longer", "retries", "failures"))
    counts = serializers.ChoiceField(("runs", "requests", "calls"))
    before = serializers.IntegerField(
        help_text="Longer: tokens per run in the days before. Else: the calls concerned."
    )
    now = serializers.IntegerField(help_text="Longer: tokens per run now. Else: all calls.")
    cost = MoneySerializer(help_text="A year.")


class SensitivitySerializer(serializers.Serializer):
    start = serializers.DateField()
    end = serializers.DateField()
    extra = serializers.IntegerField()
    currency = serializers.CharField()
    capabilities = SensitivityLineSerializer(many=True)
    inefficiencies = InefficiencySerializer(many=True)


class BudgetPeriodSerializer(PeriodSerializer):
    limit = serializers.IntegerField(allow_null=True, help_text="Nanos or tokens; null: none.")
    used = serializers.IntegerField()
    share = RatioField()
    requests = serializers.IntegerField(allow_null=True)


class BudgetHistorySerializer(serializers.Serializer):
    budget_id = serializers.UUIDField()
    name = serializers.CharField()
    measure = serializers.ChoiceField(("money", "tokens"))
    currency = serializers.CharField()
    periods = BudgetPeriodSerializer(many=True)
    demand = RatioField(help_text="Change of requests a day, first to last period.")
    verdict = serializers.ChoiceField([verdict.value for verdict in Verdict])


class BudgetsSerializer(serializers.Serializer):
    budgets = BudgetHistorySerializer(many=True)
