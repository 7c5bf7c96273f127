"""Usage of the channels that are only compared: never part of the ledger's totals."""

from django.db import models

from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class ComparisonUsage(TenantModel):
    """What a comparison-only source counted: UTC day x its own dimensions.

    `key` is a digest of the dimensions, so that a row is found again; names are snapshots.
    Token kinds are disjoint, as in the ledger. `requests` and `cost_nanos` are null where the
    source does not say. A restatement replaces the figures and counts in `revisions`; a row that
    the source no longer reports is removed.

    A line of a source that hands in records is the sum of its `ComparedRecord` rows: `records` of
    them, `uncosted` without a cost, the others costing `costed_nanos`. All 0 for pulled sources.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="compared", db_index=False
    )
    day = models.DateField()
    key = models.UUIDField()
    provider = models.CharField(max_length=255)
    account = models.CharField(max_length=255, blank=True, default="")
    project_id = models.CharField(max_length=255, blank=True, default="")
    project = models.CharField(max_length=255, blank=True, default="")
    api_key_id = models.CharField(max_length=255, blank=True, default="")
    api_key = models.CharField(max_length=255, blank=True, default="")
    user = models.CharField(max_length=255, blank=True, default="")
    model = models.CharField(max_length=255)
    service_tier = models.CharField(max_length=255, blank=True, default="")

    input_uncached = models.BigIntegerField(default=0)
    cache_read = models.BigIntegerField(default=0)
    cache_write_5m = models.BigIntegerField(default=0)
    cache_write_1h = models.BigIntegerField(default=0)
    output = models.BigIntegerField(default=0)
    reasoning = models.BigIntegerField(default=0)
    audio_input = models.BigIntegerField(default=0)
    audio_output = models.BigIntegerField(default=0)
    image_input = models.BigIntegerField(default=0)
    image_output = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(null=True)
    cost_nanos = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="USD")
    records = models.BigIntegerField(default=0, db_default=0)
    uncosted = models.BigIntegerField(default=0, db_default=0)
    costed_nanos = models.BigIntegerField(default=0, db_default=0)
    revisions = models.PositiveSmallIntegerField(default=0)
    observed_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "comparison usage"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "day", "key"], name="comparison_usage_key"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "day"], name="comparison_usage_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.model}"
