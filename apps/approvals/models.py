"""Policies, requests, their steps and people, and the decisions: append-only evidence."""

from django.db import models
from django.db.models import Q

from apps.approvals.enums import (
    AssignmentVia,
    Decision,
    PartyReason,
    RequestStatus,
    StepMode,
    StepStatus,
)
from apps.common import clock
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class ApprovalPolicy(TenantModel):
    """A named route. Its document lives in versions; a request keeps the version it was opened
    under. Among active policies for a subject the first by `priority` that applies is taken.

    `subject_type` empty: for every subject. The default policy applies when nothing else does.
    """

    name = models.CharField(max_length=120)
    subject_type = models.CharField(max_length=40, blank=True)
    priority = models.IntegerField(default=100)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    current_version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "approval policies"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "name"], name="approvalpolicy_name"),
            models.UniqueConstraint(
                fields=["organization_id"],
                condition=Q(is_default=True),
                name="approvalpolicy_one_default",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "is_active", "priority"], name="approvalpolicy_order"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("approval_policy", self.id, self.name)


class ApprovalPolicyVersion(TenantModel):
    """One state of a policy's document (`rules.policy.PolicyDocument` as JSON)."""

    tenant_table = TenantTable(append_only=True)

    policy = TenantForeignKey(
        ApprovalPolicy, models.PROTECT, related_name="versions", db_index=False
    )
    number = models.IntegerField()
    document = models.JSONField()
    note = models.TextField(blank=True)
    author_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "policy", "number"], name="approvalpolicy_version"
            )
        ]


class ApprovalRequest(TenantModel):
    """A question to people: may this revision of a subject go ahead, up to this amount?

    Moved only by conditional updates on (`status`, `version`); every act adds one to `version`.
    `amount_nanos` is per `amount_period` (`month`, `once`); `approved_nanos` is what remains of it
    after lowered caps. `facts` and `route` are the snapshot the policy was applied to; `flags` are
    the marks shown in the queue, `[{"tone": "warn", "text": "..."}]`.
    """

    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_ref = models.CharField(max_length=40, blank=True)
    revision_id = models.UUIDField()
    revision_number = models.IntegerField(default=1)
    title = models.CharField(max_length=200)
    title_norm = models.CharField(max_length=200, editable=False)
    summary = models.TextField(blank=True)
    status = models.CharField(
        max_length=20, choices=RequestStatus.choices(), default=RequestStatus.PENDING
    )
    version = models.IntegerField(default=1)
    unit = TenantForeignKey(
        "organizations.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    amount_nanos = models.BigIntegerField(null=True)
    amount_period = models.CharField(max_length=10, default="month")
    currency = models.CharField(max_length=3, default="USD")
    approved_nanos = models.BigIntegerField(null=True)
    requester = TenantForeignKey(
        "organizations.Membership",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    requester_name = models.CharField(max_length=200)
    policy = TenantForeignKey(ApprovalPolicy, models.PROTECT, related_name="+", db_index=False)
    policy_version = models.IntegerField()
    facts = models.JSONField(default=dict)
    route = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    current_step = models.IntegerField(default=1)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    closed_note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "subject_type", "subject_id"],
                condition=Q(status="pending"),
                name="approvalrequest_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", closed_at__isnull=True)
                | (~Q(status="pending") & Q(closed_at__isnull=False)),
                name="approvalrequest_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(approved_nanos__isnull=True) | Q(approved_nanos__gte=0),
                name="approvalrequest_cap",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "status", "due_at"], name="approvalrequest_due"
            ),
            models.Index(
                fields=["organization_id", "status", "closed_at"], name="approvalrequest_closed"
            ),
            models.Index(
                fields=["organization_id", "subject_type", "subject_id", "opened_at"],
                name="approvalrequest_subject",
            ),
            models.Index(fields=["organization_id", "unit", "status"], name="approvalrequest_unit"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == RequestStatus.PENDING

    @property
    def label(self) -> str:
        """`TS-0142 v3` or the revision alone."""
        return f"{self.subject_ref} v{self.revision_number}".strip()

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("approval_request", self.id, f"{self.subject_ref} {self.title}".strip())


class ApprovalStep(TenantModel):
    """One step of a request's route. `needed` is fixed when the step opens."""

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="steps", db_index=False
    )
    position = models.IntegerField()
    name = models.CharField(max_length=120)
    roles = models.JSONField(default=list)
    fallback_roles = models.JSONField(default=list)
    mode = models.CharField(max_length=10, choices=StepMode.choices(), default=StepMode.ANY)
    quorum = models.IntegerField(default=1)
    needed = models.IntegerField(default=1)
    due_working_days = models.IntegerField(default=3)
    status = models.CharField(
        max_length=20, choices=StepStatus.choices(), default=StepStatus.WAITING
    )
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "request", "position"], name="approvalstep_position"
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "status"], name="approvalstep_status"),
        ]

    def __str__(self) -> str:
        return self.name


class ApprovalAssignment(TenantModel):
    """A person who may decide a step. `is_open` while their answer can still count."""

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="assignments", db_index=False
    )
    step = TenantForeignKey(
        ApprovalStep, models.PROTECT, related_name="assignments", db_index=False
    )
    membership = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, blank=True)
    via = models.CharField(
        max_length=10, choices=AssignmentVia.choices(), default=AssignmentVia.ROLE
    )
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "step", "membership"], name="approvalassignment_person"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "membership", "is_open"], name="approvalassignment_mine"
            ),
            models.Index(fields=["organization_id", "request"], name="approvalassignment_request"),
        ]


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


class ApprovalDecision(TenantModel):
    """One person's answer to one step, about one revision. Never changed, never removed."""

    tenant_table = TenantTable(append_only=True)

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="decisions", db_index=False
    )
    step = TenantForeignKey(ApprovalStep, models.PROTECT, related_name="decisions", db_index=False)
    membership = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, blank=True)
    decision = models.CharField(max_length=20, choices=Decision.choices())
    note = models.TextField(blank=True)
    cap_nanos = models.BigIntegerField(null=True)
    revision_id = models.UUIDField()
    request_version = models.IntegerField()
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "step", "membership"], name="approvaldecision_person"
            ),
            models.UniqueConstraint(
                fields=["organization_id", "request", "request_version"],
                name="approvaldecision_version",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "membership", "decided_at"],
                name="approvaldecision_mine",
            )
        ]
