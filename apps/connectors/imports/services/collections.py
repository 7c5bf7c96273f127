"""Files that belong together: what they hold replaces what the collection held before.

A provider's export is written again and again, in parts that change. Rows that a newer delivery no
longer contains are withdrawn: usage becomes nothing (with a restatement), lines leave the bill.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from apps.common import clock
from apps.connectors.imports import storage
from apps.connectors.imports.models import ImportedRow, ImportJob, ImportSlice
from apps.connectors.imports.services import bills
from apps.connectors.services.channels import take
from apps.ledger.schema import UsageIn

PAGE = 20_000
Keys = npt.NDArray[np.void]
_KEY = np.dtype("V16")


@dataclass(slots=True)
class Taken:
    """What a slice gives: records for the ledger, and the rows of bills and collections to keep."""

    records: list[UsageIn] = field(default_factory=list)
    kept: list[bills.KeptRow] = field(default_factory=list)


def remember(job: ImportJob, piece: ImportSlice, taken: Taken) -> int:
    """Keep the rows: what each adds to the bill, which event it became, and (in a collection) which
    rows there are. The number of rows on the bill alone that are new or changed.

    A row that counted and is on the bill alone now (its mapping or the file says less than before)
    leaves the ledger.
    """
    if job.source_id is None or not taken.kept:
        return 0
    _leave_ledger(job.source_id, [row.key for row in taken.kept if row.record is None])
    written = bills.store_rows(
        job.source_id, taken.kept, observed_at=clock.now(), collection=job.collection
    )
    if job.collection:
        piece.keys = b"".join(row.key.bytes for row in taken.kept)
        piece.save(update_fields=["keys"])
    return written


def _leave_ledger(source_id: UUID, keys: list[UUID]) -> None:
    known = ImportedRow.objects.filter(source_id=source_id, row_key__in=keys, event__isnull=False)
    events = [_emptied(event) for event in known.values_list("event", flat=True) if event]
    if events:
        take(source_id, events)


def withdraw_missing(job: ImportJob, source_id: UUID) -> int:
    """Withdraw the collection's rows that this delivery no longer has; their number."""
    storage.allow_long()
    seen = _seen(job)
    count = 0
    for page in _pages(job, source_id):
        keys = np.frombuffer(b"".join(row.row_key.bytes for row in page), _KEY)
        gone = [row for row, known in zip(page, np.isin(keys, seen), strict=True) if not known]
        if gone:
            count += len(gone)
            _withdraw(source_id, gone)
    ImportSlice.objects.filter(job=job).update(keys=b"")
    return count


def _seen(job: ImportJob) -> Keys:
    pieces = ImportSlice.objects.filter(job=job).order_by("number")
    parts = [np.frombuffer(bytes(keys), _KEY) for keys in pieces.values_list("keys", flat=True)]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, _KEY)


def _pages(job: ImportJob, source_id: UUID) -> Iterator[list[ImportedRow]]:
    rows = ImportedRow.objects.filter(source_id=source_id, collection=job.collection)
    last: UUID | None = None
    while True:
        after = rows if last is None else rows.filter(row_key__gt=last)
        page = list(after.order_by("row_key")[:PAGE])
        if not page:
            return
        last = page[-1].row_key
        yield page


def _withdraw(source_id: UUID, gone: list[ImportedRow]) -> None:
    now = clock.now()
    events = [_emptied(row.event) for row in gone if row.event]
    if events:
        take(source_id, events, accepted_at=now)
    bills.remove_rows(source_id, [row.id for row in gone], observed_at=now)


def _emptied(event: dict[str, Any]) -> UsageIn:
    """The same event with nothing in it."""
    return msgspec.convert(
        {
            "event_id": event["id"],
            "occurred_at": event["at"],
            "provider": event["provider"],
            "model": event["model"],
            "granularity": event["granularity"],
            "currency": event["currency"],
            "cost": 0,
            "cost_basis": "provider_reported",
        },
        UsageIn,
        strict=False,
    )
