"""Data-quality alerts: one row per cause."""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.ledger.quality.enums import Kind, Severity, State
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class QualityAlert(TenantModel):
    """A reason to doubt figures, or to ask why they moved. `subject` is the fingerprint of its
    cause. `by_person` says that a person, not the next check, resolved it."""

    kind = models.CharField(max_length=10, choices=Kind.choices())
    subject = models.CharField(max_length=200)
    severity = models.CharField(max_length=4, choices=Severity.choices())
    state = models.CharField(max_length=12, choices=State.choices(), default=State.OPEN.value)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    source_id = models.UUIDField(null=True)
    capability_id = models.UUIDField(null=True)
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
