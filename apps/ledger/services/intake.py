"""The durable inbox: accepted before the answer, folded into the ledger by a worker."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from django.db import connection
from django.db.models import F

from apps.common import clock
from apps.common.errors import FieldError, Invalid, TooLarge
from apps.common.ids import uuid7
from apps.ledger.enums import BatchStatus
from apps.ledger.events import INBOX
from apps.ledger.models import IngestBatch
from apps.ledger.ports import channels
from apps.ledger.rules import decode, validation
from apps.ledger.schema import IngestResult, RecordError, UsageIn
from apps.ledger.services.ingest import ingest
from apps.ledger.services.state import lock
from apps.outbox.services import enqueue
from apps.tenancy.binary import execute_binary
from apps.tenancy.scope import require_organization_id, tenant_scope

log = structlog.get_logger(__name__)
FOLD_BATCHES = 40
FOLD_RECORDS = 50_000
MAX_ATTEMPTS = 5
LEASE = timedelta(minutes=5)
"""Longer than folding takes: after it a batch of a worker that died is waiting again."""
PAUSE = timedelta(seconds=15)


class _ChannelMoved(Exception):
    """The source got another role between dividing its usage and writing it: divide again."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a push: what was stored, what was refused and why.

    `duplicate`: the same body was accepted before; nothing was stored again.
    """

    batch_id: UUID
    accepted: int
    refused: int
    duplicate: bool = False
    errors: list[RecordError] = field(default_factory=list)


def accept_batch(
    *,
    source_id: UUID,
    body: bytes,
    encoding: str = "identity",
    observed_at: datetime | None = None,
    limit: int = decode.MAX_RECORDS,
) -> Accepted:
    """Validate a pushed body and store it before the answer. Needs a scope; idempotent.

    Raises TooLarge or Invalid when the body cannot be read at all, or when every record in it is
    refused. Otherwise the good records are stored and the refused ones explained.
    """
    now = clock.now()
    try:
        data = decode.inflate(body, encoding)
        digest = decode.digest(data)
        known = IngestBatch.objects.filter(source_id=source_id, digest=digest).first()
        if known is not None:
            return _again(known)
        usages, positions, errors = decode.decode(data, limit=limit)
    except decode.BadBody as error:
        kind = TooLarge if error.too_large else Invalid
        raise kind(error.message, fix=error.fix, code="bad_body", field="body") from None
    kept, late = _sift(usages, positions, now)
    errors = sorted([*errors, *late], key=lambda e: e.index)
    if not kept:
        raise Invalid("Every record was refused.", code="all_refused", errors=_field_errors(errors))
    payload = msgspec.json.encode(kept) if errors else body
    return store_batch(
        source_id=source_id,
        payload=payload,
        encoding="identity" if errors else encoding,
        digest=digest,
        accepted=len(kept),
        errors=errors,
        observed_at=observed_at,
    )


def store_batch(
    *,
    source_id: UUID,
    payload: bytes,
    digest: str,
    accepted: int,
    errors: Sequence[RecordError] = (),
    encoding: str = "identity",
    observed_at: datetime | None = None,
) -> Accepted:
    """Store records that the caller has already judged, as a JSON array or NDJSON of `UsageIn`.

    `digest` names the body as it was sent: the same one is stored once per source. Needs a scope.
    """
    now, batch_id = clock.now(), uuid7()
    explained = list(errors)[: validation.MAX_ERRORS]
    stored = execute_binary(
        _STORE,
        {
            "org": require_organization_id(),
            "id": batch_id,
            "source": source_id,
            "digest": digest,
            "payload": payload,
            "encoding": encoding,
            "status": BatchStatus.RECEIVED.value,
            "accepted": accepted,
            "refused": len(errors),
            "errors": msgspec.json.encode(explained).decode(),
            "now": now,
            "observed": observed_at or now,
        },
    )
    if not stored:
        found = IngestBatch.objects.only("id", "accepted", "refused", "errors")
        return _again(found.get(source_id=source_id, digest=digest))
    enqueue(INBOX, key=f"{INBOX}:{source_id}", payload={"batch_id": str(batch_id)})
    return Accepted(batch_id, accepted, len(errors), errors=explained)


_STORE = """
    INSERT INTO ingest_batch (organization_id, id, source_id, digest, payload, encoding, status,
      accepted, refused, errors, result, attempts, failure, claimed_until, received_at, observed_at)
    VALUES (%(org)s, %(id)s, %(source)s, %(digest)s, %(payload)b, %(encoding)s, %(status)s,
      %(accepted)s, %(refused)s, %(errors)s, '{}', 0, '', %(now)s, %(now)s, %(observed)s)
    ON CONFLICT (organization_id, source_id, digest) DO NOTHING
"""


def _again(batch: IngestBatch) -> Accepted:
    errors = msgspec.convert(batch.errors, list[RecordError])
    return Accepted(batch.id, batch.accepted, batch.refused, duplicate=True, errors=errors)


def _sift(
    usages: list[UsageIn], positions: list[int], now: datetime
) -> tuple[list[UsageIn], list[RecordError]]:
    """Records that keep the rules a type cannot state, and the refusals."""
    horizon = now + validation.MAX_AHEAD
    kept: list[UsageIn] = []
    errors: list[RecordError] = []
    for usage, position in zip(usages, positions, strict=True):
        error = validation.check_values(position, usage, horizon)
        if error is None:
            kept.append(usage)
        else:
            errors.append(error)
    return kept, errors


def _field_errors(errors: list[RecordError]) -> list[FieldError]:
    return [
        FieldError(f"records[{error.index}].{error.field}".rstrip("."), error.message, error.fix)
        for error in errors[: validation.MAX_ERRORS]
    ]


def fold(*, organization_id: UUID) -> int:
    """Fold waiting batches into the ledger until none is left; how many were folded.

    Open no scope around it. A batch is done in the transaction that writes its records: a worker
    that dies leaves the batch waiting, and after LEASE another one repeats it; the repeat finds
    nothing to write that is already there. A batch that fails on its own is tried MAX_ATTEMPTS
    times, then kept aside with the reason; it holds up no other.
    """
    folded = 0
    while batches := _claim(organization_id):
        by_source: dict[UUID, list[IngestBatch]] = {}
        for batch in batches:
            by_source.setdefault(batch.source_id, []).append(batch)
        for source_id, mine in by_source.items():
            folded += _take_or_split(organization_id, source_id, mine)
    return folded


def _claim(organization_id: UUID) -> list[IngestBatch]:
    """Lease waiting batches that no other worker holds, oldest first, up to FOLD_RECORDS.

    Rows are locked as they are read, one by one: another worker that looks at the same moment
    finds all that this one does not take. Payloads are read when their turn comes.
    """
    now = clock.now()
    with tenant_scope(organization_id):
        waiting = (
            IngestBatch.objects.filter(status=BatchStatus.RECEIVED, claimed_until__lte=now)
            .only(
                "id", "source_id", "encoding", "accepted", "attempts", "received_at", "observed_at"
            )
            .order_by("id")
            .select_for_update(skip_locked=True)[:FOLD_BATCHES]
            .iterator(chunk_size=1)
        )
        chosen: list[IngestBatch] = []
        size = 0
        for batch in waiting:
            if chosen and size + batch.accepted > FOLD_RECORDS:
                break
            chosen.append(batch)
            size += batch.accepted
            if size >= FOLD_RECORDS:
                break
        IngestBatch.objects.filter(id__in=[batch.id for batch in chosen]).update(
            claimed_until=now + LEASE, attempts=F("attempts") + 1
        )
    return chosen


def _take_or_split(organization_id: UUID, source_id: UUID, batches: list[IngestBatch]) -> int:
    """Take batches together; if that fails, one by one, so that the bad one is found."""
    try:
        while not _taken(organization_id, source_id, batches):
            pass
    except Exception as error:  # noqa: BLE001 -- kept with the batch
        if len(batches) > 1:
            return sum(_take_or_split(organization_id, source_id, [b]) for b in batches)
        _fail(organization_id, batches[0], error)
        return 0
    return len(batches)


def _taken(organization_id: UUID, source_id: UUID, batches: list[IngestBatch]) -> bool:
    try:
        _take(organization_id, source_id, batches)
    except _ChannelMoved:
        return False
    return True


def _take(organization_id: UUID, source_id: UUID, batches: list[IngestBatch]) -> None:
    accepted_at = batches[-1].received_at
    usages: list[UsageIn] = []
    for batch in batches:
        with tenant_scope(organization_id):
            payload = IngestBatch.objects.values_list("payload", flat=True).get(id=batch.id)
        data = decode.inflate(bytes(payload), batch.encoding)
        found, _, errors = decode.decode(data, limit=1 << 30)
        if errors:
            raise ValueError(f"{len(errors)} stored records cannot be read: {errors[0].message}")
        for usage in found:
            if usage.observed_at is None:
                usage.observed_at = batch.observed_at
        usages += found
    with tenant_scope(organization_id):
        usages, version = channels().counting(source_id, usages, accepted_at)

    def finish(result: IngestResult) -> None:
        if channels().version(source_id) != version:
            raise _ChannelMoved
        IngestBatch.objects.filter(id__in=[batch.id for batch in batches]).update(
            status=BatchStatus.DONE,
            payload=b"",
            result=msgspec.to_builtins(result) if len(batches) == 1 else {},
            failure="",
            folded_at=clock.now(),
        )

    if not usages:
        with tenant_scope(organization_id):
            lock()
            finish(IngestResult())
        return
    ingest(
        organization_id=organization_id,
        source_id=source_id,
        batch=usages,
        batch_id=batches[-1].id,
        accepted_at=accepted_at,
        finish=finish,
    )


def _fail(organization_id: UUID, batch: IngestBatch, error: Exception) -> None:
    """Keep the failure with the batch: tried again after a doubling pause, then kept aside."""
    log.warning("batch_failed", batch=str(batch.id), error=repr(error))
    attempts = batch.attempts + 1
    with tenant_scope(organization_id):
        IngestBatch.objects.filter(id=batch.id).update(
            failure=repr(error)[:2000],
            claimed_until=clock.now() + PAUSE * 2**attempts,
            status=BatchStatus.FAILED if attempts >= MAX_ATTEMPTS else BatchStatus.RECEIVED,
        )


def waiting() -> int:
    """Batches not folded yet, in the open scope."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ingest_batch WHERE organization_id = %s AND status = %s",
            [require_organization_id(), BatchStatus.RECEIVED.value],
        )
        return cursor.fetchone()[0]
