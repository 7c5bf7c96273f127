"""Work that a person asked for and a worker does, with its progress."""

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from apps.ledger.enums import JobStatus
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class RecostJob(TenantModel):
    """Pricing what had no price. One at a time per organization.

    `adjust_closed`: records of closed months are priced too, as adjustments in an open month.
    `looked` of `total` records were looked at. `by_day` is what appeared: day, records, cost.
    """

    status = models.TextField(choices=JobStatus.choices, default=JobStatus.REQUESTED)
    requested_by = models.TextField()
    adjust_closed = models.BooleanField(default=False)
    total = models.BigIntegerField(default=0)
    looked = models.BigIntegerField(default=0)
    records = models.BigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(default=0)
    adjusted_records = models.BigIntegerField(default=0)
    adjusted_nanos = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    closed = models.BigIntegerField(default=0)
    by_day = models.JSONField(default=list)
    failure = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recost_job"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id"],
                condition=models.Q(status__in=["requested", "running"]),
                name="recost_job_one",
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="recost_job_when")]

    def __str__(self) -> str:
        return "Pricing of unpriced usage"

    @property
    def is_open(self) -> bool:
        return self.status in (JobStatus.REQUESTED, JobStatus.RUNNING)

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("recost_job", UUID(str(self.id)), str(self))


class Reattribution(TenantModel):
    """One run of the attribution rules over the usage of open periods, with its progress.

    `looked` of `total` dimension sets were looked at; `changed` got another owner, which moved
    `moved_nanos` of cost between cells.
    """

    status = models.TextField(choices=JobStatus.choices, default=JobStatus.RUNNING)
    total = models.BigIntegerField(default=0)
    looked = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    moved_nanos = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reattribution"
        indexes = [
            models.Index(fields=["organization_id", "created_at"], name="reattribution_when")
        ]

    @property
    def is_open(self) -> bool:
        return self.status == JobStatus.RUNNING
