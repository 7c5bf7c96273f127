"""How use moves: growth, variability, price against volume, and why each period cost more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from apps.common.periods import days_between
from apps.common.tokens import KINDS
from apps.ledger.query import Row, compare
from apps.ledger.rules import trends as rules
from apps.ledger.rules.drivers import Drivers
from apps.portal.rules.spans import Stretch, seen_whole, whole_periods
from apps.portal.selectors.inform import window_now
from apps.portal.selectors.slices import Slice
from apps.pricing.changes import MAX_MARKS, PriceEvent, price_events, weight

MEASURES = {"cost": ("cost_nanos",), "tokens": KINDS, "requests": ("requests",)}
"""What can be shown, and the sums of the rollups it is made of."""
BY = ("capability", "unit", "kind", "model", "provider", "source")
MOST_DAYS = 800


@dataclass(frozen=True, slots=True)
class Span:
    """Days [start, end) that are looked at, all of them complete, and their whole periods."""

    start: date
    end: date
    grain: str
    periods: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class Group:
    """One group's days: the measure by day, and the first and last with use."""

    key: str | None
    label: str
    days: Mapping[date, int]
    first: date

    @property
    def total(self) -> int:
        return sum(self.days.values())

    def sum(self, period: Stretch) -> int:
        return sum(self.days.get(day, 0) for day in days_between(period.start, period.end))


@dataclass(frozen=True, slots=True)
class GrowthLine:
    """A group by period: None where its use began within the period or later."""

    group: Group
    sums: Sequence[int | None]
    growth: rules.Growth

    @property
    def is_new(self) -> bool:
        """Use of the last period only: there is nothing to grow from."""
        return len(self.sums) > 1 and self.sums[-1] is not None and self.sums[-2] is None


@dataclass(frozen=True, slots=True)
class DaysLine:
    """How a group's days differ, from its first day of use on."""

    group: Group
    found: rules.Variability | None


@dataclass(frozen=True, slots=True)
class Step:
    """What a period cost against the one before it."""

    period: Stretch
    before: Stretch
    cost_nanos: int
    drivers: Drivers
    events: Sequence[PriceEvent]
    running: bool = False
    """The period is not over: its days so far stand against as many of the one before."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Price, volume and bill by period. `unpriced_tokens` are in none of them."""

    periods: Sequence[Stretch]
    points: Sequence[rules.Point]
    indexes: Sequence[rules.Index]
    steps: Sequence[Step]
    unpriced_tokens: int

    @property
    def marks(self) -> list[PriceEvent]:
        """The price changes that speak on a chart: the largest of models in use."""
        events = {event.label: event for step in self.steps for event in step.events}
        return sorted(events.values(), key=weight, reverse=True)[:MAX_MARKS]

    @property
    def ends(self) -> tuple[rules.Point, rules.Point] | None:
        """The first period with a price, and the last one, where they differ."""
        known = [point for point in self.points if point.price]
        return (known[0], known[-1]) if len(known) > 1 and known[-1] is self.points[-1] else None

    @property
    def elasticity(self) -> Fraction | None:
        return rules.elasticity(*self.ends) if self.ends else None

    @property
    def rebounds(self) -> bool:
        """Whether the price fell and the bill rose, from the first to the last period."""
        return bool(self.ends and rules.rebounds(*self.ends))


def span_now(start: date, end: date, grain: str) -> Span:
    """The days of [start, end) that are complete as of now, with their whole periods."""
    settled, _, covered = window_now("30d")
    complete_end = min(end, settled.compared_end) if covered.complete_through else end
    complete_end = min(complete_end, settled.end - timedelta(days=1))
    start = min(start, complete_end)
    return Span(start, complete_end, grain, whole_periods(start, complete_end, grain))


def groups(chosen: Slice, span: Span, by: str, measure: str) -> list[Group]:
    """Each group's days, largest first: one reading of a narrow rollup for growth and variability.

    Of the cost it is the part with a price.
    """
    read = chosen.values(span.start, span.end, MEASURES[measure], grain="day", group_by=(by,))
    known = [
        Group(keys[0], words[0], days, min(day for day, value in days.items() if value))
        for keys, (words, days) in read.items()
        if any(days.values())
    ]
    return sorted(known, key=lambda group: (-group.total, group.label))


def together(found: Sequence[Group], label: str) -> Group | None:
    """All groups as one; None of none."""
    if not found:
        return None
    days: dict[date, int] = defaultdict(int)
    for group in found:
        for day, value in group.days.items():
            days[day] += value
    return Group(None, label, days, min(group.first for group in found))


def growth_of(group: Group, span: Span) -> GrowthLine:
    """A group's periods and their growth, by the average day: periods differ in length."""
    sums = [group.sum(p) if seen_whole(p, group.first) else None for p in span.periods]
    averages = [
        None if total is None else Fraction(total, period.days)
        for total, period in zip(sums, span.periods, strict=True)
    ]
    return GrowthLine(group, sums, rules.growth(averages))


def days_of(group: Group, span: Span) -> DaysLine:
    """How the days of a group differ; those without use count from the first one with use on."""
    days = [group.days.get(day, 0) for day in days_between(group.first, span.end)]
    return DaysLine(group, rules.variability(days))


def first_use(chosen: Slice, span: Span) -> date | None:
    """The first day of the span with use; None without any."""
    read = chosen.values(span.start, span.end, ("records",), grain="day")
    return min((day for _, days in read.values() for day in days), default=None)


def prices(chosen: Slice, span: Span, first: date | None) -> Prices:
    """Price, volume and bill of each whole period, and each against the one before it, with the
    running one: one reading by model. Periods that began before the `first` use are left out."""
    periods = [p for p in span.periods if first is not None and seen_whole(p, first)]
    pairs = list(pairwise(periods))
    windows = [(p.start, p.end) for p in periods]
    running = _running(periods, span.end)
    if running:
        windows += [(side.start, side.end) for side in running]
    found = chosen.side_by_side(windows, group_by=("model",), requests=True)
    rows = dict(zip(windows, found, strict=True))
    sides = [rows[p.start, p.end] for p in periods]
    points = [_point(side, p) for side, p in zip(sides, periods, strict=True)]
    compared = [(*pair, False) for pair in pairs]
    if running:
        compared.append((*running, True))
    events = price_events(span.start, span.end) if compared else []
    steps = [
        _step(before, now, rows, events, is_running=is_running)
        for before, now, is_running in compared
    ]
    unpriced = sum(row.unpriced_tokens for side in sides for row in side)
    return Prices(periods, points, rules.indexes(points), steps, unpriced)


def _running(periods: Sequence[Stretch], end: date) -> tuple[Stretch, Stretch] | None:
    """As many days of the last whole period as the running one has until `end`, and these."""
    if not periods:
        return None
    last = periods[-1]
    days = min((end - last.end).days, last.days)
    if days < 1:
        return None
    length = timedelta(days=days)
    return Stretch(last.start, last.start + length), Stretch(last.end, last.end + length)


def _point(rows: Sequence[Row], period: Stretch) -> rules.Point:
    cost = sum(row.cost_nanos or 0 for row in rows)
    tokens = sum(row.tokens.total - row.unpriced_tokens for row in rows)
    return rules.Point(cost, tokens, period.days)


def _step(
    before: Stretch,
    now: Stretch,
    rows: Mapping[tuple[date, date], Sequence[Row]],
    events: Sequence[PriceEvent],
    *,
    is_running: bool,
) -> Step:
    earlier, later = rows[before.start, before.end], rows[now.start, now.end]
    used = {row.keys[0] for row in (*earlier, *later)}
    return Step(
        period=now,
        before=before,
        cost_nanos=sum(row.cost_nanos or 0 for row in later),
        drivers=compare(earlier, later),
        events=[
            e for e in events if now.start <= e.on < now.end and (not e.model or e.model in used)
        ],
        running=is_running,
    )
