"""Estimate against actual: what moved the cost, what the year will cost, how estimates turn out.

Pure. The expected side of a comparison is the frozen estimate's likely case: its models' shares,
tokens by kind and cost of a typical month, scaled to each compared month by that month's likely
cost. Whole numbers are made by largest remainder, so that the models of a month sum to the month.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from apps.common.tokens import KINDS
from apps.ledger.rules.drivers import Use, largest_remainder

ENOUGH = 3
"""Fewer stories than this say nothing about the next one."""


def expected_uses(document: Mapping[str, Any], months: Sequence[int]) -> dict[str, Use]:
    """The likely use by model that the estimate expected of some months.

    `document`: a revision's estimate; `months`: the likely cost of production in each, in nanos.
    Empty when the estimate has no production.
    """
    models = document.get("models", [])
    month_cost = sum(int(m["cost"]) for m in models)
    if not models or month_cost <= 0:
        return {}
    factor = Fraction(sum(months), month_cost)
    costs = _whole([int(m["cost"]) * factor for m in models])
    calls = Fraction(str(document.get("calls", "0"))) * factor
    kinds = {kind: int(count) for kind, count in document.get("month_kinds", {}).items()}
    shares = [Fraction(str(m["share"])) / 100 for m in models]
    tokens = {kind: _whole([s * count * factor for s in shares]) for kind, count in kinds.items()}
    requests = _whole([share * calls for share in shares])
    return {
        str(m["model"]): Use(
            requests=requests[i],
            tokens=tuple(tokens[kind][i] if kind in tokens else 0 for kind in KINDS),
            cost_nanos=costs[i],
        )
        for i, m in enumerate(models)
    }


def _whole(values: Sequence[Fraction]) -> list[int]:
    """Whole numbers near the values that sum to their rounded sum."""
    return largest_remainder(values, round(sum(values, Fraction(0))))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a year costs: months that are over as measured, the rest as estimated times `ratio`.

    `ratio` is measured over estimated in the last whole months; 1 while nothing was compared.
    """

    measured: int
    low: int
    likely: int
    high: int
    ratio: Decimal
    months_measured: int
    months_left: int


def forecast(
    measured: Sequence[int], left: Sequence[tuple[int, int, int]], ratio: Decimal | None
) -> Forecast:
    """`measured`: nanos of months that are over; `left`: P10, P50 and P90 of the others."""
    times = Decimal(1) if ratio is None else ratio
    done = sum(measured)

    def whole(index: int) -> int:
        return done + int((sum(month[index] for month in left) * times).to_integral_value())

    return Forecast(done, whole(0), whole(1), whole(2), times, len(measured), len(left))


@dataclass(frozen=True, slots=True)
class Cohort:
    """How estimates of some stories turned out: changes of measured against estimated."""

    count: int
    typical: Decimal | None
    low: Decimal | None
    high: Decimal | None

    @property
    def is_enough(self) -> bool:
        return self.count >= ENOUGH

    @property
    def contingency(self) -> Decimal | None:
        """What four of five of them stayed within, never below 0; None for fewer than three."""
        if not self.is_enough or self.high is None:
            return None
        return max(self.high, Decimal(0))


def cohort(changes: Iterable[Decimal]) -> Cohort:
    """The median change, and the changes at one and four fifths (nearest rank)."""
    ordered = sorted(changes)
    if not ordered:
        return Cohort(0, None, None, None)
    return Cohort(len(ordered), Decimal(median(ordered)), _rank(ordered, 20), _rank(ordered, 80))


def _rank(ordered: Sequence[Decimal], percent: int) -> Decimal:
    position = -(-len(ordered) * percent // 100)
    return ordered[max(position, 1) - 1]
