"""What an organization does with tokens."""

from django.db import models

from apps.common import clock
from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Capability(TenantModel):
    """One thing tokens are used for, owned by a unit. Retired, never deleted: usage keeps it.

    `slug` is its code in usage records and rules. `version` counts changes: an edit states the
    version it was made on. `name_norm` is the name in lower case, for prefix search. `tier` empty:
    nobody set one and the estimates of its stories decide; one that is set is the least they get.
    """

    name = models.CharField(max_length=120)
    name_norm = models.CharField(max_length=120, editable=False)
    slug = models.SlugField(max_length=60, db_index=False)
    kind = models.CharField(max_length=12, choices=CapabilityKind)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.EXPERIMENT)
    tier = models.CharField(max_length=10, choices=Tier, blank=True, default="")
    data_class = models.CharField(max_length=12, choices=DataClass, default=DataClass.INTERNAL)
    unit = TenantForeignKey(
        "organizations.Unit", models.PROTECT, related_name="capabilities", db_index=False
    )
    owner_membership = TenantForeignKey(
        "organizations.Membership",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    description = models.TextField(blank=True, max_length=4000)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "capabilities"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "slug"], name="capability_slug"),
            models.CheckConstraint(
                condition=models.Q(stage="retired", retired_at__isnull=False)
                | (~models.Q(stage="retired") & models.Q(retired_at__isnull=True)),
                name="capability_retired_at",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "name_norm"], name="capability_name"),
            models.Index(fields=["organization_id", "unit", "stage"], name="capability_unit"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tier_label(self) -> str:
        return self.get_tier_display() or "From its stories"

    @property
    def is_retired(self) -> bool:
        return self.stage == Stage.RETIRED

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("capability", self.id, self.name)


class TierCatalogue(TenantModel):
    """The organization's own consumption tiers (`tiers.Tiers`), one row at most.

    Without a row the default catalogue is in force. `version` counts changes.
    """

    document = models.JSONField()
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by_name = models.CharField(max_length=200, blank=True)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="tier_catalogue_one"),
        ]

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("tier_catalogue", self.id, "Consumption tiers")
