"""The whole periods of a span of days."""

from dataclasses import dataclass
from datetime import date, timedelta

from apps.ledger.query import period_of

GRAINS = ("month", "week", "quarter")
MOST_PERIODS = 26
GRACE = timedelta(days=3)
"""Use that begins so late in a period still makes it whole: a month may begin with a weekend."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days [start, end) of one period."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days


def whole_periods(start: date, end: date, grain: str) -> list[Stretch]:
    """The periods of a grain that lie in [start, end) with all their days, oldest first, at most
    the last MOST_PERIODS."""
    found = []
    first = period_of(start, grain)
    if first < start:
        first = next_period(first, grain)
    while (after := next_period(first, grain)) <= end:
        found.append(Stretch(first, after))
        first = after
    return found[-MOST_PERIODS:]


def next_period(first: date, grain: str) -> date:
    """The first day of the period after the one that begins on `first`."""
    return period_of(first + timedelta(days={"week": 7, "month": 31, "quarter": 92}[grain]), grain)


def seen_whole(period: Stretch, first_use: date) -> bool:
    """Whether use that began on a day covers a period."""
    return first_use <= period.start + GRACE
