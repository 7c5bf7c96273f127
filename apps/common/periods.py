"""Calendar periods as half-open ranges [start, end)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @property
    def start(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The first day after the month."""
        return self.shift(1).start

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def shift(self, months: int) -> "Month":
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    def parse(cls, text: str) -> "Month":
        """From `YYYY-MM`; ValueError otherwise."""
        value = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
        return cls(value.year, value.month)


def month_of(day: date) -> Month:
    return Month(day.year, day.month)


def months_between(start: date, end: date) -> Iterator[Month]:
    """Each month that shares a day with [start, end)."""
    month = month_of(start)
    while month.start < end:
        yield month
        month = month.shift(1)


def days_between(start: date, end: date) -> Iterator[date]:
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)


def day_start(day: date, zone: str) -> datetime:
    """The UTC instant at which a day begins in a time zone (daylight saving included)."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def instants(start: date, end: date, zone: str) -> tuple[datetime, datetime]:
    """[start, end) in days of a zone as UTC instants."""
    return day_start(start, zone), day_start(end, zone)


def day_in_zone(instant: datetime, zone: str) -> date:
    """The local day an instant lies in."""
    return instant.astimezone(ZoneInfo(zone)).date()
