"""Days of the ledger: instants cut in the organization's time zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

QUARTER_US = 900_000_000
"""Every time zone since 1972 changes its offset, and starts its days, on a quarter of an hour."""
DAY_QUARTERS = 96
EPOCH = date(1970, 1, 1)
_EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)

IntArray = NDArray[np.int64]


@lru_cache(maxsize=200_000)
def _day_of_quarter(quarter: int, zone: str) -> int:
    instant = _EPOCH_INSTANT + timedelta(minutes=15 * quarter)
    return (instant.astimezone(ZoneInfo(zone)).date() - EPOCH).days


def local_days(instants_us: IntArray, utc_day: NDArray[np.bool_], zone: str) -> IntArray:
    """Days since 1970 of instants (microseconds), in the zone.

    Where `utc_day` is set the record is a whole UTC day of a source that knows no hours: its day
    is the source's day, not the local day in which midnight UTC falls.
    """
    quarters = instants_us // QUARTER_US
    if zone == "UTC":
        return quarters // DAY_QUARTERS
    unique, inverse = np.unique(quarters, return_inverse=True)
    local = np.fromiter(
        (_day_of_quarter(q, zone) for q in unique.tolist()), dtype=np.int64, count=len(unique)
    )
    return np.where(utc_day, quarters // DAY_QUARTERS, local[inverse])


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where days change among some instants in order: `days[i]` from `starts[i]` (microseconds)
    until the next one. Only these instants, and equal ones, are told apart rightly."""

    starts: IntArray
    days: IntArray


def cuts(instants_us: IntArray, zone: str, *, utc_day: bool) -> Cuts:
    """The cuts of instants in ascending order, as `local_days` counts their days."""
    when = local_days(instants_us, np.full(len(instants_us), utc_day), zone)
    at = np.flatnonzero(np.concatenate(([True], when[1:] != when[:-1])))
    return Cuts(instants_us[at], when[at])


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def to_date(number: int) -> date:
    """The day of a number of days since 1970."""
    return EPOCH + timedelta(days=number)


def month_numbers(days: Iterable[int]) -> set[date]:
    """First days of the months that hold these days."""
    return {to_date(number).replace(day=1) for number in days}
