"""Rebuilding every rollup from records, spans and adjustments: repair, or another time zone."""

from datetime import date
from uuid import UUID

import numpy as np

from apps.access.actors import Actor, system_actor
from apps.common.errors import Conflict
from apps.ledger import events
from apps.ledger.models import MEASURES, LedgerState, RollupAxis, RollupFine, UsageAdjustment
from apps.ledger.rules import days, deltas
from apps.ledger.rules.axes import ALWAYS_FROM, ALWAYS_TO
from apps.ledger.selectors import sums
from apps.ledger.selectors.periods import in_months
from apps.ledger.services import prepare, rollups, runs, state
from apps.ledger.services.dimensions import Dictionary
from apps.organizations.selectors import organization
from apps.tenancy.scope import require_organization_id
from apps.trail.refs import ObjectRef
from apps.trail.services import record


def rebuild(*, actor: Actor | None = None) -> int:
    """Recompute all cells of the open scope in one transaction; how many day x slice cells.

    The cells of months whose raw records were pruned stay as they are.

    Takes over the organization's present time zone. Conflict when that would move the days of a
    closed period.
    """
    settings = state.lock(exclusive=True)
    zone = organization().timezone
    if zone != settings.timezone and settings.closed:
        raise Conflict(
            "Closed periods keep the days they were cut with.",
            fix="Reopen the closed periods first, or keep the time zone.",
        )
    LedgerState.objects.update(timezone=zone)
    for table in (RollupAxis, RollupFine):
        table.objects.exclude(in_months("day", settings.pruned)).delete()
    cells = _cells(require_organization_id(), settings.pruned)
    runs.recompute_all(timezone=zone)
    record(
        actor=actor or system_actor("ledger.rebuild"),
        action=events.REBUILT,
        obj=ObjectRef(type="ledger", id=require_organization_id(), label="Rollups"),
        after={"timezone": zone, "cells": cells},
    )
    return cells


def _cells(organization_id: UUID, pruned: frozenset[date]) -> int:
    book = Dictionary(organization_id)
    found = list(sums.of_records(ALWAYS_FROM.replace(year=2019), ALWAYS_TO.replace(year=2100)))
    prepare.load(book, sorted({row.dimset_id for row in found}))
    when = np.array([days.day_number(row.day) for row in found], np.int64)
    sets = np.array([book.by_id[row.dimset_id] for row in found], np.int64)
    rows = np.array([row.measures for row in found], np.int64).reshape(-1, len(MEASURES))
    cells = deltas.group(when, book.slice_numbers(sets, when), rows)
    both = deltas.concat([cells, *_adjustments(book)])
    both = deltas.group(both.first, both.second, both.sums)
    keep = np.array([days.to_date(n).replace(day=1) not in pruned for n in both.first.tolist()])
    if len(keep) and not keep.all():
        both = deltas.Cells(both.first[keep], both.second[keep], both.sums[keep])
    rollups.apply(both, book.slices, closed=frozenset(), posted_on=0)
    return len(both.first)


def _adjustments(book: Dictionary) -> list[deltas.Cells]:
    """What the adjustments move: minus on the day they came from, plus where they were posted."""
    refs = rollups.slices_by_id(UsageAdjustment.objects.values_list("slice_id", flat=True))
    numbers = {ref.detail_id: book.slice_number(ref) for ref in refs}
    when: list[int] = []
    where: list[int] = []
    rows: list[list[int]] = []
    for adjustment in UsageAdjustment.objects.iterator():
        measures = [getattr(adjustment, name) for name in MEASURES]
        for day, sign in ((adjustment.origin_day, -1), (adjustment.posted_on, 1)):
            when.append(days.day_number(day))
            where.append(numbers[adjustment.slice_id])
            rows.append([sign * value for value in measures])
    if not when:
        return []
    return [deltas.Cells(np.array(when), np.array(where), np.array(rows, np.int64))]
