"""The iteration calendar of teams, and the stories that were put in or taken out by hand."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Sprint(TenantModel):
    """One iteration of a team and those below it. `ends_on` is the day after the last.

    Sprints of one unit do not overlap. `version` counts changes of the sprint and its stories.
    """

    unit = TenantForeignKey("organizations.Unit", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=80)
    name_norm = models.CharField(max_length=80, editable=False)
    starts_on = models.DateField()
    ends_on = models.DateField()
    goal = models.CharField(max_length=400, blank=True)
    version = models.IntegerField(default=1)
    added_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "unit", "starts_on"], name="sprint_start"
            ),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="sprint_dates"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "-starts_on"], name="sprint_recent"),
            models.Index(fields=["organization_id", "name_norm"], name="sprint_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days

    def state(self, today: date) -> str:
        if today < self.starts_on:
            return "to come"
        return "running" if today < self.ends_on else "over"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("sprint", self.id, self.name)


class SprintStory(TenantModel):
    """What a person said about one story in one sprint, against or without its dates."""

    sprint = TenantForeignKey(Sprint, models.CASCADE, related_name="chosen", db_index=False)
    story = TenantForeignKey("stories.TokenStory", models.PROTECT, related_name="+", db_index=False)
    is_in = models.BooleanField()
    by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "sprint", "story"], name="sprintstory_once"
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "story"], name="sprintstory_story")]
