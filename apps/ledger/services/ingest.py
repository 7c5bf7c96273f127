"""Usage on its way in: validated, attributed, priced, deduplicated, summed once."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
from django.db import IntegrityError, transaction

from apps.common import clock
from apps.common.tokens import KINDS
from apps.ledger.enums import CostStatus, Granularity
from apps.ledger.rules import columns as columns_of
from apps.ledger.rules import days, deltas, periods
from apps.ledger.rules.columns import Columns
from apps.ledger.rules.deltas import Cells, IntArray
from apps.ledger.schema import IngestResult, UsageIn
from apps.ledger.services import (
    coverage,
    dimensions,
    merge,
    money,
    partitions,
    prepare,
    rollups,
    runs,
    stage,
    state,
    withdraw,
)
from apps.ledger.services.dimensions import Dictionary
from apps.tenancy.scope import current_organization_id, tenant_scope

CHUNK = 50_000
"""Records per transaction: about a second of work and 60 MB of memory."""
ATTEMPTS = 8
CROSSINGS = 2
STAGE = "ledger_stage"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stale(Exception):
    """Attribution moved between reading it and taking the lock: read it again."""


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of which a batch is everything that its source reports, with its single calls
    where `events` says so."""

    start: datetime
    end: datetime
    events: bool = False


def ingest(
    *,
    organization_id: UUID,
    source_id: UUID,
    batch: Sequence[UsageIn],
    complete_window: tuple[datetime, datetime] | None = None,
    events_too: bool = False,
    batch_id: UUID | None = None,
    accepted_at: datetime | None = None,
    finish: Callable[[IngestResult], None] | None = None,
) -> IngestResult:
    """Take a batch into the ledger of an organization.

    Inside an open scope everything happens in its transaction; outside, each chunk is a
    transaction of its own, so a batch that stops half-way is simply sent again. A record that is
    known with the same content causes no write; with other content it gets a new version if it
    was observed no earlier, and the superseded one becomes a restatement row. Refused records are
    in `errors`; the others are taken.

    `complete_window`: the batch holds all buckets of this source that start in the window;
    buckets that are known but no longer reported are withdrawn (their quantities become 0, with a
    restatement row). This is what keeps history single when a pull's grouping changes.
    `events_too` withdraws single calls as well: they are counted by another channel.
    `finish` runs with the result in the last chunk's transaction.
    """
    accepted_at = accepted_at or clock.now()
    window = Window(*complete_window, events=events_too) if complete_window else None
    total = IngestResult()
    nested = current_organization_id() is not None
    starts = range(0, len(batch), CHUNK) if batch else range(1 if window else 0)
    seen: list[Columns] = []
    for start in starts:
        columns = columns_of.read(
            batch[start : start + CHUNK], source_id, accepted_at=accepted_at, position=start
        )
        seen.append(columns)
        last = start + CHUNK >= len(batch)
        work = Work(organization_id, source_id, columns, batch_id, accepted_at, nested)
        if last:
            work.window, work.finish, work.before = window, finish, total
        total.add(work.run(seen))
        if window is None:
            seen.clear()
    return total


@dataclass(slots=True)
class Work:
    """One chunk on its way into the records."""

    organization_id: UUID
    source_id: UUID
    columns: Columns
    batch_id: UUID | None
    accepted_at: datetime
    nested: bool
    window: Window | None = None
    finish: Callable[[IngestResult], None] | None = None
    before: IngestResult = field(default_factory=IngestResult)
    alone: bool = False
    """Whether the chunk goes in while nobody else writes to the ledger."""

    def run(self, seen: Sequence[Columns]) -> IngestResult:
        """Try until no other worker interferes; each try is all or nothing.

        Workers that bring the same new records again and again could cross at every try: after
        some, a chunk waits until it is alone. Inside a caller's transaction, which may hold the
        lock already, it does not: two that wait for each other's share would never end.
        """
        private = False
        for attempt in range(ATTEMPTS):
            book = self._dictionary(private=private or attempt == ATTEMPTS - 1)
            try:
                sets = self._sets(book)
                with ExitStack() as stack:
                    stack.enter_context(tenant_scope(self.organization_id))
                    stack.enter_context(transaction.atomic())
                    if not self.nested:
                        state.commit_lazily()
                    result = self._write(book, sets, seen)
                    self._finish(result)
            except (Stale, dimensions.Outdated):
                dimensions.forget(self.organization_id)
            except dimensions.Borrowed:
                private = True
            except IntegrityError:
                if attempt == ATTEMPTS - 1:
                    raise
                self.alone = attempt >= CROSSINGS and not self.nested
            else:
                return result
        raise RuntimeError("the ledger's attribution changed on every attempt")

    def _dictionary(self, *, private: bool) -> Dictionary:
        """The process's dictionary. Inside a caller's transaction it may only be read: what that
        transaction writes may still be rolled back."""
        if private:
            return Dictionary(self.organization_id)
        known = dimensions.remembered(self.organization_id)
        return dimensions.borrow(known) if self.nested else known

    def _sets(self, book: Dictionary) -> IntArray:
        """The dictionary's number of each of the chunk's dimension keys; new ones are stored."""
        months = _utc_months(self.columns.occurred)
        with tenant_scope(self.organization_id):
            partitions.ensure(months)
            found = prepare.find(book, self.source_id, self.columns.dim_keys)
        if self.nested:
            transaction.on_commit(lambda: self._remember(book, found))
        else:
            partitions.remember(months)
        dimensions.adopt(book, found)
        index = book.index
        return np.array([index[self.source_id, key] for key in self.columns.dim_keys], np.int64)

    def _remember(self, book: Dictionary, found: prepare.Found) -> None:
        """After the caller's commit, the next batch finds the new sets warm."""
        known = dimensions.remembered(self.organization_id)
        if not known.begin(book.attribution_version, book.price_version):
            dimensions.forget(self.organization_id)
            known = dimensions.remembered(self.organization_id)
        if known.begin(book.attribution_version, book.price_version):
            dimensions.adopt(known, found)

    def _finish(self, result: IngestResult) -> None:
        if self.finish is not None:
            whole = IngestResult()
            whole.add(self.before)
            whole.add(result)
            self.finish(whole)

    def _write(
        self,
        book: Dictionary,
        sets: IntArray,
        seen: Sequence[Columns],
    ) -> IngestResult:
        settings = state.lock(exclusive=self.alone)
        if settings.attribution_version != book.attribution_version:
            raise Stale
        columns, result = self.columns, IngestResult(errors=self.columns.errors)
        if settings.pruned and len(columns):
            columns = columns_of.outside(columns, settings.pruned, settings.timezone)
            result.pruned = len(self.columns) - len(columns)
        cells: list[Cells] = []
        numbers = sets[columns.local] if len(columns) else columns.local
        if len(columns):
            priced = money.price(
                book, numbers, columns, currency=settings.currency, timezone=settings.timezone
            )
            money.store_prices(priced.bands)
            merged = merge.merge(
                stage.load(STAGE, _staged(book, numbers, columns, priced)),
                columns.occurred,
                zone=settings.timezone,
                source_id=self.source_id,
                batch_id=self.batch_id,
            )
            cells += _moves(book, numbers, columns, priced, merged, settings.timezone)
            if columns.details is not None or len(merged.changed):
                changed = merged.table if len(merged.changed) else None
                runs.take(columns.details, self.source_id, changed, settings.timezone)
            result.new, result.changed = len(merged.new), len(merged.changed)
            result.unchanged = len(columns) - result.new - result.changed + columns.repeated
            touched = np.concatenate([merged.new, merged.changed])
            result.unpriced = int((priced.status[touched] >= CostStatus.UNPRICED).sum())
            known = priced.status < CostStatus.UNPRICED
            if merged.update is not None:
                now = np.where(known, priced.cost, 0)[merged.changed].sum()
                result.restated_cost_nanos = int(now - merged.update.old.cost.sum())
        if (window := self.window) is not None:
            old = withdraw.withdraw(
                source_id=self.source_id,
                start=window.start,
                end=window.end,
                seen=seen,
                observed_at=self.accepted_at,
                batch_id=self.batch_id,
                events=window.events,
            )
            if window.events:
                runs.take_away(self.source_id, window.start, window.end, settings.timezone)
            prepare.load(book, np.unique(old.dimset_id).tolist())
            withdrawn = book.numbers(old.dimset_id, np.zeros(len(old.dimset_id), np.int64))
            cells.append(_cells_of(book, old, withdrawn, settings.timezone, sign=-1))
            result.withdrawn = len(old.cost)
            result.restated_cost_nanos -= int(old.cost.sum())
        if cells:
            both = deltas.concat(cells)
            grouped = deltas.group(both.first, both.second, both.sums)
            result.adjusted = rollups.apply(
                grouped,
                book.slices,
                closed=settings.closed,
                posted_on=_posting_day(settings, self.accepted_at),
                batch_id=self.batch_id,
            )
        if result.new or result.changed or result.withdrawn:
            newest = _instant(columns.occurred[-1]) if len(columns) else None
            coverage.touch(self.source_id, data_as_of=self.accepted_at, last_occurred_at=newest)
        return result


def _utc_months(occurred: IntArray) -> set[date]:
    return days.month_numbers(np.unique(occurred // 86_400_000_000).tolist())


def _instant(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))


def _posting_day(settings: state.Settings, at: datetime) -> int:
    """Where changes of closed periods count: today, or the first day after the closed months."""
    day = days.to_date(
        int(
            days.local_days(
                np.array([int(at.timestamp() * 1e6)]), np.array([False]), settings.timezone
            )[0]
        )
    )
    return days.day_number(periods.posting_day(day, settings.closed))


def _staged(
    book: Dictionary, numbers: IntArray, columns: Columns, priced: money.Money
) -> dict[str, np.ndarray]:
    """Columns of the staging table; kinds that nobody used are left out."""
    ids = np.array([entry.id for entry in book.sets], np.int64)
    identities = np.array([entry.identity for entry in book.sets], np.int64)
    staged = {
        "n": np.arange(len(columns)),
        "record_key": columns.key_bytes(),
        "occurred_at": columns.occurred,
        "observed_at": columns.observed,
        "dimset_id": ids[numbers],
        "identity": identities[numbers],
        "price_id": priced.price_id,
        "cost_nanos": priced.cost,
        "requests": columns.requests,
        "cost_status": priced.status,
        "cost_basis": columns.basis,
        "granularity": columns.granularity,
    }
    for index, kind in enumerate(KINDS):
        if kind in merge.CORE or columns.counts[:, index].any():
            staged[kind] = columns.counts[:, index]
    if (priced.source_currency != money.OWN).any():
        staged["source_cost_nanos"] = priced.source_cost
        staged["source_currency"] = priced.source_currency
    return staged


def _moves(
    book: Dictionary,
    numbers: IntArray,
    columns: Columns,
    priced: money.Money,
    merged: merge.Merged,
    zone: str,
) -> list[Cells]:
    """Differences of cells: what is new, plus what changed, minus what it was."""
    now = np.concatenate([merged.new, merged.changed])
    sets = numbers[now]
    update = merged.update
    if update is not None:
        ids = np.unique(np.concatenate([update.old.dimset_id, update.moved_to])).tolist()
        prepare.load(book, ids)
        at = len(merged.new) + np.searchsorted(update.changed, update.moved)
        sets[at] = [book.by_id[i] for i in update.moved_to.tolist()]
    rows = deltas.measures(
        columns.counts[now], columns.requests[now], priced.cost[now], priced.status[now]
    )
    when = days.local_days(columns.occurred[now], columns.granularity[now] == Granularity.DAY, zone)
    cells = [_by_slice(book, when, sets, rows)]
    if update is not None:
        cells.append(_cells_superseded(book, update.old))
    return cells


def _cells_superseded(book: Dictionary, old: merge.Superseded) -> Cells:
    """What superseded versions no longer add."""
    sets = np.array([book.by_id[i] for i in old.dimset_id.tolist()], np.int64)
    rows = deltas.measures(old.counts, old.requests, old.cost, old.status, old.records)
    return _by_slice(book, old.day, sets, -rows)


def _cells_of(
    book: Dictionary, version: merge.Version, sets: IntArray, zone: str, *, sign: int
) -> Cells:
    """Cells of stored versions of records."""
    rows = sign * deltas.measures(version.counts, version.requests, version.cost, version.status)
    when = days.local_days(version.occurred, version.granularity == Granularity.DAY, zone)
    return _by_slice(book, when, sets, rows)


def _by_slice(book: Dictionary, when: IntArray, sets: IntArray, rows: IntArray) -> Cells:
    """Sum records by (day, set), then give each sum to the slice that owns the day."""
    if not len(when):
        return Cells(when, sets, rows)
    summed = deltas.group(when, sets, rows)
    summed.second = book.slice_numbers(summed.second, summed.first)
    return summed
