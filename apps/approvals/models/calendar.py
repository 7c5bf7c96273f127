"""The working calendar."""

from datetime import time

from django.db import models
from django.db.models import Q

from apps.tenancy.models import TenantModel


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
