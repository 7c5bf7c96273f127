"""Routes and their versions."""

from django.db import models
from django.db.models import Q

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
