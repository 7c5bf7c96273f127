"""Imports and a source of files, as their pages show them."""

from datetime import UTC, datetime
from pathlib import Path

from apps.access.actors import system_actor
from apps.connectors.files.models import FileImport, FileRun, SourceFile
from apps.connectors.files.services import Where, connect_files
from apps.connectors.imports import services
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.models import PullRun
from tests.factories.imports import make_upload
from tests.world import OrganizationWorld

FOCUS = Path(__file__).parents[1] / "fixtures/focus/focus_1_4_tokens.csv"


def build_files(organization: OrganizationWorld) -> None:
    """A checked FOCUS file, a saved mapping, and a bucket whose files were read and refused."""
    with organization.scope():
        actor = system_actor("tests")
        job = make_upload(FOCUS.read_bytes() + b"x,y\n", "focus-november.csv")
        job = services.map_columns(
            actor=actor, job_id=job.id, mapping=Mapping.from_json(job.mapping)
        )
        while services.check_slice(job.id, job.generation):
            pass
        services.save_mapping_of(actor=actor, job_id=job.id, name="FOCUS of the group")
        source = connect_files(
            actor=actor,
            name="Azure cost exports",
            where=Where(
                place="bucket", endpoint="http://127.0.0.1:9", bucket="exports", prefix="costs/",
                region="eu-central-1", access_key="AKIAEXAMPLE", secret="secret-of-a-test",
            ),
        )  # fmt: skip
        run = PullRun.objects.create(source=source, status="succeeded", rows_new=7, rows_read=14)
        FileRun.objects.create(run=run, listed=3, fresh=2, taken=2, taken_bytes=31_000, failed=1)
        FileImport.objects.create(run=run, job=ImportJob.objects.get(id=job.id))
        for number, (state, error) in enumerate(
            (("read", ""), ("waiting", ""), ("failed", "The Parquet file cannot be read."))
        ):
            SourceFile.objects.create(
                source=source,
                key=f"20261101-20261130/run/part_{number}_0001.csv",
                etag=f"e{number}",
                size=12_000 + number,
                modified_at=datetime(2026, 11, 20, 6, tzinfo=UTC),
                state=state,
                error=error,
                versions=int(state == "read"),
            )
