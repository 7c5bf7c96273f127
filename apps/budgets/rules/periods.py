"""Budget periods: half-open ranges of local days, and the UTC instants they begin and end at.

Nothing is ever reset: the period of a moment follows from the dates. A day begins at the first
instant that bears its date in the budget's time zone, so that days of 23, 24 and 25 hours tile
time without a gap or an overlap, also where clocks skip midnight.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from apps.budgets.enums import PeriodKind


@cache
def known_zones() -> tuple[str, ...]:
    """Names of all time zones, in order. Read once: finding them walks a directory tree."""
    return tuple(sorted(available_timezones()))


MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a budget is cut: its kind, first day, day after the last (None: open), zone.

    `year_starts_in` is the month (1-12) quarters and years are counted from.
    """

    kind: PeriodKind
    starts_on: date
    ends_on: date | None = None
    timezone: str = "UTC"
    year_starts_in: int = 1

    def __post_init__(self) -> None:
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError("a budget ends after it starts")
        if self.kind is PeriodKind.CUSTOM and self.ends_on is None:
            raise ValueError("a budget with fixed dates needs an end")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days [start, end) of a time zone."""

    start: date
    end: date
    timezone: str = "UTC"

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def start_at(self) -> datetime:
        return day_start(self.start, self.timezone)

    @property
    def end_at(self) -> datetime:
        """The first instant after the period, in UTC."""
        return day_start(self.end, self.timezone)


def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC.

    Fold 0 of a skipped midnight has the offset before the change, which is the instant of the
    change itself; of a repeated midnight it is the first of the two.
    """
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def period_on(plan: Plan, day: date) -> Period | None:
    """The period a local day lies in; None before the budget starts or after it has ended.

    The first and last periods are cut at the budget's own dates.
    """
    if day < plan.starts_on or (plan.ends_on is not None and day >= plan.ends_on):
        return None
    if plan.kind is PeriodKind.CUSTOM:
        return Period(plan.starts_on, _end(plan), plan.timezone)
    start, end = _calendar(plan, day)
    if plan.ends_on is not None:
        end = min(end, plan.ends_on)
    return Period(max(start, plan.starts_on), end, plan.timezone)


def period_at(plan: Plan, moment: datetime) -> Period | None:
    """The period an instant lies in."""
    return period_on(plan, local_day(moment, plan.timezone))


def nearest_period(plan: Plan, day: date) -> Period:
    """The period of a day, or the first one before the start, or the last one after the end."""
    if day < plan.starts_on:
        day = plan.starts_on
    elif plan.ends_on is not None and day >= plan.ends_on:
        day = plan.ends_on - timedelta(days=1)
    found = period_on(plan, day)
    assert found is not None  # noqa: S101 -- the day was moved into the budget's life
    return found


def periods_between(plan: Plan, start: date, end: date) -> Iterator[Period]:
    """Every period that shares a day with [start, end), in order."""
    day = max(start, plan.starts_on)
    while day < end:
        period = period_on(plan, day)
        if period is None:
            return
        yield period
        day = period.end


def previous_period(plan: Plan, period: Period) -> Period | None:
    return period_on(plan, period.start - timedelta(days=1))


def next_period(plan: Plan, period: Period) -> Period | None:
    return period_on(plan, period.end)


def _end(plan: Plan) -> date:
    if plan.ends_on is None:
        raise ValueError("a budget with fixed dates needs an end")
    return plan.ends_on


def _calendar(plan: Plan, day: date) -> tuple[date, date]:
    """The whole calendar period of a day, not cut at the budget's dates."""
    length = MONTHS[plan.kind]
    index = day.year * 12 + day.month - 1
    first = index - (index - (plan.year_starts_in - 1)) % length
    return _month_start(first), _month_start(first + length)


def _month_start(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
