"""What was said: decisions, what was undone, conditions, questions. Evidence."""

from django.db import models

from apps.approvals.enums import (
    ConditionStatus,
    Decision,
    RejectReason,
)
from apps.approvals.models.requests import ApprovalRequest, ApprovalStep
from apps.common import clock
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


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

    @property
    def is_late(self) -> bool:
        """Open after its day (UTC): a mark for people, nothing depends on it."""
        open_now = self.status == ConditionStatus.OPEN
        return open_now and self.due_on is not None and self.due_on < clock.today()

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
