"""What is asked for besides a story, in revisions."""

from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.asks.enums import AskKind, AskStatus, Rule
from apps.common import clock
from apps.entitlements.enums import Gives, Reach
from apps.entitlements.rules import Wanted
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Ask(TenantModel):
    """One request of a person. Its present content; each submission is an AskRevision.

    `amount_nanos` is money: added, set or moved; for an exception or entitlement the most it may
    cost a month. What an entitlement is to is an AskedEntitlement of the revision.
    Days include both ends. Moved by conditional updates on (`status`, `version`).
    """

    number = models.IntegerField()
    ref = models.CharField(max_length=16)
    kind = models.CharField(max_length=11, choices=AskKind.choices())
    rule = models.CharField(max_length=10, choices=Rule.choices(), blank=True)
    title = models.CharField(max_length=160)
    title_norm = models.CharField(max_length=160, editable=False)
    reason = models.TextField()
    about = models.CharField(max_length=200, blank=True)
    unit = TenantForeignKey(
        "organizations.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    budget = TenantForeignKey(
        "budgets.Budget", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    source_budget = TenantForeignKey(
        "budgets.Budget", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    amount_nanos = models.BigIntegerField(null=True)
    approved_nanos = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=AskStatus.choices(), default=AskStatus.ASKED)
    version = models.IntegerField(default=1)
    revision_number = models.IntegerField(default=1)
    request_id = models.UUIDField(null=True)
    requester = TenantForeignKey(
        "organizations.Membership", models.PROTECT, null=True, related_name="+", db_index=False
    )
    requester_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "number"], name="ask_number"),
            models.CheckConstraint(
                condition=Q(amount_nanos__isnull=True) | Q(amount_nanos__gte=0), name="ask_amount"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="ask_dates",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "status", "-number"], name="ask_status"),
            models.Index(fields=["organization_id", "unit", "kind", "status"], name="ask_unit"),
            models.Index(fields=["organization_id", "budget"], name="ask_budget"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def is_exception(self) -> bool:
        return self.kind == AskKind.EXCEPTION

    @property
    def is_entitlement(self) -> bool:
        return self.kind == AskKind.ENTITLEMENT

    def holds_on(self, day: date) -> bool:
        """Whether an approved exception or entitlement covers a day."""
        return (
            self.status == AskStatus.APPROVED
            and self.starts_on <= day
            and (self.ends_on is None or day <= self.ends_on)
        )

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("ask", self.id, str(self))


class AskRevision(TenantModel):
    """One submission of an ask, as it was decided about."""

    tenant_table = TenantTable(append_only=True)

    ask = TenantForeignKey(Ask, models.PROTECT, related_name="revisions", db_index=False)
    number = models.IntegerField()
    title = models.CharField(max_length=160)
    reason = models.TextField()
    about = models.CharField(max_length=200, blank=True)
    amount_nanos = models.BigIntegerField(null=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "ask", "number"], name="askrevision_number"
            )
        ]


class AskedEntitlement(TenantModel):
    """What one revision wants an entitlement to be to, and the evidence for it.

    Of a person and of a team the unit is the ask's.
    """

    tenant_table = TenantTable(append_only=True)

    revision = TenantForeignKey(
        AskRevision, models.PROTECT, related_name="entitlements", db_index=False
    )
    gives = models.CharField(max_length=10, choices=Gives.choices())
    capability = TenantForeignKey(
        "portfolio.Capability", models.PROTECT, null=True, related_name="+", db_index=False
    )
    user = models.CharField(max_length=200, blank=True)
    reach = models.CharField(max_length=10, choices=Reach.choices(), blank=True)
    model_names = models.JSONField(default=list)
    context_tokens = models.BigIntegerField(null=True)
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "revision"], name="askedentitlement_once"
            )
        ]

    def wanted(self, unit_id: UUID | None) -> Wanted:
        """For the unit of the ask, where nobody narrower is named."""
        narrower = bool(self.capability_id or self.user)
        return Wanted(
            gives=self.gives,
            unit_id=None if narrower else unit_id,
            capability_id=self.capability_id,
            user=self.user,
            reach=self.reach,
            models=tuple(self.model_names),
            context_tokens=self.context_tokens,
        )
