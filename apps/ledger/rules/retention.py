"""Which months a retention lets go of."""

from collections.abc import Iterable
from datetime import date

from apps.common.periods import month_of

MIN_MONTHS, MAX_MONTHS = 3, 120
"""Late data and disputes need some months; ten years is longer than any book is kept."""


def cutoff(months: int, today: date) -> date:
    """The first day of the oldest month that is kept: the present one and `months` before it."""
    return month_of(today).shift(-months).start


def due(closed: Iterable[date], months: int | None, today: date) -> list[date]:
    """The closed months whose raw records a retention of so many months lets go of, oldest first.

    None lets go of nothing. Open and settling months are never in `closed`.
    """
    if months is None:
        return []
    edge = cutoff(months, today)
    return sorted(month for month in closed if month < edge)
