"""Where a source's files are, which files it knows, and what each run found."""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.connectors.files.enums import Content, FileState, Place
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class FileLocation(TenantModel):
    """The place of one source's files. Its address and secret key are on the source itself.

    `folder` is relative to the organization's folder below one of `IMPORT_FOLDERS`. `bucket` with
    `prefix` is read from `Source.base_url`, signed for `region` with `access_key` and the source's
    credential. `bill_only` keeps usage out of the ledger: another source counts it.
    """

    source = TenantForeignKey("connectors.Source", models.PROTECT, related_name="+", db_index=False)
    place = models.CharField(max_length=8, choices=Place.choices())
    folder = models.CharField(max_length=500, blank=True, default="")
    bucket = models.CharField(max_length=63, blank=True, default="")
    prefix = models.CharField(max_length=500, blank=True, default="")
    region = models.CharField(max_length=40, blank=True, default="")
    access_key = models.CharField(max_length=128, blank=True, default="")
    content = models.CharField(max_length=16, choices=Content.choices(), default=Content.AUTO)
    saved = TenantForeignKey(
        "imports.SavedMapping", models.PROTECT, null=True, related_name="+", db_index=False
    )
    bill_only = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source"], name="file_location_source"
            )
        ]

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("source", UUID(str(self.source_id)), "")


class SourceFile(TenantModel):
    """One file as last listed. `etag` and `size` say whether it changed; `read_etag` is the version
    that was read last, so that an unchanged file is never read again."""

    source = TenantForeignKey("connectors.Source", models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=1024)
    collection = models.CharField(max_length=255, blank=True, default="")
    etag = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField()
    modified_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=FileState.choices(), default=FileState.WAITING)
    read_etag = models.CharField(max_length=80, blank=True, default="")
    versions = models.PositiveIntegerField(default=0)
    job = TenantForeignKey(
        "imports.ImportJob", models.PROTECT, null=True, related_name="+", db_index=False
    )
    error = models.CharField(max_length=500, blank=True, default="")
    seen_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "key"], name="source_file_key"
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "source", "state"], name="source_file_state"),
            models.Index(
                fields=["organization_id", "job"],
                condition=models.Q(job__isnull=False),
                name="source_file_job",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class FileRun(TenantModel):
    """What a run found in the place: files listed, new, changed, taken to read, gone, skipped."""

    run = TenantForeignKey("connectors.PullRun", models.CASCADE, related_name="+", db_index=False)
    listed = models.PositiveIntegerField(default=0)
    fresh = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    taken_bytes = models.PositiveBigIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "run"], name="file_run_run")
        ]


class FileImport(TenantModel):
    """Which run started an import, so that its figures come back to the run once it is done."""

    run = TenantForeignKey("connectors.PullRun", models.CASCADE, related_name="+", db_index=False)
    job = TenantForeignKey("imports.ImportJob", models.CASCADE, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "job"], name="file_import_job")
        ]
        indexes = [models.Index(fields=["organization_id", "run"], name="file_import_run")]
