"""What a provider's answers hold that nobody documented, or no longer hold."""

from django.db import models

from apps.common import clock
from apps.connectors.enums import SchemaChange
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class SchemaAlarm(TenantModel):
    """One field of one endpoint's answer that differs from the documented shape.

    It is raised once and stays until somebody acknowledges it; `last_seen` is the last run that
    met it. `touches_figures` says that the field's name speaks of tokens or money.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, related_name="alarms", db_index=False
    )
    endpoint = models.CharField(max_length=160)
    field = models.CharField(max_length=200)
    change = models.CharField(max_length=8, choices=SchemaChange)
    touches_figures = models.BooleanField(default=False)
    first_seen = models.DateTimeField(default=clock.now)
    last_seen = models.DateTimeField(default=clock.now)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source", "endpoint", "field", "change"],
                name="schema_alarm_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.endpoint}"
