"""Saying what the columns mean; remembered per source and header."""

from collections.abc import Sequence
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.connectors.enums import SourceKind
from apps.connectors.imports import events
from apps.connectors.imports.enums import RUNNING, JobStatus
from apps.connectors.imports.models import ImportJob, ImportMapping, ImportSlice
from apps.connectors.imports.rules import presets
from apps.connectors.imports.rules.mapping import Mapping, check
from apps.connectors.imports.rules.mending import own_columns
from apps.connectors.imports.selectors import job_by_id
from apps.connectors.models import Source
from apps.outbox.services import enqueue

DEFAULT_SOURCE = "CSV files"
EMPTY_RESULT = {
    "offset": 0,
    "rows": 0,
    "accepted": 0,
    "refused": 0,
    "unpriced": 0,
    "tokens": {},
    "cost_nanos": 0,
    "costs": {},
    "bill": {},
    "bill_rows": 0,
    "bill_written": 0,
    "withdrawn": 0,
    "first_at": None,
    "last_at": None,
    "preview": [],
    "samples": [],
    "new": 0,
    "changed": 0,
    "unchanged": 0,
    "failure": "",
}


def remembered(job: ImportJob) -> ImportMapping | None:
    """The newest mapping of a file with the same header."""
    return (
        ImportMapping.objects.filter(header_digest=job.header_digest)
        .select_related("source")
        .order_by("-updated_at")
        .first()
    )


def map_columns(
    *,
    actor: Actor,
    job_id: UUID,
    mapping: Mapping,
    source_name: str = "",
    key_columns: Sequence[str] = (),
) -> ImportJob:
    """Set the mapping and start a dry run. Conflict while the file is being worked on.

    `key_columns` default to the id's column, else to all columns that are no measure. Once a file
    with this header was imported into the source, its key columns stay.
    """
    require(actor, P.USAGE_IMPORT)
    job = job_by_id(job_id, lock=True)
    if job.status in RUNNING:
        raise Conflict("The file is being worked on.", code="import_running", fix="Wait for it.")
    if job.file_deleted_at:
        raise Conflict("The file was deleted.", code="file_deleted", fix="Upload it again.")
    checked = check(mapping, job.header)
    name = source_name.strip() or DEFAULT_SOURCE
    if len(name) > Source._meta.get_field("name").max_length:  # type: ignore[operator]
        raise Invalid("The name of the source is too long.", field="source_name")
    if not job.automatic and not job.keeps_source:
        known = Source.objects.filter(kind=SourceKind.CSV, name_norm=name.casefold()).first()
        job.source, job.source_name = known, name
    return begin_check(job, checked, key_columns)


def begin_check(job: ImportJob, checked: Mapping, key_columns: Sequence[str] = ()) -> ImportJob:
    """Give the job a checked mapping and have a worker begin the dry run anew."""
    job.key_columns = _key(job, checked, key_columns)
    job.mapping = checked.as_json()
    job.generation += 1
    job.status = JobStatus.CHECKING
    for field, value in EMPTY_RESULT.items():
        setattr(job, field, value)
    job.lease_until = clock.now()
    job.checked_at = job.finished_at = None
    job.save()
    ImportSlice.objects.filter(job=job).delete()
    request(events.CHECK_REQUESTED, job)
    return job


def begin_writing(job: ImportJob) -> None:
    """Have a worker write a checked file into the ledger and onto the bill."""
    job.status = JobStatus.IMPORTING
    job.offset = job.new = job.changed = job.unchanged = 0
    job.bill_written = job.withdrawn = 0
    job.failure = ""
    job.lease_until = clock.now()
    job.generation += 1
    job.save()
    request(events.WRITE_REQUESTED, job)


def request(topic: str, job: ImportJob) -> None:
    """Ask a worker to go on with a job."""
    enqueue(
        topic,
        key=f"import:{job.id}",
        payload={"job_id": str(job.id), "generation": job.generation},
    )


def _key(job: ImportJob, mapping: Mapping, wanted: Sequence[str]) -> list[str]:
    if mapping.is_bill and presets.recognise(job.header) is not None:
        return presets.bill_keys(mapping, job.header)
    if job.mends is not None:
        return list(job_by_id(job.mends).key_columns)
    if job.source is not None:
        fixed = ImportMapping.objects.filter(
            source=job.source, header_digest=job.header_digest
        ).first()
        if fixed is not None:
            return list(fixed.key_columns)
    own = own_columns(job.header)
    chosen = [name for name in own if name in set(wanted) and not mapping.is_bill]
    if not chosen:
        chosen = key_of(mapping, job.header)
    if not chosen:
        raise Invalid(
            "No column tells the rows apart.",
            errors=[FieldError("key_columns", "Choose at least one column.", "")],
        )
    return chosen


def key_of(mapping: Mapping, header: Sequence[str]) -> list[str]:
    """The columns that make a row's identity unless a person chooses others."""
    return presets.bill_keys(mapping, header) if mapping.is_bill else mapping.default_key(header)


def remember(job: ImportJob, source_id: UUID) -> None:
    """Keep the mapping of an imported file; the key columns of a header never change."""
    ImportMapping.objects.bulk_create(
        [
            ImportMapping(
                source_id=source_id,
                header_digest=job.header_digest,
                mapping=job.mapping,
                key_columns=job.key_columns,
            )
        ],
        ignore_conflicts=True,
    )
    ImportMapping.objects.filter(source_id=source_id, header_digest=job.header_digest).update(
        mapping=job.mapping, updated_at=clock.now()
    )
