"""The change log of capabilities."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.common import clock
from apps.ledger.changelog.enums import ChangeKind, Origin
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class CapabilityChange(TenantModel):
    """Something that was changed about a capability at an instant. Withdrawn, never deleted.

    `day` is the ledger's day of the instant. `reference` is the caller's own name for it: the same
    one is recorded once per capability, however often a pipeline repeats itself. `version` counts
    corrections.
    """

    capability = TenantForeignKey(
        "portfolio.Capability", models.PROTECT, related_name="changes", db_index=False
    )
    kind = models.CharField(max_length=13, choices=ChangeKind.choices())
    title = models.CharField(max_length=120)
    detail = models.TextField(blank=True, max_length=4000)
    link = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    origin = models.CharField(max_length=6, choices=Origin.choices())
    occurred_at = models.DateTimeField()
    day = models.DateField()
    version = models.PositiveIntegerField(default=1)
    created_by_id = models.UUIDField(null=True)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "capability", "reference"],
                condition=~Q(reference=""),
                name="capabilitychange_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "day"], name="capabilitychange_day"),
            models.Index(
                fields=["organization_id", "capability", "day"], name="capabilitychange_one"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("capability_change", UUID(str(self.id)), self.title)
