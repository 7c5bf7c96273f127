"""The dry run: every row judged, counted and priced; nothing written to the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from apps.common import clock
from apps.common.money import to_nanos
from apps.common.tokens import KINDS
from apps.connectors.imports import passes, storage
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportJob, ImportSlice
from apps.connectors.imports.rules import mending
from apps.connectors.imports.rules.billing import BillRow
from apps.connectors.imports.rules.billsums import BillTally
from apps.connectors.imports.rules.converting import repeat_error
from apps.connectors.imports.rules.ordinals import PAIR, Hashes, Piece, repeated
from apps.connectors.imports.services.mappings import begin_writing
from apps.ledger.schema import RecordError, UsageIn
from apps.ledger.selectors.periods import pruned_months
from apps.pricing.book import PriceBook
from apps.pricing.rules import Schedule
from apps.pricing.selectors import price_book

PREVIEW_ROWS = 10
SAMPLE_ERRORS = 50


@dataclass(slots=True)
class Tally:
    """Totals of accepted rows."""

    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    costs: dict[str, int] = field(default_factory=dict)
    unpriced: int = 0
    _schedules: dict[tuple[str, str, str, str], Schedule | None] = field(default_factory=dict)

    def add(self, usage: UsageIn, book: PriceBook, sign: int = 1) -> None:
        counts = [getattr(usage, kind) for kind in KINDS]
        for kind, count in zip(KINDS, counts, strict=True):
            self.tokens[kind] += sign * count
        cost = self._cost(usage, counts, book)
        if cost is None:
            self.unpriced += sign
        else:
            self.costs[usage.currency] = self.costs.get(usage.currency, 0) + sign * cost

    def _cost(self, usage: UsageIn, counts: list[int], book: PriceBook) -> int | None:
        if usage.cost is not None:
            return to_nanos(usage.cost)
        key = (usage.provider, usage.model, usage.account, usage.service_tier)
        if key not in self._schedules:
            self._schedules[key] = book.schedule(
                key[0], key[1], account=key[2], service_tier=key[3]
            )
        schedule = self._schedules[key]
        price = schedule and schedule.at(
            usage.occurred_at,
            input_tokens=sum(counts[:4]) + counts[6] + counts[8],
            granularity=usage.granularity,
            context_window=usage.context_window,
            requests=usage.requests or 1,
        )
        return price.cost_nanos(counts, usage.requests or 1) if price else None


def check_slice(job_id: UUID, generation: int) -> bool:
    """Judge the next rows; whether more are left. Needs a scope; repeats do no harm."""
    job = passes.claim(job_id, generation, JobStatus.CHECKING)
    if job is None:
        return False
    if not job.offset:
        job.pruned = sorted(month.isoformat() for month in pruned_months())
    start = job.offset or passes.data_start(job)
    convert, book, tally = passes.converter(job), price_book(), Tally()
    bill = BillTally(job.bill)
    identities: list[int] = []
    measures: list[int] = []
    end, rows = start, 0
    for row in passes.rows_from(job, start, job.rows + 2):
        rows += 1
        end = row.end
        found = passes.judge(convert, row)
        if isinstance(found, RecordError):
            _refuse(job, found)
        else:
            if isinstance(found, BillRow):
                bill.add(found)
            if found.record is None:
                job.bill_rows += 1
            else:
                _accept(job, found.record, tally, book)
            identities.append(int.from_bytes(found.identity[:8], "big"))
            measures.append(found.measure)
        if rows >= passes.SLICE_ROWS:
            break
    if rows:
        ImportSlice.objects.create(
            job=job,
            number=ImportSlice.objects.filter(job=job).count(),
            start=start,
            end=end,
            first_row=job.rows + 2,
            rows=rows,
            identities=np.array(identities, np.uint64).tobytes(),
            measures=np.array(measures, np.uint64).tobytes(),
        )
    job.rows += rows
    job.offset = end
    _add(job, tally)
    job.bill = bill.as_json()
    more = rows >= passes.SLICE_ROWS
    if not more:
        _finish(job)
    passes.extend_lease(job)
    job.save()
    if not more and job.automatic:
        begin_writing(job)
    return more


def _refuse(job: ImportJob, error: RecordError) -> None:
    job.refused += 1
    if len(job.samples) < SAMPLE_ERRORS:
        shown = msgspec.to_builtins(error)
        job.samples = [*job.samples, {**shown, "row": shown.pop("index")}]


def _accept(job: ImportJob, usage: UsageIn, tally: Tally, book: PriceBook) -> None:
    job.accepted += 1
    tally.add(usage, book)
    at = usage.occurred_at
    job.first_at = at if job.first_at is None else min(job.first_at, at)
    job.last_at = at if job.last_at is None else max(job.last_at, at)
    if len(job.preview) < PREVIEW_ROWS:
        job.preview = [*job.preview, shown(usage)]


def shown(usage: UsageIn) -> dict[str, Any]:
    """A record as the preview shows it: what is not empty."""
    defaults = UsageIn(occurred_at=usage.occurred_at, provider="-", model="-")
    filled = {
        name: value
        for name in UsageIn.__struct_fields__
        if (value := getattr(usage, name)) != getattr(defaults, name) or name == "occurred_at"
    }
    found: dict[str, Any] = msgspec.to_builtins(filled)
    return found


def _add(job: ImportJob, tally: Tally) -> None:
    job.tokens = {
        kind: job.tokens.get(kind, 0) + tally.tokens[kind]
        for kind in KINDS
        if job.tokens.get(kind, 0) + tally.tokens[kind]
    }
    for currency, cost in tally.costs.items():
        job.costs = {**job.costs, currency: job.costs.get(currency, 0) + cost}
    job.cost_nanos = job.costs.get(job.mapping.get("currency", "USD"), 0)
    job.unpriced += tally.unpriced


def _finish(job: ImportJob) -> None:
    """Number the rows that share an identity; with ids of the file's own, refuse the repeats."""

    def pieces() -> Iterator[Piece]:
        for number, identity, measure in (
            ImportSlice.objects.filter(job=job)
            .order_by("number")
            .values_list("number", "identities", "measures")
            .iterator(chunk_size=8)
        ):
            yield number, np.frombuffer(identity, np.uint64), np.frombuffer(measure, np.uint64)

    storage.allow_long()
    by_event = passes.converter(job).by_event
    for number, pairs in repeated(pieces, job.goes_in):
        ImportSlice.objects.filter(job=job, number=number).update(ordinals=pairs.tobytes())
        if by_event:
            _refuse_repeats(job, number, set(pairs["row"].tolist()))
    if job.mends and not by_event:
        _after_the_mended(job)
    job.status = JobStatus.CHECKED
    job.checked_at = clock.now()
    job.offset = job.size


def _after_the_mended(job: ImportJob) -> None:
    """Number mended rows after the rows alike that the import they are from accepted: they were
    refused beside those, and would take their place."""
    own = dict(_identities(job.id))
    wanted = np.unique(np.concatenate(list(own.values()))) if own else np.empty(0, np.uint64)
    if not len(wanted):
        return
    before = np.zeros(len(wanted), np.int64)
    known: ImportJob | None = job
    while known is not None and known.mends:
        before += mending.counts(wanted, (hashes for _, hashes in _identities(known.mends)))
        known = ImportJob.objects.filter(id=known.mends).first()
    for number, identities in own.items():
        base = before[np.searchsorted(wanted, identities)]
        if not base.any():
            continue
        piece = ImportSlice.objects.get(job=job, number=number)
        for row, ordinal in passes.ordinals_of(bytes(piece.ordinals)).items():
            base[row] += ordinal
        rows = np.flatnonzero(base)
        pairs = np.empty(len(rows), PAIR)
        pairs["row"], pairs["ordinal"] = rows, base[rows]
        ImportSlice.objects.filter(id=piece.id).update(ordinals=pairs.tobytes())


def _identities(job_id: UUID) -> Iterator[tuple[int, Hashes]]:
    """The identities of a file's accepted rows, a slice at a time."""
    slices = ImportSlice.objects.filter(job_id=job_id).order_by("number")
    for number, identities in slices.values_list("number", "identities").iterator(chunk_size=8):
        yield number, np.frombuffer(bytes(identities), np.uint64)


def _refuse_repeats(job: ImportJob, number: int, again: set[int]) -> None:
    piece = ImportSlice.objects.get(job=job, number=number)
    convert, book, tally = passes.converter(job), price_book(), Tally()
    place = -1
    for row, _ in zip(
        passes.rows_from(job, piece.start, piece.first_row), range(piece.rows), strict=False
    ):
        found = passes.judge(convert, row)
        if isinstance(found, RecordError) or found.record is None:
            continue
        place += 1
        if place in again:
            job.accepted -= 1
            tally.add(found.record, book, sign=-1)
            _refuse(job, repeat_error(row.number))
    _add(job, tally)
