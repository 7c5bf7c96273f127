"""Months of the books and the one row of settings the rollups depend on."""

from django.db import models
from django.db.models.functions import Now

from apps.ledger.enums import PeriodStatus
from apps.tenancy.models import TenantModel, TenantRow
from apps.trail.refs import ObjectRef


class AccountingPeriod(TenantModel):
    """A calendar month of the ledger's days. A month without a row is open.

    `figures` are the totals at the close and `digest` the SHA-256 of all its rollup cells: proof
    that a closed month did not change. From `prune_started_at` on, its raw records are being
    removed by the organization's retention: its cells stay, are checked by digest only, and it
    can no longer be reopened. `pruned_records` counts what went; `pruned_at` is when all had.
    """

    month = models.DateField()
    status = models.TextField(choices=PeriodStatus.choices, default=PeriodStatus.OPEN)
    version = models.IntegerField(default=1)
    figures = models.JSONField(default=dict)
    digest = models.TextField(default="", blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    prune_started_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(null=True)
    pruned_records = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "accounting_period"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "month"], name="accounting_period_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef(type="period", id=self.id, label=str(self))


class LedgerState(TenantRow):
    """What every rollup cell was cut with; changing it means rebuilding the rollups.

    `attribution_version` counts re-attributions: a worker that cached the spans of an older
    version reads them again before it writes. `retention_months`: raw records of closed months
    older than that are pruned; None keeps them.
    """

    pk = models.CompositePrimaryKey("organization_id", "singleton")
    singleton = models.BooleanField(default=True)
    timezone = models.TextField()
    currency = models.CharField(max_length=3)
    attribution_version = models.BigIntegerField(default=0)
    retention_months = models.SmallIntegerField(null=True)
    retention_version = models.IntegerField(default=0)

    class Meta:
        db_table = "ledger_state"
