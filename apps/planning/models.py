"""Planning cycles, the rounds their numbers went through, and the envelopes of teams."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q

from apps.common import clock
from apps.planning.enums import CycleKind, CycleStatus
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class PlanningCycle(TenantModel):
    """A quarter or year for which teams are given envelopes. `ends_on` is the day after the last.

    `round_number` is the round that takes numbers; earlier ones stay as they were. Locking ends it:
    the allocations of that round are the approved envelopes. `version` guards rounds and the lock.
    Teams are asked to say what they need until `requests_until`, or else before the cycle begins;
    later requests are taken as long as it is open. `reminded_at` is when they were reminded.
    """

    name = models.CharField(max_length=120)
    name_norm = models.CharField(max_length=120, editable=False)
    kind = models.CharField(max_length=8, choices=CycleKind.choices())
    starts_on = models.DateField()
    ends_on = models.DateField()
    requests_until = models.DateField(null=True)
    reminded_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=6, choices=CycleStatus.choices(), default=CycleStatus.OPEN.value
    )
    round_number = models.IntegerField(default=0)
    version = models.IntegerField(default=1)
    opened_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    locked_at = models.DateTimeField(null=True)
    locked_by_name = models.CharField(max_length=200, blank=True)
    lock_note = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "starts_on", "ends_on"], name="planningcycle_days"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="planningcycle_dates"
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "name_norm"], name="planningcycle_name"),
            models.Index(fields=["organization_id", "status"], name="planningcycle_status"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status == CycleStatus.OPEN

    @property
    def closes_on(self) -> date:
        """The last day on which teams are asked for requests."""
        return self.requests_until or self.starts_on - timedelta(days=1)

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("planning_cycle", self.id, self.name)


class PlanningRound(TenantModel):
    """One scenario: a copy of all numbers, from which the next was started. 0 is the draft."""

    tenant_table = TenantTable(append_only=True)

    cycle = TenantForeignKey(PlanningCycle, models.PROTECT, related_name="rounds", db_index=False)
    number = models.IntegerField()
    name = models.CharField(max_length=80)
    note = models.CharField(max_length=2000, blank=True)
    copied_from = models.IntegerField(null=True)
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "cycle", "number"], name="planninground_number"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Envelope(TenantModel):
    """What a team asks for and is given in one round of a cycle, over the whole cycle.

    It covers the unit and those below it that have no envelope of their own. Null is not said yet;
    0 is nothing. `version` counts changes of either number.
    """

    round = TenantForeignKey(
        PlanningRound, models.PROTECT, related_name="envelopes", db_index=False
    )
    unit = TenantForeignKey("organizations.Unit", models.PROTECT, related_name="+", db_index=False)
    requested_nanos = models.BigIntegerField(null=True)
    requested_note = models.CharField(max_length=2000, blank=True)
    requested_by_name = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField(null=True)
    allocated_nanos = models.BigIntegerField(null=True)
    allocated_note = models.CharField(max_length=2000, blank=True)
    allocated_by_name = models.CharField(max_length=200, blank=True)
    allocated_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "round", "unit"], name="envelope_once"
            ),
            models.CheckConstraint(
                condition=Q(requested_nanos__isnull=True) | Q(requested_nanos__gte=0),
                name="envelope_requested",
            ),
            models.CheckConstraint(
                condition=Q(allocated_nanos__isnull=True) | Q(allocated_nanos__gte=0),
                name="envelope_allocated",
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "unit"], name="envelope_unit")]

    def __str__(self) -> str:
        return f"Envelope of {self.unit_id}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("envelope", self.id, f"{self.round.cycle.name}: {self.unit.name}")


COPIED = (
    "requested_nanos", "requested_note", "requested_by_name", "requested_at",
    "allocated_nanos", "allocated_note", "allocated_by_name", "allocated_at",
)  # fmt: skip
"""What a new round takes over from the one it starts from."""
