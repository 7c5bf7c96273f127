"""Who decides, who must not, who stands in."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.approvals.enums import (
    AssignmentVia,
    DelegationKind,
    PartyReason,
)
from apps.approvals.models.requests import ApprovalRequest, ApprovalStep
from apps.common import clock
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class ApprovalAssignment(TenantModel):
    """A person who may decide a step. `is_open` while their answer can still count.

    The *seat* is whose place it is: the person's own, or that of `on_behalf_of` for a deputy.
    `roles` are all roles of the step the seat holds: one person answers once for all of them.
    The step is not finished without the seats that are `is_required` (added approvers). What was
    given `is_by_hand` is not taken away when roles or delegations change. `closed_version` is that
    of the answer which closed the place: undoing the answer opens these places again, and no other.
    """

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="assignments", db_index=False
    )
    step = TenantForeignKey(
        ApprovalStep, models.PROTECT, related_name="assignments", db_index=False
    )
    membership = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    on_behalf_of = TenantForeignKey(
        "organizations.Membership",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    on_behalf_name = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, blank=True)
    roles = models.JSONField(default=list)
    is_required = models.BooleanField(default=False)
    is_by_hand = models.BooleanField(default=False)
    via = models.CharField(
        max_length=10, choices=AssignmentVia.choices(), default=AssignmentVia.ROLE
    )
    is_open = models.BooleanField(default=True)
    closed_version = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "step", "membership", "on_behalf_of"],
                name="approvalassignment_person",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "membership", "is_open"], name="approvalassignment_mine"
            ),
            models.Index(fields=["organization_id", "request"], name="approvalassignment_request"),
        ]

    @property
    def seat(self) -> UUID:
        return self.on_behalf_of_id or self.membership_id


class ApprovalParty(TenantModel):
    """A person who must not decide a request, and why. Separation of duties as rows."""

    tenant_table = TenantTable(append_only=True)

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="parties", db_index=False
    )
    membership = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=10, choices=PartyReason.choices())
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "request", "membership", "reason"],
                name="approvalparty_once",
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "membership"], name="approvalparty_person")
        ]


class ApprovalDelegation(TenantModel):
    """A deputy from a day to a day, both included, in the organization's time zone.

    The scope narrows by subject, unit (and all below it) and amount; empty means all. The deputy
    answers in the seat of the person; the person may still answer first.
    """

    person = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    person_name = models.CharField(max_length=200)
    deputy = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    deputy_name = models.CharField(max_length=200)
    kind = models.CharField(
        max_length=12, choices=DelegationKind.choices(), default=DelegationKind.DELEGATION
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    subject_type = models.CharField(max_length=40, blank=True)
    unit = TenantForeignKey(
        "organizations.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    max_amount_nanos = models.BigIntegerField(null=True)
    note = models.CharField(max_length=300, blank=True)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")), name="approvaldelegation_dates"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "person", "ends_on"], name="approvaldelegation_person"
            ),
            models.Index(
                fields=["organization_id", "deputy", "ends_on"], name="approvaldelegation_deputy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy_name} for {self.person_name}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("approval_delegation", self.id, str(self))
