"""Data-quality alerts: one row per cause."""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.ledger.quality.enums import Kind, Severity, State
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef

MOST_PERCENT = 10_000


class GrowthThreshold(TenantModel):
    """From which growth on the organization wants to be told, one row at most.

    `percent` is from 28 days to the next 28, None for never; use of less than `least_tokens` in
    the earlier days is not looked at. Without a row the default is in force.
    """

    PERCENT, LEAST_TOKENS = 50, 10_000_000

    percent = models.PositiveIntegerField(null=True, default=PERCENT)
    least_tokens = models.BigIntegerField(default=LEAST_TOKENS)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(default=clock.now)

    tenant_key = False

    class Meta:
        db_table = "quality_growth_threshold"
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="growth_threshold_one"),
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True)
                | models.Q(percent__gte=1, percent__lte=MOST_PERCENT),
                name="growth_threshold_percent",
            ),
            models.CheckConstraint(
                condition=models.Q(least_tokens__gte=0), name="growth_threshold_least"
            ),
        ]

    def __str__(self) -> str:
        return "Growth threshold"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("growth_threshold", UUID(str(self.id)), "Growth threshold")


class QualityAlert(TenantModel):
    """A reason to doubt figures, or to ask why they moved. `subject` is the fingerprint of its
    cause, `path` the page with its figures, inside this site. `by_person` says that a person, not
    the next check, resolved it."""

    kind = models.CharField(max_length=10, choices=Kind.choices())
    subject = models.CharField(max_length=200)
    severity = models.CharField(max_length=4, choices=Severity.choices())
    state = models.CharField(max_length=12, choices=State.choices(), default=State.OPEN.value)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    source_id = models.UUIDField(null=True)
    capability_id = models.UUIDField(null=True)
    path = models.CharField(max_length=300, blank=True, default="")
    since = models.DateField()
    raised = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField(default=clock.now)
    last_seen = models.DateTimeField(default=clock.now)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    by_person = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "quality_alert"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "kind", "subject"], name="quality_alert_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "state"], name="quality_alert_state"),
        ]

    def __str__(self) -> str:
        return self.title

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("quality_alert", UUID(str(self.id)), self.title)
