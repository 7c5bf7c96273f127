"""What was promised and what happened: estimate, budget and measured use, month by month."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.common import clock
from apps.common.periods import Month, day_in_zone, month_of, months_between
from apps.ledger.query import Row
from apps.stories import rules
from apps.stories.models import PhaseEstimate, StoryRevision, TokenStory
from apps.stories.selectors.budget_effect import story_budget_amounts
from apps.stories.selectors.stories import cells, revision_by_id
from apps.stories.selectors.usage import monthly

SHOWN_MONTHS = 12
MOST_MONTHS = 36


@dataclass(slots=True)
class MonthLine:
    """One month. None is unknown or not planned, never 0."""

    month: Month
    tokens_p10: int | None = None
    tokens_p50: int | None = None
    tokens_p90: int | None = None
    cost_p10: int | None = None
    cost_p50: int | None = None
    cost_p90: int | None = None
    phases: tuple[str, ...] = ()
    budget_nanos: int | None = None
    tokens: int | None = None
    cost_nanos: int | None = None
    unpriced_tokens: int = 0
    is_partial: bool = False

    @property
    def cost_change(self) -> Decimal | None:
        """Measured against the likely estimate; None without both, or while the month runs."""
        if self.is_partial:
            return None
        return rules.relative_change(self.cost_p50, self.cost_nanos)

    @property
    def tokens_change(self) -> Decimal | None:
        if self.is_partial:
            return None
        return rules.relative_change(self.tokens_p50, self.tokens)

    @property
    def outside(self) -> str:
        """ "above" or "below" when a whole month left the P10 to P90 band; else empty."""
        if self.is_partial or self.cost_nanos is None or self.cost_p10 is None:
            return ""
        if self.cost_p90 is not None and self.cost_nanos > self.cost_p90:
            return "above"
        return "below" if self.cost_nanos < self.cost_p10 else ""


@dataclass(slots=True)
class Progress:
    """Months in order, and how the measured figures were found."""

    revision: StoryRevision | None
    lines: list[MonthLine]
    source: str = ""
    since: dt.date | None = None
    data_as_of: dt.datetime | None = None
    complete_through: dt.datetime | None = None
    measured_cost: int | None = None
    measured_tokens: int | None = None

    @property
    def has_measured(self) -> bool:
        return any(line.tokens is not None for line in self.lines)

    @property
    def compared(self) -> list[MonthLine]:
        """Whole months with both an estimate and a measured cost."""
        return [line for line in self.lines if line.cost_change is not None]

    @property
    def estimated_so_far(self) -> int:
        return sum(line.cost_p50 or 0 for line in self.compared)

    @property
    def measured_so_far(self) -> int:
        return sum(line.cost_nanos or 0 for line in self.compared)

    @property
    def change_so_far(self) -> Decimal | None:
        """Measured against estimated over the whole months that have both."""
        return rules.relative_change(self.estimated_so_far, self.measured_so_far)


def progress(story: TokenStory, *, zone: str = "UTC") -> Progress:
    """The story's months: the approved revision, else the latest one, against what was used.

    Measured use is what attribution gave to the story; where it gave nothing, the use of the
    story's capability since the approval.
    """
    wanted = story.approved_revision_id or story.current_revision_id
    revision = revision_by_id(wanted) if wanted else None
    if revision is None:
        return Progress(None, [])
    today = clock.today(zone)
    lines = lines_of(cells(revision), today)
    found = Progress(revision, list(lines.values()))
    if story.budget_id is not None:
        for month, amount in story_budget_amounts(story.budget_id, lines).items():
            lines[month].budget_nanos = amount
    _measure(story, found, lines, today, zone)
    return found


def lines_of(rows: Iterable[PhaseEstimate], today: dt.date) -> dict[Month, MonthLine]:
    """The months of an estimate that are shown, in order, with nothing measured yet."""
    planned = _planned(rows)
    first = min(planned, default=month_of(today))
    window = _window(first, month_of(today), max(planned, default=first))
    return {month: planned.get(month) or MonthLine(month) for month in window}


def _planned(rows: Iterable[PhaseEstimate]) -> dict[Month, MonthLine]:
    lines: dict[Month, MonthLine] = {}
    for row in rows:
        line = lines.setdefault(month_of(row.month), MonthLine(month_of(row.month)))
        line.phases = (*line.phases, row.phase)
        for name in ("tokens_p10", "tokens_p50", "tokens_p90", "cost_p10", "cost_p50", "cost_p90"):
            setattr(line, name, (getattr(line, name) or 0) + getattr(row, name))
    return lines


def _window(first: Month, current: Month, last: Month) -> list[Month]:
    """From the first planned month to now, at least SHOWN_MONTHS, at most MOST_MONTHS back."""
    end = max(min(last, first.shift(SHOWN_MONTHS - 1)), min(current, last.shift(SHOWN_MONTHS)))
    start = max(first, end.shift(1 - MOST_MONTHS))
    return list(months_between(start.start, end.end))


def _measure(
    story: TokenStory,
    found: Progress,
    lines: dict[Month, MonthLine],
    today: dt.date,
    zone: str,
) -> None:
    window = list(lines)
    start, end = window[0].start, min(window[-1].end, month_of(today).end)
    if start >= end:
        return
    approved = day_in_zone(story.approved_at, zone) if story.approved_at else None
    result = monthly(start, end, "story", story.id)
    found.source = "story"
    if not result.total.requests and not result.total.tokens.total:
        if story.capability_id is None or approved is None:
            found.source = ""
            return
        found.since = max(start, approved)
        if found.since >= end:
            found.source = ""
            return
        result = monthly(found.since, end, "capability", story.capability_id)
        found.source = "capability"
    fill(lines, result.rows, today, approved)
    found.data_as_of = result.data_as_of
    found.complete_through = result.coverage.complete_through
    if found.has_measured:
        found.measured_tokens = result.total.tokens.total
        found.measured_cost = result.total.cost_nanos


def fill(
    lines: Mapping[Month, MonthLine],
    rows: Iterable[Row],
    today: dt.date,
    started: dt.date | None,
) -> None:
    """Measured figures by month. The month of the approval is not a whole one."""
    running = {month_of(today)}
    if started is not None and started.day > 1:
        running.add(month_of(started))
    for row in rows:
        if row.period is None:
            continue
        line = lines.get(Month(row.period.year, row.period.month))
        if line is None:
            continue
        line.tokens = row.tokens.total
        line.cost_nanos = row.cost_nanos
        line.unpriced_tokens = row.unpriced_tokens
        line.is_partial = line.month in running
