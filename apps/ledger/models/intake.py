"""The durable inbox, and how far each source's data goes."""

from django.db import models
from django.db.models.functions import Now

from apps.ledger.enums import BatchStatus
from apps.tenancy.models import TenantModel, TenantRow


class IngestBatch(TenantModel):
    """Accepted input, stored before the answer and folded into the ledger by a worker.

    `digest` is the SHA-256 of the uncompressed records: the same body is accepted once per source.
    `payload` is emptied when the batch is done (the records are in the ledger). A worker leases
    a batch until `claimed_until`.
    """

    source_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    payload = models.BinaryField()
    encoding = models.TextField()
    status = models.TextField(choices=BatchStatus.choices, default=BatchStatus.RECEIVED)
    accepted = models.IntegerField()
    refused = models.IntegerField(default=0)
    errors = models.JSONField(default=list)
    result = models.JSONField(default=dict)
    attempts = models.IntegerField(default=0)
    failure = models.TextField(default="", blank=True)
    claimed_until = models.DateTimeField()
    received_at = models.DateTimeField()
    observed_at = models.DateTimeField()
    folded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ingest_batch"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source_id", "digest"], name="ingest_batch_digest"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "id"],
                condition=models.Q(status=BatchStatus.RECEIVED),
                name="ingest_batch_due",
            ),
        ]


class SourceCoverage(TenantRow):
    """Until when a source's data is complete, and when it last brought something."""

    pk = models.CompositePrimaryKey("organization_id", "source_id")
    source_id = models.UUIDField()
    name = models.TextField()
    complete_through = models.DateTimeField(null=True)
    data_as_of = models.DateTimeField(null=True)
    last_occurred_at = models.DateTimeField(null=True)
    expected_lag_seconds = models.IntegerField(default=3 * 3600)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "source_coverage"

    def __str__(self) -> str:
        return self.name
