"""When a schedule is due, and which days it reports on. Pure.

Hours, days and months are those of the organization's time zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.common.periods import month_of

LAST_MONTH_DAY = 28
"""A day that every month has."""
LOOK_DAYS = 32
"""Among so many days in a row every cadence has its day."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """`weekday` (0 is Monday) counts for weeks, `month_day` for months."""

    cadence: str
    hour: int
    weekday: int = 0
    month_day: int = 1

    def falls_on(self, day: date) -> bool:
        if self.cadence == "weekly":
            return day.weekday() == self.weekday
        if self.cadence == "monthly":
            return day.day == self.month_day
        return True


def next_due(timing: Timing, after: datetime, zone: str) -> datetime:
    """The first instant after another one at which the schedule is due."""
    first = after.astimezone(ZoneInfo(zone)).date() - DAY
    days = (first + DAY * n for n in range(LOOK_DAYS + 2))
    return next(at for at in _instants(timing, days, zone) if at > after)


def last_due(timing: Timing, now: datetime, zone: str) -> datetime:
    """The last instant until now at which the schedule was due."""
    last = now.astimezone(ZoneInfo(zone)).date() + DAY
    days = (last - DAY * n for n in range(LOOK_DAYS + 2))
    return next(at for at in _instants(timing, days, zone) if at <= now)


def _instants(timing: Timing, days: Iterator[date], zone: str) -> Iterator[datetime]:
    at = ZoneInfo(zone)
    for day in days:
        if timing.falls_on(day):
            yield datetime.combine(day, time(timing.hour), tzinfo=at).astimezone(UTC)


def period_of(timing: Timing, due: datetime, zone: str) -> tuple[date, date]:
    """The days [start, end) that are reported on: the last whole day, week from Monday, or month
    before the day on which it is due."""
    day = due.astimezone(ZoneInfo(zone)).date()
    if timing.cadence == "weekly":
        monday = day - DAY * day.weekday()
        return monday - 7 * DAY, monday
    if timing.cadence == "monthly":
        month = month_of(day)
        return month.shift(-1).start, month.start
    return day - DAY, day
