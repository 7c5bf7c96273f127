"""Decisions about capabilities."""

from django.db import models

from apps.common import clock
from apps.outcomes.enums import Basis, Standing, Verdict
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class WorthDecision(TenantModel):
    """What was decided about a capability on a day. Never changed: the highest number counts.

    The figures are those of the day, of 30 days, in nanos; None where nothing could be compared.
    """

    tenant_table = TenantTable(append_only=True)
    tenant_key = False

    capability = TenantForeignKey(
        "portfolio.Capability", models.PROTECT, related_name="+", db_index=False
    )
    number = models.IntegerField()
    verdict = models.CharField(max_length=8, choices=Verdict.choices())
    reason = models.CharField(max_length=2000)
    owner = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    owner_name = models.CharField(max_length=200)
    review_on = models.DateField()
    story_ref = models.CharField(max_length=16, blank=True)
    standing = models.CharField(max_length=10, choices=Standing.choices())
    basis = models.CharField(max_length=10, choices=Basis.choices(), blank=True, default="")
    currency = models.CharField(max_length=3)
    cost_nanos = models.BigIntegerField(null=True)
    value_nanos = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(default=clock.now, editable=False)
    decided_by_id = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "capability", "number"], name="worth_decision_number"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "owner"], name="worth_decision_owner"),
        ]

    def __str__(self) -> str:
        return f"{Verdict(self.verdict).label}, review on {self.review_on}"
