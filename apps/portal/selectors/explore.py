"""Any slice of usage by up to two groupings over time, and against the days before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.common.periods import days_between
from apps.ledger.query import Result, Row, period_of
from apps.portal.rules.windows import Window
from apps.portal.selectors.slices import Slice

GRAINS = ("day", "week", "month", "quarter")
MOST_PERIODS = 400
MAX_DAYS = 800
#: No provider sold tokens before this day.
EARLIEST = date(2015, 1, 1)


@dataclass(frozen=True)
class Exploration:
    """`rows` are groups over the whole window, `series` the first grouping over time."""

    window: Window
    grain: str
    group: tuple[str, ...]
    totals: Result
    timed: Result
    before: Mapping[tuple[str | None, ...], Row]
    before_total: Row | None
    periods: Sequence[date | datetime]

    @property
    def has_use(self) -> bool:
        return bool(self.totals.rows)


def explore(
    chosen: Slice, window: Window, *, group: tuple[str, ...], grain: str, compare: bool
) -> Exploration:
    """The exploration of a window. Raises Invalid for what the ledger cannot answer."""
    totals = chosen.ask(window.start, window.end, group_by=group)
    timed = chosen.ask(window.start, window.end, grain=grain, group_by=group[:1])
    before: dict[tuple[str | None, ...], Row] = {}
    before_total = None
    if compare and window.comparable:
        earlier = chosen.ask(window.before_start, window.before_end, group_by=group[:1])
        before = {row.keys: row for row in earlier.rows}
        before_total = earlier.total
    return Exploration(
        window=window,
        grain=grain,
        group=group,
        totals=totals,
        timed=timed,
        before=before,
        before_total=before_total,
        periods=_periods(window, grain),
    )


def compared(chosen: Slice, window: Window, group: tuple[str, ...]) -> Mapping[str | None, Row]:
    """The first grouping over the complete days that are compared."""
    if not window.comparable:
        return {}
    found = chosen.ask(window.start, window.compared_end, group_by=group[:1])
    return {row.keys[0]: row for row in found.rows}


def by_group(rows: Sequence[Row]) -> dict[str | None, dict[date | datetime, Row]]:
    """Rows of a timed query by their first key and period."""
    groups: dict[str | None, dict[date | datetime, Row]] = defaultdict(dict)
    for row in rows:
        if row.period is not None:
            groups[row.keys[0]][row.period] = row
    return groups


def fine_enough(start: date, end: date, grain: str) -> str:
    """The wanted grain, or a coarser one where the window is too long to draw it."""
    days = (end - start).days
    if grain == "day" and days > 186:
        return "week"
    return grain


def _periods(window: Window, grain: str) -> list[date | datetime]:
    firsts = dict.fromkeys(period_of(day, grain) for day in days_between(window.start, window.end))
    return list(firsts)[:MOST_PERIODS]


def clamp(start: date, end: date) -> tuple[date, date]:
    """A window in order, of at least a day and at most MAX_DAYS."""
    end = max(end, EARLIEST + timedelta(days=1))
    start = max(EARLIEST, min(start, end - timedelta(days=1)))
    return max(start, end - timedelta(days=MAX_DAYS)), end
