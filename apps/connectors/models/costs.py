"""What the provider says it will bill: the comparison channel, never added to the ledger."""

from django.db import models

from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class ProviderCost(TenantModel):
    """One line of a provider's cost report: UTC day × project × line item.

    `amount_nanos` is what the provider says now, `first_nanos` what it said first; `revisions`
    counts the times it changed its mind. `quantity` is in `quantity_unit`, as reported.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="costs", db_index=False
    )
    account = models.CharField(max_length=120, blank=True, default="")
    day = models.DateField()
    project_id = models.CharField(max_length=120, blank=True, default="")
    line_item = models.CharField(max_length=255)
    model = models.CharField(max_length=255, blank=True, default="")
    amount_nanos = models.BigIntegerField()
    first_nanos = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    quantity = models.BigIntegerField(null=True)
    quantity_unit = models.CharField(max_length=40, blank=True, default="")
    revisions = models.PositiveSmallIntegerField(default=0)
    observed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "day", "project_id", "line_item"],
                name="provider_cost_line",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "day"], name="provider_cost_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.line_item}"
