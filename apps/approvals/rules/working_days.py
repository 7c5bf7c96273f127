"""Working days: the organization's week in its time zone, minus its holidays."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOSE_OF_BUSINESS = time(18, 0)
"""A due time is the close of business of its day, unless the organization closes otherwise."""

MONDAY_TO_FRIDAY = frozenset(range(5))
NO_HOLIDAYS: frozenset[date] = frozenset()
FAR = 366 * 3
"""Days without one working day after which a calendar is taken for wrong."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work: weekdays (0 is Monday), days off, close of business."""

    holidays: AbstractSet[date] = NO_HOLIDAYS
    workdays: AbstractSet[int] = MONDAY_TO_FRIDAY
    closes_at: time = CLOSE_OF_BUSINESS


STANDARD = Calendar()


def weekdays_of(bits: int) -> frozenset[int]:
    """Weekdays of a bit mask: bit 0 is Monday."""
    return frozenset(day for day in range(7) if bits >> day & 1)


def is_working_day(day: date, calendar: Calendar = STANDARD) -> bool:
    return day.weekday() in calendar.workdays and day not in calendar.holidays


def add_working_days(day: date, count: int, calendar: Calendar = STANDARD) -> date:
    """The day `count` working days later; 0 is the day itself or the next working day.

    Negative counts go back. A calendar without working days raises ValueError.
    """
    step = timedelta(days=-1 if count < 0 else 1)
    day = _next_working(day, step, calendar)
    for _ in range(abs(count)):
        day = _next_working(day + step, step, calendar)
    return day


def _next_working(day: date, step: timedelta, calendar: Calendar) -> date:
    for _ in range(FAR):
        if is_working_day(day, calendar):
            return day
        day += step
    raise ValueError("the calendar has no working days")


def due_at(start: datetime, count: int, zone: str, calendar: Calendar = STANDARD) -> datetime:
    """The UTC instant of close of business `count` working days after the local day of `start`."""
    zoned = ZoneInfo(zone)
    day = add_working_days(start.astimezone(zoned).date(), count, calendar)
    return datetime.combine(day, calendar.closes_at, tzinfo=zoned).astimezone(UTC)


def working_days_until(
    now: datetime, due: datetime, zone: str, calendar: Calendar = STANDARD
) -> int:
    """Working days from today to the due day: 0 is due today, negative is late.

    Past close of business on the due day counts as one day late.
    """
    zoned = ZoneInfo(zone)
    today, last = now.astimezone(zoned).date(), due.astimezone(zoned).date()
    if now > due:
        return -max(_working_days_between(last, today, calendar), 1)
    return _working_days_between(today, last, calendar)


def _working_days_between(start: date, end: date, calendar: Calendar) -> int:
    """Working days in (start, end]."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(1 for day in days if is_working_day(day, calendar))
