"""What stories plan in the months of a cycle, in its currency."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from apps.common import clock
from apps.organizations.selectors import organization
from apps.planning.models import PlanningCycle
from apps.pricing.fx.rules import Rate, half_even
from apps.pricing.fx.selectors import rate_table
from apps.stories.models import TokenStory
from apps.stories.selectors.plans import planned_costs

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Suggested:
    """One story's P50 in the months of a cycle: `own_nanos` in its own currency, `nanos` in the
    cycle's. A story in another currency is converted by one `rate`, published on `rate_day`;
    without any it has no `nanos`, is in no sum, and `reason` says why."""

    story: TokenStory
    own_nanos: int
    nanos: int | None
    rate: Decimal | None = None
    rate_day: date | None = None
    reason: str = ""

    @property
    def currency(self) -> str:
        return self.story.currency

    @property
    def rate_words(self) -> str:
        """1.084, and not 1.084000."""
        return f"{self.rate:f}".rstrip("0").rstrip(".") if self.rate is not None else ""


def rate_date(cycle: PlanningCycle) -> date:
    """The day whose exchange rates a cycle is planned at: today, and its first day from then on, so
    that a plan moves no more with the rates once it runs."""
    return min(clock.today(organization().timezone), cycle.starts_on)


def suggestions(cycle: PlanningCycle) -> list[Suggested]:
    """Every story that plans a cost in the cycle; those that cannot be converted are told, never
    dropped. One question about rates, and none where all are in the cycle's currency."""
    plans = planned_costs(cycle.starts_on, cycle.ends_on)
    foreign = {plan.story.currency for plan in plans} - {cycle.currency}
    rates: dict[str, Rate | None] = {}
    if foreign:
        day = rate_date(cycle)
        table = rate_table({cycle.currency, *foreign}, day, day + _DAY)
        rates = {currency: table.at(day, currency, cycle.currency) for currency in foreign}
    found = []
    for plan in plans:
        currency = plan.story.currency
        if currency == cycle.currency:
            found.append(Suggested(plan.story, plan.nanos, plan.nanos))
        elif (rate := rates[currency]) is not None:
            value = rate.value
            nanos = half_even(plan.nanos * value.numerator, value.denominator)
            shown = (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.000001"))
            found.append(Suggested(plan.story, plan.nanos, nanos, shown, rate.day))
        else:
            reason = f"No rate from {currency} to {cycle.currency} was published yet."
            found.append(Suggested(plan.story, plan.nanos, None, reason=reason))
    return found
