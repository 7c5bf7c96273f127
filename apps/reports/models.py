"""Schedules of reports, their issues, and each person's copy of an issue."""

from django.db import models
from django.db.models import Q

from apps.common import clock
from apps.organizations.models import Membership
from apps.reports.enums import Cadence, DeliveryState
from apps.reports.rules import LAST_MONTH_DAY, Timing
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class ReportSchedule(TenantModel):
    """A page with its filters (`kinds.register`), sent to people of the organization.

    `due_at` is the next instant; None while paused. `version` counts changes.
    """

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    name_norm = models.CharField(max_length=80, editable=False)
    query = models.TextField(blank=True)
    cadence = models.CharField(max_length=8, choices=Cadence)
    hour = models.SmallIntegerField(default=7)
    weekday = models.SmallIntegerField(default=0)
    month_day = models.SmallIntegerField(default=1)
    with_csv = models.BooleanField(default=True)
    with_pdf = models.BooleanField(default=False)
    owner = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    owner_name = models.CharField(max_length=200)
    due_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(hour__gte=0, hour__lte=23)
                & Q(weekday__gte=0, weekday__lte=6)
                & Q(month_day__gte=1, month_day__lte=LAST_MONTH_DAY),
                name="report_schedule_timing",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "due_at"], name="report_schedule_due"),
            models.Index(fields=["organization_id", "owner"], name="report_schedule_owner"),
            models.Index(fields=["organization_id", "name_norm"], name="report_schedule_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def timing(self) -> Timing:
        return Timing(self.cadence, self.hour, self.weekday, self.month_day)

    @property
    def is_paused(self) -> bool:
        return self.due_at is None

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("report_schedule", self.id, self.name)


class ReportRecipient(TenantModel):
    """Somebody whom a schedule sends to."""

    schedule = TenantForeignKey(
        ReportSchedule, models.CASCADE, related_name="recipients", db_index=False
    )
    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "schedule", "membership"], name="report_recipient_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "membership"], name="report_recipient_member"),
        ]


class ReportIssue(TenantModel):
    """The report of one period, days [period_start, period_end): once per schedule and period.

    One that a person asked for besides names them and goes to them alone.
    """

    schedule = TenantForeignKey(
        ReportSchedule, models.CASCADE, related_name="issues", db_index=False
    )
    period_start = models.DateField()
    period_end = models.DateField()
    asked_by_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "schedule", "period_start", "period_end"],
                condition=Q(asked_by_id__isnull=True),
                name="report_issue_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "schedule", "-id"], name="report_issue_recent"),
            models.Index(fields=["organization_id", "created_at"], name="report_issue_age"),
        ]


class ReportDelivery(TenantModel):
    """One person's copy. `claimed_until` keeps other workers away while one sends it.

    `reason` says why it was withheld or what went wrong last; `headline` is what it said.
    """

    issue = TenantForeignKey(ReportIssue, models.CASCADE, related_name="+", db_index=False)
    schedule = TenantForeignKey(ReportSchedule, models.CASCADE, related_name="+", db_index=False)
    membership = TenantForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(
        max_length=8, choices=DeliveryState, default=DeliveryState.WAITING, editable=False
    )
    reason = models.CharField(max_length=300, blank=True)
    headline = models.CharField(max_length=300, blank=True)
    attempts = models.IntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "issue", "membership"], name="report_delivery_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "schedule", "-id"], name="report_delivery_recent"
            ),
            models.Index(fields=["organization_id", "membership"], name="report_delivery_person"),
        ]
