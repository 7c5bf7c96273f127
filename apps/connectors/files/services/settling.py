"""When an import of files has ended: its figures go to the run, its bytes are let go."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.common import clock
from apps.connectors import events
from apps.connectors.enums import SourceStatus
from apps.connectors.files.enums import FileState
from apps.connectors.files.models import FileImport, SourceFile
from apps.connectors.files.selectors import location_of
from apps.connectors.files.services import known
from apps.connectors.files.services.settings import LAG_SECONDS
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.services import delete_file
from apps.connectors.models import PullRun, Source
from apps.connectors.services.guards import managed_source, request_run
from apps.ledger.services import mark_coverage
from apps.trail.services import record


def settle_import(job_id: UUID) -> bool:
    """Once per import, needs a scope; False when it is not a run's, or settled already."""
    taken = FileImport.objects.select_related("job").filter(job_id=job_id).first()
    if taken is None:
        return False
    job = taken.job
    if job.status not in (JobStatus.DONE, JobStatus.FAILED):
        return False
    if not FileImport.objects.filter(id=taken.id, settled_at=None).update(settled_at=clock.now()):
        return False
    done = job.status == JobStatus.DONE
    known.settle(job, done=done)
    PullRun.objects.filter(id=taken.run_id).update(
        rows_read=F("rows_read") + job.rows,
        rows_new=F("rows_new") + job.new,
        rows_changed=F("rows_changed") + job.changed,
        rows_unchanged=F("rows_unchanged") + job.unchanged,
        rows_withdrawn=F("rows_withdrawn") + job.withdrawn,
        rows_refused=F("rows_refused") + job.refused,
        cost_rows=F("cost_rows") + job.bill_written,
    )
    if done:
        if job.source_id is not None and job.last_at is not None:
            _advance(job.source_id, job.last_at)
        if not job.refused:
            delete_file(actor=system_actor("files.settle"), job_id=job.id)
    return True


def _advance(source_id: UUID, last_at: datetime) -> None:
    source = Source.objects.select_for_update().filter(id=source_id).first()
    if source is not None and (source.cursor is None or source.cursor < last_at):
        Source.objects.filter(id=source.id).update(cursor=last_at)
        mark_coverage(
            source_id=source.id,
            complete_through=last_at,
            name=source.name,
            expected_lag_seconds=LAG_SECONDS,
            is_active=not source.is_compared,
        )


def read_files_again(*, actor: Actor, source_id: UUID) -> int:
    """Have every file read once more by the next run, which begins now; their number.

    Unchanged rows cause no write. NotFound for a source that reads no files.
    """
    source = managed_source(actor, source_id)
    location_of(actor, source_id)
    rows = SourceFile.objects.filter(source=source).exclude(state=FileState.GONE)
    count = rows.exclude(state=FileState.READING).update(
        state=FileState.WAITING, read_etag="", error=""
    )
    record(actor=actor, action=events.SOURCE_READ_AGAIN, obj=source, after={"files": count})
    if source.status == SourceStatus.ACTIVE:
        request_run(source, actor, check=False)
    return count
