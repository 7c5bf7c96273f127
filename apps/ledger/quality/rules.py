"""What is unusual in a source's days. Pure: days and numbers in, answers out."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

WEEKS = 4
USUAL = 3
"""A weekday is usual when at least so many of the last WEEKS had usage."""
LOW, HIGH = 0.2, 5.0
"""Reported cost against tokens x price: outside of it something is counted in the wrong unit."""
MIN_TOKENS = 10_000
MIN_REQUESTS = 10
MIN_UNCOUNTED = 100_000
"""Smaller days may well be equal by chance. The last is the least number of tokens of a day, in two
kinds or more, where a source counts no requests."""
MIN_COST_NANOS = 10_000_000

Shape = tuple[int, ...]
"""Everything a day holds: each kind of token, requests, cost."""


def silent_days(active: set[date], last_full_day: date) -> list[date]:
    """Usual days since the last usage on which nothing came, up to a day that is over.

    `active` are the days with usage of at least the last five weeks. A source that is too young to
    have weekdays misses every day once it had usage on seven days in a row. Empty for one whose
    rhythm does not include these days.
    """
    before = [day for day in active if day <= last_full_day]
    if not before:
        return []
    last = max(before)
    young = min(before) > last - timedelta(weeks=USUAL)
    daily = young and all(last - timedelta(days=n) in active for n in range(7))
    found = []
    day = last + timedelta(days=1)
    while day <= last_full_day:
        if daily or _usual(day, active, last):
            found.append(day)
        day += timedelta(days=1)
    return found


def _usual(day: date, active: set[date], last: date) -> bool:
    """Whether this weekday had usage in the weeks up to the last usage."""
    while day > last:
        day -= timedelta(days=7)
    return sum(day - timedelta(days=7 * week) in active for week in range(WEEKS)) >= USUAL


def repeated(shapes: Mapping[date, Shape], since: date) -> list[tuple[date, date]]:
    """Days from `since` on that equal an earlier one in everything: (the later, the earlier)."""
    seen: dict[Shape, date] = {}
    found = []
    for day in sorted(shapes):
        shape = shapes[day]
        if not _telling(shape):
            continue
        if shape in seen and day >= since:
            found.append((day, seen[shape]))
        seen.setdefault(shape, day)
    return found


def _telling(shape: Shape) -> bool:
    """Whether a day is large enough that another one like it is no chance."""
    *kinds, requests, _ = shape
    if requests:
        return sum(kinds) >= MIN_TOKENS and requests >= MIN_REQUESTS
    return sum(kinds) >= MIN_UNCOUNTED and sum(map(bool, kinds)) > 1


def implausible(reported: int | None, computed: int | None) -> float | None:
    """Reported by computed cost where it is outside LOW to HIGH; None where it is plausible, or
    too small to say."""
    if reported is None or not computed or computed < MIN_COST_NANOS:
        return None
    ratio = reported / computed
    return None if LOW <= ratio <= HIGH else ratio


def grown(now: int, before: int, percent: int, least: int) -> Fraction | None:
    """The growth from `before` to `now` where it is at least so many percent and starts from at
    least so much; None where it is not: from little, anything is much."""
    if before < max(least, 1) or (now - before) * 100 < percent * before:
        return None
    return Fraction(now - before, before)


def day_list(days: Sequence[date]) -> str:
    """One day, or the first and the last."""
    if len(days) == 1:
        return f"{days[0]:%-d %b}"
    return f"{days[0]:%-d %b} to {days[-1]:%-d %b}"
