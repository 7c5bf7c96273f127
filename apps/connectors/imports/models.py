"""Import jobs, their files in pieces, and mappings to use again.

Files live in the database: web and workers share no disk, row level security covers them, and they
are deleted with the job's retention.
"""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.connectors.imports.enums import JobStatus
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class ImportJob(TenantModel):
    """One uploaded file on its way into the ledger.

    `generation` counts mappings: work that was started for an older one stops by itself. `offset`
    is how far the running pass has read, in bytes of the stored file. `tokens` are the totals of
    the accepted rows by kind. The file's own columns never leave `header` and the chunks.

    `accepted` rows go into the ledger, `bill_rows` stay on the bill (`bill` says why, and holds the
    file's own sums of money as exact decimals); `bill_written` of them were new or changed.
    An `automatic` job came from a source and goes on by itself once it is checked.
    `cost_nanos` is in the mapping's currency, `costs` has every currency. A job of a `collection`
    (files that a source reads together) replaces what the collection held before: rows that are
    gone are `withdrawn`. `mends` is the import whose refused rows the file holds, mended: they go
    where that one went, and rows alike are numbered after those it accepted. `pruned` are the
    months whose raw records retention had removed when the file was checked: rows of them are
    refused, since whether they are known cannot be told.
    """

    filename = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    header = models.JSONField()
    header_digest = models.CharField(max_length=64)
    delimiter = models.CharField(max_length=1)
    dropped_columns = models.JSONField(default=list)
    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, null=True, related_name="+", db_index=False
    )
    source_name = models.CharField(max_length=120, blank=True)
    mapping = models.JSONField(default=dict)
    key_columns = models.JSONField(default=list)
    collection = models.CharField(max_length=255, blank=True, default="")
    automatic = models.BooleanField(default=False)
    status = models.CharField(max_length=9, choices=JobStatus.choices(), default=JobStatus.UPLOADED)
    generation = models.PositiveIntegerField(default=0)
    offset = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    accepted = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    unpriced = models.PositiveBigIntegerField(default=0)
    tokens = models.JSONField(default=dict)
    cost_nanos = models.BigIntegerField(default=0)
    costs = models.JSONField(default=dict)
    bill = models.JSONField(default=dict)
    bill_rows = models.PositiveBigIntegerField(default=0)
    bill_written = models.PositiveBigIntegerField(default=0)
    withdrawn = models.PositiveBigIntegerField(default=0)
    mends = models.UUIDField(null=True)
    pruned = models.JSONField(default=list)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    preview = models.JSONField(default=list)
    samples = models.JSONField(default=list)
    new = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    failure = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True)
    created_by_id = models.UUIDField(null=True)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    checked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    file_deleted_at = models.DateTimeField(null=True)

    first_row: list[str] = []
    """Of a file that was just stored; not kept."""

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-created_at"], name="import_job_recent"),
            models.Index(fields=["organization_id", "status"], name="import_job_status"),
        ]

    def __str__(self) -> str:
        return self.filename

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("import", UUID(str(self.id)), self.filename)

    @property
    def goes_in(self) -> int:
        """Rows that an import would take: into the ledger or onto the bill."""
        return self.accepted + self.bill_rows

    @property
    def keeps_source(self) -> bool:
        """Whether its rows belong to a source already, whatever name a person gives."""
        return self.mends is not None and self.source_id is not None

    @property
    def is_running(self) -> bool:
        return self.status in (JobStatus.CHECKING, JobStatus.IMPORTING)

    @property
    def progress(self) -> float:
        """Share of the file that the running or finished pass has read, 0 to 1."""
        return min(self.offset / self.size, 1.0) if self.size else 0.0


class ImportChunk(TenantModel):
    """A compressed piece of a file. All pieces but the last hold `storage.CHUNK` bytes."""

    job = TenantForeignKey(ImportJob, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "job", "number"], name="import_chunk_number"
            )
        ]


class ImportSlice(TenantModel):
    """A run of rows that is worked on in one transaction, with the keys of its accepted rows.

    `identities` and `measures` are 64-bit hashes per accepted row, in file order; `ordinals` are
    pairs (row, ordinal) for the rows whose identity occurs more than once in the file. `keys` are
    the 128-bit keys of the rows that were written, for jobs of a collection.
    """

    job = TenantForeignKey(ImportJob, models.CASCADE, related_name="slices", db_index=False)
    number = models.PositiveIntegerField()
    start = models.PositiveBigIntegerField()
    end = models.PositiveBigIntegerField()
    first_row = models.PositiveBigIntegerField()
    rows = models.PositiveIntegerField()
    identities = models.BinaryField()
    measures = models.BinaryField()
    ordinals = models.BinaryField(default=bytes)
    keys = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "job", "number"], name="import_slice_number"
            )
        ]


class ImportMapping(TenantModel):
    """What a header of a source means, remembered for the next file with the same header.

    `key_columns` make a row's identity. They are fixed once a file was imported: another choice
    would give known rows new keys and count them twice.
    """

    source = TenantForeignKey("connectors.Source", models.PROTECT, related_name="+", db_index=False)
    header_digest = models.CharField(max_length=64)
    mapping = models.JSONField()
    key_columns = models.JSONField()
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "header_digest"], name="import_mapping_header"
            )
        ]


class SavedMapping(TenantModel):
    """A mapping with a name, to use again for files like it. `used_at` orders the suggestions."""

    name = models.CharField(max_length=120)
    name_norm = models.CharField(max_length=120, editable=False)
    mapping = models.JSONField()
    key_columns = models.JSONField(default=list)
    source_name = models.CharField(max_length=120, blank=True, default="")
    version = models.IntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "name_norm"], name="saved_mapping_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("import_mapping", UUID(str(self.id)), self.name)


class ImportedRow(TenantModel):
    """What one row of a bill holds, so that the same row of a later file replaces it.

    Each row of a bill has a `line` with its `amount_nanos`, `effective_nanos` and `tokens` in it:
    the lines are sums over these rows. One that is usage in the ledger too has the `event` it
    became; so has a row of a collection that is no bill, without a line.
    """

    source = TenantForeignKey("connectors.Source", models.PROTECT, related_name="+", db_index=False)
    row_key = models.UUIDField()
    collection = models.CharField(max_length=255, blank=True, default="")
    line = TenantForeignKey(
        "connectors.ProviderCost", models.PROTECT, null=True, related_name="+", db_index=False
    )
    amount_nanos = models.BigIntegerField(null=True)
    effective_nanos = models.BigIntegerField(null=True)
    tokens = models.BigIntegerField(default=0, db_default=0)
    event = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "row_key"], name="imported_row_key"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "source", "collection", "row_key"],
                condition=~models.Q(collection=""),
                name="imported_row_collection",
            ),
        ]
