"""An audit, what it froze, what it found and who signed."""

from datetime import date

from django.db import models

from apps.audits import rules
from apps.audits.enums import AuditStatus, Check, FindingStatus, Severity
from apps.common import clock
from apps.organizations.models import Membership, Unit
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Audit(TenantModel):
    """A consumption audit of a period [period_start, period_end) and a unit, or everything.

    `version` counts changes: an action on an older one is a conflict. `required_roles` sign in
    any order, each by another person.
    """

    ref = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    purpose = models.TextField(blank=True, default="")
    unit = TenantForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    period_start = models.DateField()
    period_end = models.DateField()
    currency = models.CharField(max_length=3, default="USD")
    status = models.CharField(max_length=12, choices=AuditStatus, default=AuditStatus.PLANNED)
    version = models.IntegerField(default=1)
    lead = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    required_roles = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "ref"], name="audit_ref"),
            models.CheckConstraint(
                condition=models.Q(period_end__gt=models.F("period_start")), name="audit_period"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "status", "id"], name="audit_org_status"),
            models.Index(fields=["organization_id", "unit"], name="audit_org_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("audit", self.id, str(self))


class AuditBaseline(TenantModel):
    """The figures as they were, as canonical JSON with its SHA-256. Never changed."""

    audit = TenantForeignKey(Audit, models.PROTECT, related_name="baselines", db_index=False)
    number = models.IntegerField()
    captured_at = models.DateTimeField()
    data_as_of = models.DateTimeField(null=True)
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    spend_nanos = models.BigIntegerField()
    tokens = models.BigIntegerField()

    tenant_table = TenantTable(append_only=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "audit", "number"], name="audit_baseline_number"
            )
        ]


class Finding(TenantModel):
    """Something that must be explained or mended. `evidence` is the query that shows it.

    `exception` is the last request to live with it: approved, the finding is accepted while the
    exception holds, and it counts again on the day after.
    """

    audit = TenantForeignKey(Audit, models.PROTECT, related_name="findings", db_index=False)
    number = models.IntegerField()
    check_name = models.CharField(max_length=16, choices=Check)
    subject = models.CharField(max_length=100, blank=True, default="")
    severity = models.CharField(max_length=8, choices=Severity)
    title = models.CharField(max_length=200)
    seen = models.TextField()
    remedy = models.TextField(blank=True, default="")
    effect_nanos = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="USD")
    evidence = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    version = models.IntegerField(default=1)
    unit = TenantForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    owner = TenantForeignKey(
        Membership, models.PROTECT, null=True, related_name="+", db_index=False
    )
    due_on = models.DateField(null=True)
    exception = TenantForeignKey(
        "asks.Ask", models.PROTECT, null=True, related_name="+", db_index=False
    )
    response = models.TextField(blank=True, default="")
    resolution = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "audit", "number"], name="finding_number"
            ),
            models.UniqueConstraint(
                fields=["organization_id", "audit", "check_name", "subject"],
                condition=~models.Q(check_name="manual"),
                name="finding_once_per_check",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "owner", "status"], name="finding_owner"),
            models.Index(
                fields=["organization_id", "exception"],
                condition=models.Q(exception__isnull=False),
                name="finding_exception",
            ),
        ]

    def __str__(self) -> str:
        return f"F-{self.number:02d} {self.title}"

    def is_accepted_on(self, day: date) -> bool:
        """Whether somebody who may has decided to live with it, for this day."""
        return self.exception is not None and self.exception.holds_on(day)

    def is_settled_on(self, day: date) -> bool:
        """Whether it no longer holds up the report."""
        return self.status in rules.SETTLED or self.is_accepted_on(day)

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("finding", self.id, f"{self.audit.ref} {self}")


class AuditReport(TenantModel):
    """One issue of the report: canonical JSON and its SHA-256. Never changed."""

    audit = TenantForeignKey(Audit, models.PROTECT, related_name="reports", db_index=False)
    number = models.IntegerField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    tenant_table = TenantTable(append_only=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "audit", "number"], name="audit_report_number"
            )
        ]


class Signature(TenantModel):
    """One person's signature under one issue of the report, for one role. Never changed.

    It stands while the approval it was given with (`decision_id`) stands: an answer that is taken
    back takes its signature with it, and the next one for the role has the next `attempt`.
    `capacity` says as what somebody signed who does not hold the role: a deputy, a fallback.
    """

    report = TenantForeignKey(
        AuditReport, models.PROTECT, related_name="signatures", db_index=False
    )
    role = models.CharField(max_length=20)
    attempt = models.IntegerField(default=1)
    decision_id = models.UUIDField(null=True)
    capacity = models.CharField(max_length=200, blank=True, default="")
    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    person_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    tenant_table = TenantTable(append_only=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "report", "role", "attempt"], name="signature_role"
            ),
            models.UniqueConstraint(
                fields=["organization_id", "decision_id"], name="signature_decision"
            ),
        ]
