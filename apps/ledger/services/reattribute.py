"""Applying changed rules to past usage of open periods: spans are rewritten, cells move."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db.models import F

from apps.access.actors import system_actor
from apps.ledger import events
from apps.ledger.models import AttributionSpan, DimensionSet, LedgerState
from apps.ledger.rules import days, deltas
from apps.ledger.rules.axes import Assignment
from apps.ledger.rules.deltas import Cells
from apps.ledger.rules.periods import at, keep_closed
from apps.ledger.selectors import sums
from apps.ledger.services import prepare, register, rollups, rulebook, runs, state
from apps.ledger.services.dimensions import Dictionary, DimSet
from apps.tenancy.scope import tenant_scope
from apps.trail.refs import ObjectRef
from apps.trail.services import record

PAGE = 2_000
Progress = Callable[["Reattributed", int], None]
"""Called after each page, in its transaction, with the sums so far and the sets looked at."""


@dataclass(slots=True)
class Reattributed:
    """`sets` were looked at; `changed` ones got new spans; `moved_nanos` changed cells."""

    sets: int = 0
    changed: int = 0
    moved_nanos: int = 0


def reattribute(*, organization_id: UUID, progress: Progress | None = None) -> Reattributed:
    """Attribute every dimension set by the rules in force. Open no scope around it.

    Records are not touched: usage of days in closed periods stays where it is, for the others
    spans are rewritten and cells move by the exact difference, a page of sets per transaction.
    Running it again changes nothing.
    """
    with tenant_scope(organization_id):
        ids = sorted(DimensionSet.objects.values_list("id", flat=True))
    result = Reattributed(sets=len(ids))
    for start in range(0, len(ids), PAGE):
        with tenant_scope(organization_id):
            changed, moved = _page(organization_id, ids[start : start + PAGE])
            result.changed += changed
            result.moved_nanos += moved
            if progress:
                progress(result, min(start + PAGE, len(ids)))
    if result.changed:
        with tenant_scope(organization_id):
            record(
                actor=system_actor("ledger.reattribute"),
                action=events.REATTRIBUTED,
                obj=ObjectRef(type="ledger", id=organization_id, label="Attribution"),
                after={"sets": result.changed, "moved_nanos": result.moved_nanos},
            )
    return result


def _page(organization_id: UUID, ids: Sequence[int]) -> tuple[int, int]:
    """One page of sets: (how many got new spans, the cost that changed cells)."""
    settings = state.lock(exclusive=True)
    rules = rulebook.current()
    book = Dictionary(organization_id)
    prepare.load(book, ids)
    spans: dict[int, tuple[list[Assignment], list[Assignment]]] = {}
    for entry in book.sets:
        old = [assignment for assignment, _ in entry.spans]
        new = keep_closed(old, rules.spans(entry), settings.closed)
        if new != old:
            spans[entry.id] = (old, new)
    if not spans:
        return 0, 0
    cells, moved = _moves(book, spans)
    AttributionSpan.objects.filter(dimset_id__in=list(spans)).delete()
    register.insert_spans({set_id: new for set_id, (_, new) in spans.items()})
    if cells is not None:
        rollups.apply(cells, book.slices, closed=frozenset(), posted_on=0)
    runs.reown(list(spans))
    LedgerState.objects.update(attribution_version=F("attribution_version") + 1)
    return len(spans), moved


def _moves(
    book: Dictionary, spans: dict[int, tuple[list[Assignment], list[Assignment]]]
) -> tuple[Cells | None, int]:
    """Cells of the usage that changes hands: minus where it was, plus where it goes."""
    entries: dict[int, DimSet] = {set_id: book.sets[book.by_id[set_id]] for set_id in spans}
    register.write_slices(
        (entries[set_id], assignment) for set_id, (_, new) in spans.items() for assignment in new
    )
    edges = [edge for old, new in spans.values() for edge in _changed_days(old, new)]
    if not edges:
        return None, 0
    old_slices = {
        set_id: {a.start: number for a, number in entry.spans} for set_id, entry in entries.items()
    }
    for set_id, (_, new) in spans.items():
        book.set_spans(entries[set_id], new)
    new_slices = {
        set_id: {a.start: number for a, number in entry.spans} for set_id, entry in entries.items()
    }
    first, last = days.to_date(min(edges)), days.to_date(max(edges))
    when: list[int] = []
    where: list[int] = []
    rows: list[tuple[int, ...]] = []
    moved = 0
    for found in sums.of_records(first, last, sets=sorted(spans)):
        day = days.day_number(found.day)
        was, becomes = (at(side, day) for side in spans[found.dimset_id])
        if was.same_target(becomes):
            continue
        before = old_slices[found.dimset_id][was.start]
        after = new_slices[found.dimset_id][becomes.start]
        when += [day, day]
        where += [before, after]
        rows += [tuple(-value for value in found.measures), found.measures]
        moved += found.measures[deltas.COST]
    if not when:
        return None, 0
    cells = deltas.group(np.array(when), np.array(where), np.array(rows, np.int64))
    return cells, moved


def _changed_days(old: Sequence[Assignment], new: Sequence[Assignment]) -> list[int]:
    """First and last (exclusive) days on which the two sides differ, within recorded time."""
    edges = sorted({edge for a in (*old, *new) for edge in (a.start, a.end)})
    found: list[int] = []
    for start, end in itertools.pairwise(edges):
        if not at(old, start).same_target(at(new, start)):
            found += [max(start, _EARLIEST), min(end, _LATEST)]
    return found


_EARLIEST = days.day_number(days.EPOCH.replace(year=2019, month=12, day=31))
_LATEST = days.day_number(days.EPOCH.replace(year=2100, month=1, day=2))
