"""Any slice of usage by up to two groupings over time, and against any other days."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.access.actors import Actor
from apps.common.periods import days_between, instants
from apps.ledger.changelog.selectors import ChangeMark
from apps.ledger.changelog.selectors import marks as change_marks
from apps.ledger.query import Change, Result, Row, over_time, period_of
from apps.portal.rules.windows import Window
from apps.portal.selectors.inform import price_marks
from apps.portal.selectors.slices import Slice
from apps.pricing.changes import PriceEvent

GRAINS = ("hour", "day", "week", "month", "quarter", "year")
MOST_DAYS = {"hour": 14, "day": 186, "week": 800}
"""Windows longer than this are drawn in the next coarser grain."""
MAX_DAYS = 3_653
RUN_AXES = frozenset({"unit", "capability", "kind", "story", "source"})
"""What runs may be grouped and filtered by."""
#: No provider sold tokens before this day.
EARLIEST = date(2015, 1, 1)


@dataclass(frozen=True)
class Exploration:
    """`rows` are groups over the whole window, `series` the first grouping over time.

    When compared, `again` and `before` hold each first group over the complete days and over the
    days they stand against, and `change` says why the one costs more or less than the other.
    """

    window: Window
    grain: str
    group: tuple[str, ...]
    totals: Result
    timed: Result
    periods: Sequence[date | datetime]
    again: Mapping[str | None, Row]
    before: Mapping[str | None, Row]
    change: Change | None = None
    marks: Sequence[PriceEvent | ChangeMark] = ()

    @property
    def has_use(self) -> bool:
        return bool(self.totals.rows)


def explore(
    actor: Actor,
    chosen: Slice,
    window: Window,
    *,
    group: tuple[str, ...],
    grain: str,
    compare: bool,
    runs: bool = False,
) -> Exploration:
    """The exploration of a window. Raises Invalid for what the ledger cannot answer, TooSlow for
    what takes too long when called inside `time_limit`."""
    asked = {"runs": runs, "requests": True}
    timed = chosen.ask(window.start, window.end, grain=grain, group_by=group[:1], **asked)
    if len(group) == 1 and grain != "hour":
        totals = over_time(timed)
    else:
        totals = chosen.ask(window.start, window.end, group_by=group, **asked)
    before: dict[str | None, Row] = {}
    again: dict[str | None, Row] = {}
    change = None
    if compare and window.comparable:
        first = group[:1]
        days = (window.before_start, window.before_end)
        now, then = _sides(chosen, [(window.start, window.compared_end), days], first, runs)
        again = {row.keys[0]: row for row in now}
        before = {row.keys[0]: row for row in then}
        change = chosen.why(window.start, window.compared_end, days)
    return Exploration(
        window=window,
        grain=grain,
        group=group,
        totals=totals,
        timed=timed,
        periods=_periods(window, grain, totals.timezone),
        again=again,
        before=before,
        change=change,
        marks=_marks(actor, chosen, window, grain, totals if group == ("model",) else None),
    )


def _marks(
    actor: Actor, chosen: Slice, window: Window, grain: str, by_model: Result | None
) -> Sequence[PriceEvent | ChangeMark]:
    """Price changes of what is used, and recorded changes of the chosen capabilities; of all
    capabilities where nothing narrows the question."""
    if grain == "hour":
        return ()
    found: list[PriceEvent | ChangeMark] = []
    if not chosen.filters.keys() - {"capability"}:
        wanted = chosen.filters.get("capability")
        ids = None if wanted is None else {UUID(value) for value in wanted}
        found += change_marks(actor, window.start, window.end, ids)
    return found + price_marks(chosen, window, by_model.rows if by_model else None)


def _sides(
    chosen: Slice, windows: Sequence[tuple[date, date]], group: tuple[str, ...], runs: bool
) -> list[list[Row]]:
    """Rows of each window; runs are counted one window at a time."""
    if not runs:
        return chosen.side_by_side(windows, group_by=group, requests=True)
    return [chosen.ask(*days, group_by=group, runs=True, requests=True).rows for days in windows]


def by_group(rows: Sequence[Row]) -> dict[str | None, dict[date | datetime, Row]]:
    """Rows of a timed query by their first key and period."""
    groups: dict[str | None, dict[date | datetime, Row]] = defaultdict(dict)
    for row in rows:
        if row.period is not None:
            groups[row.keys[0]][row.period] = row
    return groups


def fine_enough(start: date, end: date, grain: str) -> str:
    """The wanted grain, or the next coarser one that draws the window legibly."""
    days = (end - start).days
    while days > MOST_DAYS.get(grain, MAX_DAYS):
        grain = coarser(grain)
    return grain


def coarser(grain: str) -> str:
    """The next coarser grain; of years there is none."""
    place = GRAINS.index(grain)
    return GRAINS[min(place + 1, len(GRAINS) - 1)]


def _periods(window: Window, grain: str, zone: str) -> list[date | datetime]:
    """Every period of the window, also those without use: a gap must be seen."""
    if grain == "hour":
        start, end = instants(window.start, window.end, zone)
        hours = round((end - start).total_seconds() / 3600)
        at = ZoneInfo(zone)
        moments = (start.astimezone(UTC) + timedelta(hours=n) for n in range(hours))
        return [moment.astimezone(at) for moment in moments]
    return list(
        dict.fromkeys(period_of(day, grain) for day in days_between(window.start, window.end))
    )


def clamp(start: date, end: date) -> tuple[date, date]:
    """A window in order, of at least a day and at most MAX_DAYS."""
    end = max(end, EARLIEST + timedelta(days=1))
    start = max(EARLIEST, min(start, end - timedelta(days=1)))
    return max(start, end - timedelta(days=MAX_DAYS)), end
