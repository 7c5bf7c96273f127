"""Sources that read files, run as a worker would."""

from datetime import date
from typing import Any

from apps.access.actors import system_actor
from apps.connectors.files import services
from apps.connectors.files.services import Where
from apps.connectors.imports import services as imports
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportJob
from apps.connectors.models import PullRun, Source
from tests.factories.buckets import ACCESS_KEY, REGION, SECRET, FakeBucket


def in_bucket(fake: FakeBucket, **fields: Any) -> Where:
    """Where a fake bucket is."""
    values: dict[str, Any] = {
        "place": "bucket",
        "endpoint": fake.url,
        "bucket": fake.name,
        "region": REGION,
        "access_key": ACCESS_KEY,
        "secret": SECRET,
    }
    return Where(**{**values, **fields})


def connect(where: Where, **fields: Any) -> Source:
    """A source of files in the open scope."""
    values: dict[str, Any] = {"name": "Exports", "history_from": date(2026, 1, 1)}
    return services.connect_files(actor=system_actor("tests"), where=where, **{**values, **fields})


def read(organization: Any, source: Source, **options: Any) -> PullRun:
    """One run with all imports it starts, to the end; the run."""
    options.setdefault("sleep", lambda _seconds: None)
    with organization.scope():
        known = list(PullRun.objects.filter(source=source).values_list("id", flat=True))
    services.read_source(
        organization_id=organization.organization.id, source_id=source.id, **options
    )
    with organization.scope():
        finish_imports()
        return PullRun.objects.filter(source=source).exclude(id__in=known).get()


def finish_imports() -> None:
    """Take every automatic import to its end, in the open scope."""
    steps = {JobStatus.CHECKING: imports.check_slice, JobStatus.IMPORTING: imports.write_slice}
    for job in ImportJob.objects.filter(automatic=True).order_by("created_at"):
        while job.status in steps:
            steps[JobStatus(job.status)](job.id, job.generation)
            job.refresh_from_db()
        services.settle_import(job.id)
