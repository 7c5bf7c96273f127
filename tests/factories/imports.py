"""CSV imports: files of the test's own, taken through the services as a worker would."""

from collections.abc import Iterator
from typing import Any

from apps.access.actors import system_actor
from apps.connectors.imports import services
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import Mapping

CONSTANTS = {"provider": "openai", "model": "gpt-5"}
SIMPLE = (
    b"time,key,input,output\n2026-11-01T10:00:00Z,bot,100,10\n2026-11-01T11:00:00Z,bot,200,20\n"
)
COLUMNS = {"time": "occurred_at", "key": "api_key", "input": "input_total", "output": "output"}


def pieces(data: bytes, size: int = 1 << 16) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def make_upload(data: bytes = SIMPLE, filename: str = "usage.csv") -> ImportJob:
    """An uploaded file in the open scope."""
    return services.upload_file(actor=system_actor("tests"), filename=filename, pieces=pieces(data))


def map_and_check(job: ImportJob, **fields: Any) -> ImportJob:
    """Map the columns and run the whole dry run."""
    key = fields.pop("key_columns", ())
    source = fields.pop("source_name", "")
    values: dict[str, Any] = {"columns": COLUMNS, "constants": CONSTANTS, **fields}
    job = services.map_columns(
        actor=system_actor("tests"),
        job_id=job.id,
        mapping=Mapping(**values),
        source_name=source,
        key_columns=key,
    )
    while services.check_slice(job.id, job.generation):
        pass
    job.refresh_from_db()
    return job


def write(job: ImportJob) -> ImportJob:
    """Start a checked import and write all of it."""
    job = services.start_import(actor=system_actor("tests"), job_id=job.id)
    while services.write_slice(job.id, job.generation):
        pass
    job.refresh_from_db()
    return job


def make_import(data: bytes = SIMPLE, **fields: Any) -> ImportJob:
    """A file, imported."""
    return write(map_and_check(make_upload(data), **fields))
