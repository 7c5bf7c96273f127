"""Policies, requests, their steps and people, and the decisions: append-only evidence."""

from datetime import time
from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.approvals.enums import (
    AssignmentVia,
    ConditionStatus,
    Decision,
    DelegationKind,
    Lane,
    PartyReason,
    RejectReason,
    RequestStatus,
    SampleStatus,
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
    the marks shown in the queue, `[{"tone": "warn", "text": "..."}]`. `lane` says who decides;
    `memento` is what the subject needs to undo the last answer.
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
    lane = models.CharField(max_length=10, choices=Lane.choices(), default=Lane.PEOPLE)
    sample_status = models.CharField(
        max_length=10, choices=SampleStatus.choices(), default=SampleStatus.NONE
    )
    current_step = models.IntegerField(default=1)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    closed_note = models.TextField(blank=True)
    closed_reason = models.CharField(max_length=20, choices=RejectReason.choices(), blank=True)
    memento = models.JSONField(default=dict)

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
            models.Index(
                fields=["organization_id", "requester", "opened_at"], name="approvalrequest_asker"
            ),
            models.Index(
                fields=["organization_id", "sample_status"],
                condition=Q(sample_status="due"),
                name="approvalrequest_sample",
            ),
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
    """One step of a request's route. `needed` is fixed when the step opens.

    `reminded_at`, `overdue_at` and `escalated_at` are claimed by conditional updates: each of the
    three is done once per step, whoever and however often the schedule runs.
    """

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
    remind_working_days = models.IntegerField(default=1)
    escalate_working_days = models.IntegerField(null=True)
    escalate_roles = models.JSONField(default=list)
    status = models.CharField(
        max_length=20, choices=StepStatus.choices(), default=StepStatus.WAITING
    )
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "request", "position"], name="approvalstep_position"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "status", "due_at"], name="approvalstep_status"
            ),
            models.Index(fields=["organization_id", "closed_at"], name="approvalstep_closed"),
        ]

    def __str__(self) -> str:
        return self.name


class ApprovalAssignment(TenantModel):
    """A person who may decide a step. `is_open` while their answer can still count.

    The *seat* is whose place it is: the person's own, or that of `on_behalf_of` for a deputy.
    `roles` are all roles of the step the seat holds: one person answers once for all of them.
    The step is not finished without the seats that are `is_required` (added approvers). What was
    given `is_by_hand` is not taken away when roles or delegations change.
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


class ApprovalDecision(TenantModel):
    """One person's answer to one step, about one revision. Never changed, never removed.

    `seats` are the memberships it speaks for, `ceiling_nanos` the cap in force before it. An
    answer that was undone has a row in ApprovalUndo and no longer counts; the person's next one
    has the next `attempt`.
    """

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
    ceiling_nanos = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=20, choices=RejectReason.choices(), blank=True)
    roles = models.JSONField(default=list)
    seats = models.JSONField(default=list)
    on_behalf_names = models.CharField(max_length=400, blank=True)
    attempt = models.IntegerField(default=1)
    revision_id = models.UUIDField()
    request_version = models.IntegerField()
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "step", "membership", "attempt"],
                name="approvaldecision_person",
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


class ApprovalUndo(TenantModel):
    """An answer taken back by who gave it, within the window and before anything used it."""

    tenant_table = TenantTable(append_only=True)

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="undos", db_index=False
    )
    decision = TenantForeignKey(
        ApprovalDecision, models.PROTECT, related_name="undos", db_index=False
    )
    membership = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    undone_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "decision"], name="approvalundo_once"
            )
        ]
        indexes = [models.Index(fields=["organization_id", "request"], name="approvalundo_request")]


class ApprovalCondition(TenantModel):
    """Something an approval asks for, tracked until it is met or waived.

    Moved by conditional updates on `status`.
    """

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="conditions", db_index=False
    )
    decision_version = models.IntegerField()
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    text = models.CharField(max_length=300)
    owner = TenantForeignKey(
        "organizations.Membership", models.PROTECT, null=True, related_name="+", db_index=False
    )
    owner_name = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(null=True)
    status = models.CharField(
        max_length=10, choices=ConditionStatus.choices(), default=ConditionStatus.OPEN
    )
    asked_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    closed_note = models.TextField(blank=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["organization_id", "request"], name="approvalcondition_request"),
            models.Index(
                fields=["organization_id", "subject_type", "subject_id"],
                name="approvalcondition_subject",
            ),
            models.Index(
                fields=["organization_id", "status", "due_on"], name="approvalcondition_due"
            ),
            models.Index(
                fields=["organization_id", "owner", "status"], name="approvalcondition_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("approval_condition", self.id, self.text)


class ApprovalQuestion(TenantModel):
    """A question about a request, and its answer. It pauses nothing."""

    request = TenantForeignKey(
        ApprovalRequest, models.PROTECT, related_name="questions", db_index=False
    )
    asked_by = TenantForeignKey(
        "organizations.Membership", models.PROTECT, related_name="+", db_index=False
    )
    asked_by_name = models.CharField(max_length=200)
    text = models.TextField()
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by_name = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["organization_id", "request"], name="approvalquestion_request")
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


class ApprovalHoliday(TenantModel):
    """A day on which nobody is expected to decide."""

    day = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "day"], name="approvalholiday_day")
        ]

    def __str__(self) -> str:
        return f"{self.day.isoformat()} {self.name}"


class ApprovalSettings(TenantModel):
    """The organization's working week, and how long an answer can be undone. One row at most.

    `workdays` has bit 0 for Monday to bit 6 for Sunday; `undo_hours` 0 switches undoing off.
    """

    workdays = models.SmallIntegerField(default=0b0011111)
    closes_at = models.TimeField(default=time(18, 0))
    undo_hours = models.SmallIntegerField(default=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="approvalsettings_one"),
            models.CheckConstraint(
                condition=Q(workdays__gte=1, workdays__lte=127), name="approvalsettings_week"
            ),
            models.CheckConstraint(
                condition=Q(undo_hours__gte=0, undo_hours__lte=168),
                name="approvalsettings_undo",
            ),
        ]
