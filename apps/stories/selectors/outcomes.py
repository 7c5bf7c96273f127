"""How several stories went against their estimates, in a few statements whatever their number."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from apps.common import clock
from apps.common.periods import Month, day_in_zone, month_of
from apps.ledger.query import Query, Row, run
from apps.stories.models import PhaseEstimate, TokenStory
from apps.stories.selectors.progress import MonthLine, Progress, fill, lines_of

Months = Mapping[str, Sequence[Row]]
"""Rows by month of each story or capability."""


def outcomes(found: Iterable[TokenStory], *, zone: str = "UTC") -> dict[UUID, Progress]:
    """The progress of stories with an approved revision: estimate and measured use of each month.

    As `progress` finds them, without budgets, and without the days of a month in which only a part
    can be compared.
    """
    stories = [story for story in found if story.approved_revision_id]
    today = clock.today(zone)
    planned = _planned(stories)
    lines = {s.id: lines_of(planned[s.approved_revision_id], today) for s in stories}
    spans = {i: span for i, mine in lines.items() if (span := _span(mine, today))}
    months = _months("story", spans, {s.id: s.id for s in stories})
    own = {i: _inside(months.get(str(i), ()), *span) for i, span in spans.items()}
    unseen = {s.id: s.capability_id for s in stories if not _used(own.get(s.id, ()))}
    shared = _months("capability", spans, unseen)
    for story in stories:
        approved = day_in_zone(story.approved_at, zone) if story.approved_at else None
        rows = own.get(story.id, [])
        if story.id in unseen and story.id in spans and approved:
            start, end = spans[story.id]
            rows = _inside(shared.get(str(story.capability_id), ()), max(start, approved), end)
        fill(lines[story.id], rows, today, approved)
    return {story.id: Progress(None, list(lines[story.id].values())) for story in stories}


def _planned(stories: Sequence[TokenStory]) -> dict[UUID | None, list[PhaseEstimate]]:
    rows = PhaseEstimate.objects.filter(
        revision_id__in=[story.approved_revision_id for story in stories]
    )
    planned: dict[UUID | None, list[PhaseEstimate]] = defaultdict(list)
    for row in rows.order_by("month_offset", "phase"):
        planned[row.revision_id].append(row)
    return planned


def _span(lines: Mapping[Month, MonthLine], today: dt.date) -> tuple[dt.date, dt.date] | None:
    """The days that can have been measured; None where none can."""
    window = list(lines)
    start, end = window[0].start, min(window[-1].end, month_of(today).end)
    return (start, end) if start < end else None


def _months(
    axis: str,
    spans: Mapping[UUID, tuple[dt.date, dt.date]],
    keys: Mapping[UUID, UUID | None],
) -> Months:
    wanted = {story: key for story, key in keys.items() if key and story in spans}
    if not wanted:
        return {}
    found: dict[str, list[Row]] = defaultdict(list)
    query = Query(
        start=min(spans[story][0] for story in wanted),
        end=max(spans[story][1] for story in wanted),
        grain="month",
        group_by=(axis,),
        filters={axis: sorted({str(key) for key in wanted.values()})},
    )
    for row in run(query).rows:
        found[row.keys[0] or ""].append(row)
    return found


def _inside(rows: Iterable[Row], start: dt.date, end: dt.date) -> list[Row]:
    return [row for row in rows if isinstance(row.period, dt.date) and start <= row.period < end]


def _used(rows: Iterable[Row]) -> bool:
    return any(row.requests or row.tokens.total for row in rows)
