"""The import itself: slices of rows into the ledger, each in one transaction with its progress."""

import zlib
from uuid import UUID

import structlog
from django.db import OperationalError

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, DomainError
from apps.connectors.enums import SourceKind
from apps.connectors.imports import events, passes
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportChunk, ImportJob, ImportSlice
from apps.connectors.imports.rules.billing import BillRow
from apps.connectors.imports.rules.converting import event_id
from apps.connectors.imports.selectors import job_by_id
from apps.connectors.imports.services import bills, collections
from apps.connectors.imports.services.collections import Taken
from apps.connectors.imports.services.mappings import begin_writing, remember
from apps.connectors.models import Source
from apps.connectors.services.channels import take
from apps.connectors.services.sources import intake_source
from apps.ledger.schema import IngestResult, RecordError
from apps.ledger.selectors.coverage import of_source
from apps.ledger.selectors.periods import pruned_months
from apps.ledger.services import mark_coverage
from apps.outbox.services import enqueue
from apps.trail.services import record

log = structlog.get_logger(__name__)


def start_import(*, actor: Actor, job_id: UUID) -> ImportJob:
    """Write a checked file into the ledger, in the background. A finished one may be repeated:
    rows that are known with the same content write nothing."""
    require(actor, P.USAGE_IMPORT)
    job = job_by_id(job_id, lock=True)
    ready = job.status in (JobStatus.CHECKED, JobStatus.DONE) or (
        job.status == JobStatus.FAILED and job.checked_at is not None
    )
    if not ready or job.file_deleted_at:
        raise Conflict(
            f"The import cannot start now: {JobStatus(job.status).label.lower()}.",
            code="import_not_ready",
            fix="Map the columns and wait for the check.",
        )
    if not job.goes_in:
        raise Conflict(
            "No row can be imported.", code="nothing_to_import", fix="Change the mapping."
        )
    gone = {month.isoformat() for month in pruned_months()} - set(job.pruned)
    if gone:
        raise Conflict(
            "Since the check, retention has removed single records: rows of that time would be "
            "lost without a word.",
            code="check_outdated",
            fix="Have the file checked again.",
        )
    if not job.automatic and not job.keeps_source:
        job.source = intake_source(actor=actor, kind=SourceKind.CSV, name=job.source_name)
        _expect(job.source, usage=job.accepted > 0)
    begin_writing(job)
    record(
        actor=actor,
        action=events.IMPORT_STARTED,
        obj=job,
        after={"source": job.source_name, "rows": job.goes_in, "mapping": job.mapping},
    )
    return job


def _expect(source: Source, *, usage: bool) -> None:
    """A source that brought bills alone is not waited for."""
    covered = of_source(source.id)
    if covered is None or covered.data_as_of is None:
        active = usage and not source.is_compared
        mark_coverage(source_id=source.id, complete_through=None, is_active=active)


def write_slice(job_id: UUID, generation: int) -> bool:
    """Write the next slice; whether more are left. Needs a scope.

    Records and progress commit together: a worker that dies repeats one slice at most, and the
    repeat writes nothing.
    """
    job = passes.claim(job_id, generation, JobStatus.IMPORTING)
    if job is None or job.source_id is None:
        return False
    piece = ImportSlice.objects.filter(job=job, start__gte=job.offset).order_by("number").first()
    if piece is not None:
        taken = taken_from(job, piece)
        result = take(job.source_id, taken.records, batch_id=job.id)
        job.new += result.new
        job.changed += result.changed + result.adjusted
        job.unchanged += result.unchanged
        if result.errors or result.pruned:
            _not_taken(job, result)
        job.bill_written += collections.remember(job, piece, taken)
        job.offset = piece.end
    more = ImportSlice.objects.filter(job=job, start__gte=job.offset).exists() and piece is not None
    if not more:
        _finish(job, job.source_id)
    passes.extend_lease(job)
    job.save()
    return more


def _not_taken(job: ImportJob, result: IngestResult) -> None:
    """The check refuses, with the same rules, what the ledger would: a difference is a defect, and
    the slice is undone rather than rows lost that no refused-row file has."""
    reasons = sorted({error.message for error in result.errors})[:3]
    log.error("import_rows_not_taken", job=str(job.id), pruned=result.pruned, reasons=reasons)
    raise Conflict(
        f"The ledger does not take {len(result.errors) + result.pruned:,} rows that the check "
        "accepted.",
        code="check_outdated",
        fix="Have the file checked again: it names them.",
    )


def taken_from(job: ImportJob, piece: ImportSlice) -> Taken:
    """The records of a slice with the ids they have in the ledger, and its rows to keep."""
    convert = passes.converter(job)
    ordinals = passes.ordinals_of(bytes(piece.ordinals))
    found = Taken()
    place = -1
    rows = passes.rows_from(job, piece.start, piece.first_row)
    for row, _ in zip(rows, range(piece.rows), strict=False):
        judged = passes.judge(convert, row)
        if isinstance(judged, RecordError):
            continue
        place += 1
        ordinal = ordinals.get(place, 0)
        if convert.by_event:
            if not ordinal and judged.record is not None:
                found.records.append(judged.record)
            continue
        if judged.record is not None:
            judged.record.event_id = event_id(judged.identity, ordinal)
            found.records.append(judged.record)
        line = judged.line if isinstance(judged, BillRow) else None
        if line is not None or job.collection:
            key = bills.row_key(judged.identity, ordinal)
            found.kept.append(bills.KeptRow(key, line, judged.record))
    return found


def _finish(job: ImportJob, source_id: UUID) -> None:
    if job.collection:
        job.withdrawn = collections.withdraw_missing(job, source_id)
    job.status = JobStatus.DONE
    job.offset = job.size
    job.finished_at = clock.now()
    remember(job, source_id)
    if job.automatic:
        enqueue(events.AUTOMATIC_ENDED, key=f"import:{job.id}", payload={"job_id": str(job.id)})
    record(
        actor=system_actor("imports.write"),
        action=events.IMPORT_FINISHED,
        obj=job,
        after={
            "new": job.new,
            "changed": job.changed,
            "unchanged": job.unchanged,
            "bill": job.bill_written,
            "withdrawn": job.withdrawn,
        },
    )


def stop_job(job_id: UUID, generation: int, error: Exception) -> None:
    """Note that a pass cannot go on. What was written stays and is known to the next try."""
    log.warning("import_stopped", job=str(job_id), error=repr(error))
    stopped = ImportJob.objects.filter(id=job_id, generation=generation)
    stopped.update(status=JobStatus.FAILED, failure=reason_of(job_id, error)[:1000])
    if stopped.filter(automatic=True).exists():
        enqueue(events.AUTOMATIC_ENDED, key=f"import:{job_id}", payload={"job_id": str(job_id)})


def reason_of(job_id: UUID, error: Exception) -> str:
    """Why a pass stopped and what to do, in words for the person who sees the page. The text of an
    exception that was not meant for people stays in the log, under the reference."""
    if isinstance(error, DomainError):
        return f"{error.message} {error.fix}".strip()
    if isinstance(error, OperationalError):
        return "The database did not answer in time. Start again in a few minutes."
    if isinstance(error, UnicodeError | LookupError | zlib.error):
        return (
            "A stored piece of the file cannot be read. Upload the file again; the rows that are "
            "in already are recognised."
        )
    return (
        "Something went wrong that is not the file’s fault. Start again; if it stops at the same "
        f"place, tell your operator the reference {job_id}."
    )


def delete_file(*, actor: Actor, job_id: UUID) -> None:
    """Forget the file's bytes; the job and its figures stay."""
    require(actor, P.USAGE_IMPORT)
    job = job_by_id(job_id, lock=True)
    if job.is_running:
        raise Conflict("The file is being worked on.", code="import_running", fix="Wait for it.")
    if job.file_deleted_at:
        return
    ImportChunk.objects.filter(job=job).delete()
    ImportSlice.objects.filter(job=job).delete()
    job.file_deleted_at = clock.now()
    job.save()
    record(actor=actor, action=events.FILE_DELETED, obj=job)
