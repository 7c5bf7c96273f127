"""Working days: Monday to Friday in the organization's time zone, minus its holidays."""

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOSE_OF_BUSINESS = time(18, 0)
"""A due time is the close of business of its day."""

SATURDAY = 5
NO_HOLIDAYS: frozenset[date] = frozenset()


def is_working_day(day: date, holidays: AbstractSet[date] = NO_HOLIDAYS) -> bool:
    return day.weekday() < SATURDAY and day not in holidays


def add_working_days(day: date, count: int, holidays: AbstractSet[date] = NO_HOLIDAYS) -> date:
    """The day `count` working days later; 0 is the day itself or the next working day."""
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    for _ in range(count):
        day += timedelta(days=1)
        while not is_working_day(day, holidays):
            day += timedelta(days=1)
    return day


def due_at(
    start: datetime, count: int, zone: str, holidays: AbstractSet[date] = NO_HOLIDAYS
) -> datetime:
    """The UTC instant of close of business `count` working days after the local day of `start`."""
    zoned = ZoneInfo(zone)
    day = add_working_days(start.astimezone(zoned).date(), count, holidays)
    return datetime.combine(day, CLOSE_OF_BUSINESS, tzinfo=zoned).astimezone(UTC)


def working_days_until(
    now: datetime, due: datetime, zone: str, holidays: AbstractSet[date] = NO_HOLIDAYS
) -> int:
    """Working days from today to the due day: 0 is due today, negative is late.

    Past close of business on the due day counts as one day late.
    """
    zoned = ZoneInfo(zone)
    today, last = now.astimezone(zoned).date(), due.astimezone(zoned).date()
    if now > due:
        late = _working_days_between(last, today, holidays)
        return -max(late, 1)
    return _working_days_between(today, last, holidays)


def _working_days_between(start: date, end: date, holidays: AbstractSet[date]) -> int:
    """Working days in (start, end]."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(1 for day in days if is_working_day(day, holidays))
