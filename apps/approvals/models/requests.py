"""Requests and the steps of their routes."""

from django.db import models
from django.db.models import Q

from apps.approvals.enums import (
    Lane,
    RejectReason,
    RequestStatus,
    SampleStatus,
    StepMode,
    StepStatus,
)
from apps.approvals.models.policies import ApprovalPolicy
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


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
    """One step of a request's route. `needed` is fixed when the step opens. `is_distinct`: who
    answered another step of the request does not answer this one.

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
    is_distinct = models.BooleanField(default=False)
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
