"""The truth: usage records, their superseded versions, and what happened to closed periods."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from apps.ledger.enums import CostBasis, CostStatus, Granularity, RestatementReason
from apps.ledger.models.measures import Measures
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.models import TenantModel, TenantRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UsageRecord(TenantRow):
    """The current version of one quantity of usage. Partitioned by month of `occurred_at`.

    `record_key` is a 128-bit hash of the source and the natural key in it. Tokens are disjoint by
    kind; kinds that most records do not have are NULL instead of 0 (they cost no space). Money is
    in nanos of the organization's currency; NULL with `cost_status` unpriced or unconverted.
    A source that bills in another currency keeps its own amount beside. Superseded versions are
    in `UsageRestatement`. Wide columns come first: the row has no padding.
    """

    pk = models.CompositePrimaryKey("organization_id", "occurred_at", "record_key")
    record_key = models.UUIDField()
    occurred_at = models.DateTimeField()
    observed_at = models.DateTimeField()
    dimset_id = models.BigIntegerField()
    price_id = models.BigIntegerField(null=True)
    cost_nanos = models.BigIntegerField(null=True)
    input_uncached = models.BigIntegerField()
    output = models.BigIntegerField()
    cache_read = models.BigIntegerField(null=True)
    reasoning = models.BigIntegerField(null=True)
    cache_write_5m = models.BigIntegerField(null=True)
    cache_write_1h = models.BigIntegerField(null=True)
    audio_input = models.BigIntegerField(null=True)
    audio_output = models.BigIntegerField(null=True)
    image_input = models.BigIntegerField(null=True)
    image_output = models.BigIntegerField(null=True)
    source_cost_nanos = models.BigIntegerField(null=True)
    requests = models.IntegerField(null=True)
    version = models.IntegerField()
    cost_basis = models.SmallIntegerField(choices=CostBasis.choices)
    cost_status = models.SmallIntegerField(choices=CostStatus.choices)
    granularity = models.SmallIntegerField(choices=Granularity.choices)
    source_currency = models.CharField(max_length=3, null=True)  # noqa: DJ001 -- absent, not empty

    tenant_table = TenantTable(grants=("SELECT", "INSERT", "UPDATE"))

    class Meta:
        db_table = "usage_record"
        indexes = [
            models.Index(
                fields=["organization_id", "occurred_at"],
                condition=models.Q(cost_status__gte=CostStatus.UNPRICED),
                name="usage_record_unpriced",
            ),
        ]

    @property
    def code(self) -> str:
        """The record in addresses: its instant in microseconds since 1970, and its key. The instant
        names the partition, so that a look-up reads one row."""
        return record_code(self.occurred_at, self.record_key)


def record_code(occurred_at: datetime, record_key: UUID) -> str:
    """The address of the record of an instant and a key."""
    return f"{(occurred_at - EPOCH) // timedelta(microseconds=1)}-{record_key.hex}"


class UsageRestatement(TenantModel):
    """A superseded version and what replaced it. Append-only: a record's whole history is here.

    `old_kinds` and `new_kinds` are in the order of `common.tokens.KINDS`.
    """

    source_id = models.UUIDField()
    record_key = models.UUIDField()
    occurred_at = models.DateTimeField()
    version = models.IntegerField()
    reason = models.TextField(choices=RestatementReason.choices)
    old_dimset_id = models.BigIntegerField()
    new_dimset_id = models.BigIntegerField()
    old_kinds = ArrayField(models.BigIntegerField())
    new_kinds = ArrayField(models.BigIntegerField())
    old_tokens = models.BigIntegerField()
    new_tokens = models.BigIntegerField()
    old_requests = models.IntegerField(null=True)
    new_requests = models.IntegerField(null=True)
    old_cost_nanos = models.BigIntegerField(null=True)
    new_cost_nanos = models.BigIntegerField(null=True)
    old_price_id = models.BigIntegerField(null=True)
    new_price_id = models.BigIntegerField(null=True)
    difference_nanos = models.BigIntegerField()
    old_observed_at = models.DateTimeField()
    observed_at = models.DateTimeField()
    restated_at = models.DateTimeField(db_default=Now())
    batch_id = models.UUIDField(null=True)

    tenant_table = TenantTable(append_only=True)

    class Meta:
        db_table = "usage_restatement"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "occurred_at", "record_key", "version"],
                name="usage_restatement_version",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "restated_at"], name="usage_restatement_when"),
        ]


class UsageAdjustment(TenantModel, Measures):
    """A change that reached a closed period: counted on `posted_on`, in an open period.

    The rollups of `origin_day` did not move. For every cell:
    rollup = records of the day - adjustments from the day + adjustments posted on the day.
    """

    origin_day = models.DateField()
    posted_on = models.DateField()
    slice_id = models.BigIntegerField()
    batch_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    tenant_table = TenantTable(append_only=True)

    class Meta:
        db_table = "usage_adjustment"
        indexes = [
            models.Index(fields=["organization_id", "origin_day"], name="usage_adjustment_origin"),
            models.Index(fields=["organization_id", "posted_on"], name="usage_adjustment_posted"),
        ]
