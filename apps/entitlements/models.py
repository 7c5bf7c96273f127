"""Who may use what their tier does not give, and which tier teams and people have."""

from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.common import clock
from apps.entitlements.enums import Gives, Holder, Reach
from apps.portfolio.enums import Tier
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Entitlement(TenantModel):
    """What an approval entitles a holder to, from a first to a last day, both included.

    Premium: `reach`, or `model_names` ("provider/model"). Context: `context_tokens` of input in
    one call. `ended_on` is set when somebody ends it early: the first day on which it no longer
    holds; `lapsed_at` when it was told that the last day had passed. `version` counts changes.
    `request_id` is the approval that minted it.
    """

    number = models.IntegerField()
    ref = models.CharField(max_length=16)
    gives = models.CharField(max_length=10, choices=Gives.choices())
    holder = models.CharField(max_length=10, choices=Holder.choices())
    unit = TenantForeignKey(
        "organizations.Unit", models.PROTECT, null=True, related_name="+", db_index=False
    )
    capability = TenantForeignKey(
        "portfolio.Capability", models.PROTECT, null=True, related_name="+", db_index=False
    )
    user = models.CharField(max_length=200, blank=True)
    reach = models.CharField(max_length=10, choices=Reach.choices(), blank=True)
    model_names = models.JSONField(default=list)
    context_tokens = models.BigIntegerField(null=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    title_norm = models.CharField(max_length=160, editable=False)
    reason = models.TextField()
    evidence = models.TextField(blank=True)
    request_id = models.UUIDField()
    source_ref = models.CharField(max_length=16)
    source_id = models.UUIDField()
    asked_by = TenantForeignKey(
        "organizations.Membership", models.PROTECT, null=True, related_name="+", db_index=False
    )
    asked_by_name = models.CharField(max_length=200)
    granted_by_name = models.CharField(max_length=200)
    granted_at = models.DateTimeField(default=clock.now, editable=False)
    ended_on = models.DateField(null=True)
    ended_by_name = models.CharField(max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True)
    lapsed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "number"], name="entitlement_number"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")), name="entitlement_dates"
            ),
            models.CheckConstraint(
                condition=(
                    Q(holder="unit", unit__isnull=False, capability__isnull=True, user="")
                    | Q(holder="capability", unit__isnull=True, capability__isnull=False, user="")
                    | (Q(holder="user", unit__isnull=True, capability__isnull=True) & ~Q(user=""))
                ),
                name="entitlement_holder",
            ),
            models.CheckConstraint(
                condition=(
                    (Q(gives="premium", context_tokens__isnull=True) & ~Q(reach=""))
                    | Q(gives="context", context_tokens__gt=0, reach="")
                ),
                name="entitlement_gives",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "ends_on"], name="entitlement_end"),
            models.Index(fields=["organization_id", "capability"], name="entitlement_cap"),
            models.Index(fields=["organization_id", "request_id"], name="entitlement_request"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {Gives(self.gives).label.lower()} for {self.holder_name}"

    @property
    def holder_name(self) -> str:
        if self.unit is not None:
            return self.unit.name
        return self.capability.name if self.capability is not None else self.user

    @property
    def last(self) -> date:
        """Its last day; before its first day when it was ended before it began."""
        if self.ended_on is None:
            return self.ends_on
        return min(self.ends_on, date.fromordinal(self.ended_on.toordinal() - 1))

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day <= self.last

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("entitlement", UUID(str(self.id)), str(self))


class TierAssignment(TenantModel):
    """The tier that somebody gave a unit or a person. `tier` empty: taken back.

    A capability's own tier is its own field (`portfolio.Capability.tier`).
    """

    unit = TenantForeignKey(
        "organizations.Unit", models.PROTECT, null=True, related_name="+", db_index=False
    )
    user = models.CharField(max_length=200, blank=True)
    tier = models.CharField(max_length=10, choices=Tier, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "unit"],
                condition=Q(unit__isnull=False),
                name="tier_assignment_unit",
            ),
            models.UniqueConstraint(
                fields=["organization_id", "user"],
                condition=Q(unit__isnull=True),
                name="tier_assignment_user",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False, user="") | (Q(unit__isnull=True) & ~Q(user="")),
                name="tier_assignment_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"Tier of {self.unit.name if self.unit else self.user}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("tier_assignment", UUID(str(self.id)), str(self))
