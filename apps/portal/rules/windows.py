"""Windows of days, and the earlier window each is compared with."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from apps.common import fmt
from apps.common.periods import Month, month_of

PERIODS: tuple[tuple[str, str], ...] = (
    ("mtd", "Month to date"),
    ("last_month", "Last month"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
    ("qtd", "Quarter to date"),
)
DEFAULT_PERIOD = "mtd"
LONGEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) and what it is compared with.

    Only complete days are compared: `compared_end` leaves out today and days that a source has
    not delivered yet, and `before_*` is the same number of days earlier (so 1 to 30 October stand
    against 1 to 30 September). With nothing complete `comparable` is False.
    """

    start: date
    end: date
    before_start: date
    before_end: date
    compared_end: date
    label: str

    @property
    def comparable(self) -> bool:
        return self.compared_end > self.start

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def text(self) -> str:
        return fmt.day_range(self.start, self.end)

    @property
    def has_open_days(self) -> bool:
        """Whether figures of the window hold days that the comparison leaves out."""
        return self.compared_end < self.end

    @property
    def compared_text(self) -> str:
        return fmt.day_range(self.start, self.compared_end)

    @property
    def before_text(self) -> str:
        return fmt.day_range(self.before_start, self.before_end)


def window(period: str, today: date, complete_until: date | None = None) -> Window:
    """The named period as of `today`; an unknown name is the month to date.

    `complete_until` is the first day that is not complete (default: today).
    """
    start, end, before = _bounds(period, today)
    label = dict(PERIODS).get(period, dict(PERIODS)[DEFAULT_PERIOD])
    return _compared(start, end, before, today, complete_until, label)


def whole_days(period: str, today: date) -> Window:
    """The named period up to and with yesterday: today, which is not over, plays no part in
    averages per day or month. On the first of a month the month to date is the month before."""
    found = window(period, today - timedelta(days=1))
    return _compared(found.start, found.end, found.before_start, today, None, found.label)


def custom(start: date, end: date, today: date, complete_until: date | None = None) -> Window:
    """Days [start, end) chosen by hand, compared with as many days before them."""
    length = end - start
    return _compared(start, end, start - length, today, complete_until, fmt.day_range(start, end))


def against(found: Window, start: date, end: date) -> Window:
    """The same window compared with the days [start, end), whatever their number."""
    return replace(found, before_start=start, before_end=max(end, start + timedelta(days=1)))


def year_before(day: date) -> date:
    """The same day a year earlier; the last of February for a leap day."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _compared(
    start: date,
    end: date,
    before: date,
    today: date,
    complete_until: date | None,
    label: str,
) -> Window:
    compared_end = min(end, today, complete_until or today)
    length = max(0, (compared_end - start).days)
    before_end = before + timedelta(days=length)
    if before < start < before_end:
        before_end = start
    return Window(start, end, before, before_end, start + (before_end - before), label)


def _bounds(period: str, today: date) -> tuple[date, date, date]:
    """Start, end and the start of the period before."""
    tomorrow = today + timedelta(days=1)
    month = month_of(today)
    if period == "last_month":
        return month.shift(-1).start, month.start, month.shift(-2).start
    if period in {"7d", "30d", "90d"}:
        length = timedelta(days=int(period[:-1]))
        start = tomorrow - length
        return start, tomorrow, start - length
    if period == "qtd":
        quarter = Month(today.year, (today.month - 1) // 3 * 3 + 1)
        return quarter.start, tomorrow, quarter.shift(-3).start
    return month.start, tomorrow, month.shift(-1).start


def grain_for(days: int) -> str:
    """The grain that draws a window with a readable number of bars."""
    if days <= 2:
        return "hour"
    if days <= 92:
        return "day"
    return "week" if days <= 370 else "month"
