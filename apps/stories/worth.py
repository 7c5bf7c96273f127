"""What a value hypothesis is worth against what it costs. Pure; money is nanos.

Return on investment counts the whole plan: value over the horizon against building and running.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from apps.common.errors import FieldError
from apps.stories.enums import ValueOutcome, ValuePer

REQUIRED: Mapping[str, tuple[str, str]] = {
    "value_metric": ("has no metric", "Name what will change, such as handling time."),
    "value_unit": ("has no unit", "Say what the metric is measured in, such as minutes."),
    "value_baseline": ("has no baseline", "Enter what you measure today."),
    "value_change": ("has no expected change", "Enter by how much the metric will change."),
    "value_money_nanos": ("is not in money", "Enter what one unit of change is worth."),
    "value_confidence": ("states no confidence", "Choose how sure you are."),
    "value_measure_on": ("has no date to measure", "Choose when you will report the result."),
    "value_owner_id": ("has no owner", "Choose who reports the result."),
    "value_why": ("gives no reason", "Write what you measured or compared with."),
}
"""What a complete hypothesis holds; evidence is welcome and never mandatory."""

FORM_FIELD = {"value_money_nanos": "value_money", "value_owner_id": "value_owner"}


def missing(plan: Any, *, names: Sequence[str] = tuple(REQUIRED)) -> Iterator[FieldError]:
    """What a value hypothesis lacks, in the order of the form."""
    for name in names:
        value = getattr(plan, name)
        if value is None or not str(value).strip():
            what, fix = REQUIRED[name]
            yield FieldError(FORM_FIELD.get(name, name), f"The value hypothesis {what}.", fix)


@dataclass(frozen=True, slots=True)
class Worth:
    """What follows from a value hypothesis. `units` are units of change in a typical month.

    `roi` is (value − cost) ÷ cost over the plan; `payback_months` counts months of running until
    value has paid for building and running, None when it never does within the plan.
    """

    month: int
    units: Decimal
    value_total: int
    cost_total: int
    payback_months: int | None

    @property
    def net(self) -> int:
        return self.value_total - self.cost_total

    @property
    def roi(self) -> Decimal | None:
        if not self.cost_total:
            return None
        return Decimal(self.net) / Decimal(self.cost_total)


def units_per_month(
    *, change: Decimal, per: ValuePer, adoption_percent: Decimal, interactions: Decimal
) -> Decimal:
    """Units of change in a month. The change counts by its size, saved or gained."""
    units = abs(change)
    if per is ValuePer.INTERACTION:
        units = units * interactions * adoption_percent / 100
    return units


def worth(
    *, units: Decimal, month: int, grows: bool, build_cost: int, run_costs: Sequence[int]
) -> Worth:
    """Value against cost over the months of running, at the likely case.

    With ``grows`` (value counted per interaction) a month with twice the first one's cost has
    twice its value; value counted a month stays.
    """
    base = run_costs[0] if run_costs and grows else 0
    values = [_share(month, cost, base) if base else month for cost in run_costs]
    balance, payback = -build_cost, None
    for number, (value, cost) in enumerate(zip(values, run_costs, strict=True), start=1):
        balance += value - cost
        if balance >= 0 and payback is None:
            payback = number
    return Worth(
        month=month,
        units=units,
        value_total=sum(values),
        cost_total=build_cost + sum(run_costs),
        payback_months=payback,
    )


PROVEN_FROM = Decimal("0.8")
PARTLY_FROM = Decimal("0.2")
"""Share of the expected change from which a hypothesis is proven, or partly so."""


def outcome_of(expected: Decimal, measured: Decimal) -> ValueOutcome:
    """What a measured change says about the expected one; both in the direction of the metric.

    Four fifths of what was expected proves it, less than a fifth, or the other way, disproves it.
    An expected change of nothing is proven by any change that is not negative.
    """
    if not expected:
        return ValueOutcome.PROVEN if measured >= 0 else ValueOutcome.DISPROVEN
    share = measured / expected
    if share >= PROVEN_FROM:
        return ValueOutcome.PROVEN
    return ValueOutcome.PARTLY if share >= PARTLY_FROM else ValueOutcome.DISPROVEN


def cost_per_outcome(month_cost: int, units: Decimal) -> int | None:
    """Nanos of run cost for one unit of change; None where nothing changes."""
    if units <= 0:
        return None
    return int((Decimal(month_cost) / units).to_integral_value(rounding=ROUND_HALF_EVEN))


def run_overtakes_build(build_cost: int, run_costs: Sequence[int]) -> int | None:
    """The month of running in which running has cost as much as building; None if never."""
    total = 0
    for number, cost in enumerate(run_costs, start=1):
        total += cost
        if build_cost and total >= build_cost:
            return number
    return None


def _share(month: int, cost: int, base: int) -> int:
    exact = Decimal(month) * Decimal(cost) / Decimal(base)
    return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN))
