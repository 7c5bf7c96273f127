"""What the provider says it will bill: the comparison channel, never added to the ledger."""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.connectors.enums import BillPart
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class ProviderCost(TenantModel):
    """One line of a provider's cost report: UTC day × project × line item.

    `amount_nanos` is what the provider says now, `first_nanos` what it said first; `revisions`
    counts the times it changed its mind. `quantity` is in `quantity_unit`, as reported.

    A line of a bill that came as a file is the sum of its rows, usage that the ledger counts among
    them. It says who bills (`provider`), for which `service` and what for (`category`);
    `effective_nanos` is what the rows cost after commitments, `tokens` what they count. `until` is
    the last day of a charge that covers more than its day. `dims` is a digest of what these fields
    say, so that rows which differ in them are never one line. A pulled line has none of it: its
    source is its provider.
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
    provider = models.CharField(max_length=255, blank=True, default="", db_default="")
    service = models.CharField(max_length=255, blank=True, default="", db_default="")
    category = models.CharField(
        max_length=10, choices=BillPart.choices, blank=True, default="", db_default=""
    )
    until = models.DateField(null=True)
    effective_nanos = models.BigIntegerField(default=0, db_default=0)
    tokens = models.BigIntegerField(default=0, db_default=0)
    dims = models.UUIDField(default=UUID(int=0), db_default=UUID(int=0))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "day", "project_id", "line_item", "dims"],
                name="provider_cost_line",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "day"], name="provider_cost_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.line_item}"
