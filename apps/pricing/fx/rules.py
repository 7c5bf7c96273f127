"""Converting money by dated rates, exactly: fractions until one half-even rounding at the end."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm

CODE = re.compile(r"[A-Z]{3}")
MAX_DECIMALS = 12
MAX_RATE = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Published:
    """One published rate: a unit of `base` is `rate` units of `quote`."""

    base: str
    quote: str
    day: date
    rate: Decimal
    manual: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is in another. `day` is the day it was published on."""

    value: Fraction
    day: date | None
    manual: bool = False


_Series = tuple[list[date], list[Published]]


class RateTable:
    """Rates by pair and day. The rate of a day is the last one published on or before it.

    Of two rates of one day the entered one counts; a rate of the pair itself (or its inverse)
    counts before one that goes through a third currency, both legs of which were published on
    the same day. Nothing is guessed: without a rate the answer is None.
    """

    def __init__(self, rates: Iterable[Published]) -> None:
        pairs: dict[tuple[str, str], dict[date, Published]] = {}
        for found in rates:
            known = pairs.setdefault((found.base, found.quote), {})
            if found.manual or found.day not in known:
                known[found.day] = found
        self._pairs: dict[tuple[str, str], _Series] = {
            pair: (sorted(by_day), [by_day[day] for day in sorted(by_day)])
            for pair, by_day in pairs.items()
        }
        self._bases = sorted({base for base, _ in self._pairs})
        self._cross: dict[tuple[str, str, str], _Series] = {}

    def at(self, day: date, source: str, target: str) -> Rate | None:
        """The rate that holds on a day; None when none was published on or before it."""
        if source == target:
            return Rate(Fraction(1), None)
        found: list[tuple[date, bool, int, Rate]] = []
        for rank, pair, invert in ((2, (source, target), False), (1, (target, source), True)):
            if one := _last(self._pairs.get(pair), day):
                value = 1 / Fraction(one.rate) if invert else Fraction(one.rate)
                found.append((one.day, one.manual, rank, Rate(value, one.day, one.manual)))
        for base in self._bases:
            if base in (source, target):
                continue
            if both := self._through(base, source, target, day):
                found.append((both.day or day, both.manual, 0, both))
        return max(found, key=lambda item: item[:3])[3] if found else None

    def _through(self, base: str, source: str, target: str, day: date) -> Rate | None:
        first, second = self._pairs.get((base, source)), self._pairs.get((base, target))
        if not first or not second:
            return None
        at = dict(zip(*second, strict=True))
        for index in range(bisect_right(first[0], day) - 1, -1, -1):
            published = first[1][index]
            other = at.get(published.day)
            if other:
                value = Fraction(other.rate) / Fraction(published.rate)
                return Rate(value, published.day, published.manual or other.manual)
        return None


def _last(series: _Series | None, day: date) -> Published | None:
    if series is None:
        return None
    index = bisect_right(series[0], day) - 1
    return series[1][index] if index >= 0 else None


class Converter:
    """Sums of nanos over days into another currency: exact, then rounded once.

    All rates of the days are brought to one denominator, so that a sum is integer arithmetic.
    """

    def __init__(self, rates: Mapping[date, Rate | None]) -> None:
        known = {day: rate for day, rate in rates.items() if rate is not None}
        self._whole = lcm(*(rate.value.denominator for rate in known.values())) if known else 1
        self._times = {
            day: rate.value.numerator * (self._whole // rate.value.denominator)
            for day, rate in known.items()
        }
        published = [rate.day for rate in known.values() if rate.day]
        self.first = min(published, default=None)
        self.last = max(published, default=None)

    def missing(self, costs: Iterable[tuple[date, int | None]]) -> list[date]:
        """Days with a cost and without a rate."""
        return sorted({day for day, nanos in costs if nanos and day not in self._times})

    def total(self, costs: Iterable[tuple[date, int | None]]) -> int | None:
        """The sum in the other currency; None when a day has a cost and no rate."""
        exact = 0
        for day, nanos in costs:
            if not nanos:
                continue
            times = self._times.get(day)
            if times is None:
                return None
            exact += nanos * times
        return half_even(exact, self._whole)


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number; of two equally near ones the even one."""
    whole, rest = divmod(numerator, denominator)
    if rest * 2 > denominator or (rest * 2 == denominator and whole % 2):
        whole += 1
    return whole


def code_of(text: str) -> str | None:
    """A currency code (three letters, ISO 4217), upper case; None for anything else."""
    wanted = text.strip().upper()
    return wanted if CODE.fullmatch(wanted) else None


def rate_problem(rate: Decimal | None) -> str:
    """What is wrong with a rate; empty for a good one."""
    if rate is None or not rate.is_finite():
        return "is not a number"
    if rate <= 0:
        return "is not above zero"
    if rate >= MAX_RATE:
        return "is too large"
    exponent = rate.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_DECIMALS:
        return f"has more than {MAX_DECIMALS} decimals"
    return ""
