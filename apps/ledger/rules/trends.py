"""How use moves over time: how variable, how fast it grows, what prices do to it. Pure.

Sums are whole numbers (nanos, tokens, requests), ratios exact fractions: nothing is rounded before
it is shown. What has no answer is None, never 0: a share of nothing, growth from nothing, a day
that stands for too few.

Sources of the rules: the coefficient of variation is the standard deviation of all days (not of a
sample) by their mean; percentiles are by nearest rank, so that each is a real day; elasticity is
the arc (midpoint) elasticity of volume against price, which is the same read forwards or backwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt

MIN_DAYS = 14
"""Fewer days say nothing about how days differ."""
STEADY, ERRATIC = Fraction(1, 2), Fraction(1)
"""Coefficients of variation: below the first days are alike, from the second on they are not."""
MOVED = Fraction(1, 100)
"""A price or a bill that moves by less stays the same."""
YEAR_DAYS = 365
_SCALE = 10_000
_EXACT = Context(prec=40)


@dataclass(frozen=True, slots=True)
class Variability:
    """How days differ. `cv` to four decimals; it and `peak` are None of days without any use, and
    `peak` also where the usual day has none."""

    days: int
    total: int
    p50: int
    p95: int
    cv: Fraction | None
    peak: Fraction | None
    """The 95th percentile day by the median day."""

    @property
    def word(self) -> str:
        if self.cv is None:
            return ""
        return "steady" if self.cv < STEADY else "variable" if self.cv < ERRATIC else "erratic"


def variability(days: Sequence[int]) -> Variability | None:
    """How the days differ, those without use included; None of fewer than MIN_DAYS."""
    count = len(days)
    if count < MIN_DAYS:
        return None
    total = sum(days)
    ranked = sorted(days)
    p50, p95 = nearest_rank(ranked, 50), nearest_rank(ranked, 95)
    cv = None
    if total:
        # (n Σx² − (Σx)²) / (Σx)², under a root of which only whole ten-thousandths are kept.
        spread = count * sum(day * day for day in days) - total * total
        cv = Fraction(isqrt(spread * _SCALE**2 // (total * total)), _SCALE)
    return Variability(count, total, p50, p95, cv, Fraction(p95, p50) if p50 else None)


def nearest_rank(ranked: Sequence[int], percent: int) -> int:
    """The value of a sorted, not empty list that so many percent do not exceed."""
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


@dataclass(frozen=True, slots=True)
class Growth:
    """`last`: the change of the average day from the period before to the last one. `compound`:
    the change a period that, repeated, makes the last of the first, to four decimals. `doubling`:
    in how many periods use doubles at that pace, to two; None where it does not grow."""

    last: Fraction | None
    compound: Decimal | None
    doubling: Decimal | None


def growth(averages: Sequence[Fraction | None]) -> Growth:
    """Growth of average days by period, oldest first. None is a period that was not seen whole:
    only the unbroken stretch up to the last period counts."""
    seen: list[Fraction] = []
    for average in reversed(averages):
        if average is None:
            break
        seen.insert(0, average)
    last = change(seen[-1], seen[-2]) if len(seen) > 1 else None
    while seen and not seen[0]:
        seen.pop(0)
    steps = len(seen) - 1
    if steps < 1 or not seen[-1]:
        return Growth(last, None, None)
    ratio = _decimal(seen[-1] / seen[0])
    pace = _EXACT.divide(_EXACT.ln(ratio), Decimal(steps))
    compound = _EXACT.subtract(_EXACT.exp(pace), Decimal(1))
    doubling = _EXACT.divide(_EXACT.ln(Decimal(2)), pace) if seen[-1] > seen[0] else None
    return Growth(
        last,
        compound.quantize(Decimal("0.0001")),
        doubling.quantize(Decimal("0.01")) if doubling is not None else None,
    )


def rounded(value: Fraction | None, places: int = 6) -> Decimal | None:
    """A ratio for a file or a program, half-even: None stays None."""
    return None if value is None else round(_decimal(value), places)


def _decimal(value: Fraction) -> Decimal:
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def change(now: Fraction | int | None, before: Fraction | int | None) -> Fraction | None:
    """The change as a share of what was before; None from nothing or without a side."""
    if now is None or not before:
        return None
    return Fraction(now) / Fraction(before) - 1


@dataclass(frozen=True, slots=True)
class Point:
    """Priced use of a period of `days` days: its price times its volume is its bill."""

    cost_nanos: int
    tokens: int
    days: int

    @property
    def price(self) -> Fraction | None:
        """Nanos a token; None without tokens."""
        return Fraction(self.cost_nanos, self.tokens) if self.tokens else None

    @property
    def volume(self) -> Fraction:
        """Tokens a day."""
        return Fraction(self.tokens, self.days)

    @property
    def bill(self) -> Fraction:
        """Nanos a day."""
        return Fraction(self.cost_nanos, self.days)


@dataclass(frozen=True, slots=True)
class Index:
    """Price, volume and bill of a period against the base period, which is 100. Price times volume
    by 100 is the bill, exactly."""

    price: Fraction | None
    volume: Fraction | None
    bill: Fraction | None


def indexes(points: Sequence[Point]) -> list[Index]:
    """Each period against the first one that has a price; periods before it have no index."""
    base = next((point for point in points if point.price), None)
    if base is None:
        return [Index(None, None, None) for _ in points]
    started, found = False, []
    for point in points:
        started = started or point is base
        if not started:
            found.append(Index(None, None, None))
            continue
        found.append(
            Index(
                _over(point.price, base.price),
                _over(point.volume, base.volume),
                _over(point.bill, base.bill),
            )
        )
    return found


def _over(value: Fraction | None, base: Fraction | None) -> Fraction | None:
    return value / base * 100 if value is not None and base else None


def elasticity(before: Point, now: Point) -> Fraction | None:
    """Arc elasticity of volume against price: the change of volume by its midpoint, over that of
    the price. None where a side has no price, or the price did not move."""
    if before.price is None or now.price is None or before.price == now.price:
        return None
    volume = (now.volume - before.volume) / (now.volume + before.volume)
    price = (now.price - before.price) / (now.price + before.price)
    return volume / price


def rebounds(before: Point, now: Point) -> bool:
    """Whether the price fell and the bill rose, both by more than MOVED: the Jevons effect."""
    price, bill = change(now.price, before.price), change(now.bill, before.bill)
    return price is not None and bill is not None and price < -MOVED and bill > MOVED


@dataclass(frozen=True, slots=True)
class Pace:
    """What one capability does in a span of days. `runs` are executions, or requests where nobody
    names executions; cost and tokens are those with a price."""

    days: int
    runs: int
    tokens: int
    cost_nanos: int

    @property
    def price(self) -> Fraction | None:
        """Nanos a token."""
        return Fraction(self.cost_nanos, self.tokens) if self.tokens else None

    @property
    def runs_a_year(self) -> Fraction | None:
        return a_year(self.runs, self.days)

    @property
    def cost_a_year(self) -> Fraction | None:
        return a_year(self.cost_nanos, self.days)

    @property
    def tokens_per_run(self) -> Fraction | None:
        return Fraction(self.tokens, self.runs) if self.runs else None


def a_year(amount: int, days: int) -> Fraction | None:
    """An amount of some days at the same pace for a year; None of no day."""
    return Fraction(amount * YEAR_DAYS, days) if days else None


def extra_cost(pace: Pace, tokens: Fraction | int) -> int | None:
    """Nanos a year of so many more tokens in every run, at what a token costs now: half-even once.
    None where nothing runs or has a price."""
    if pace.price is None or not pace.runs or pace.runs_a_year is None:
        return None
    return round(tokens * pace.runs_a_year * pace.price)


def longer_runs(before: Pace, now: Pace) -> int | None:
    """Nanos a year of what a run has grown by; None where it has not, or cannot be told."""
    earlier, later = before.tokens_per_run, now.tokens_per_run
    if earlier is None or later is None or later <= earlier:
        return None
    return extra_cost(now, later - earlier)


def repeated_work(cost_nanos: int, part: int, whole: int, days: int) -> int | None:
    """Nanos a year of `part` of `whole` calls, each at the mean cost of a call; None of none."""
    if not part or not whole or not days:
        return None
    return round(Fraction(cost_nanos * part * YEAR_DAYS, whole * days))
