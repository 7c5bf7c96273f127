"""Plans that are paid per person, and who is on them."""

from django.db import models

from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class SeatPlan(TenantModel):
    """What one seat costs a calendar month. `price_nanos` null: nobody has stated it.

    It is the latest price; the months before are in `SeatPrice`, so that a new price never changes
    what a past month cost. `source` tells the plan's tokens, and its people where it lists them.
    """

    source = TenantForeignKey(
        "connectors.Source", models.PROTECT, null=True, related_name="seat_plans", db_index=False
    )
    name = models.CharField(max_length=120)
    name_norm = models.CharField(max_length=120)
    price_nanos = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    included = models.CharField(max_length=200, blank=True)
    version = models.IntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "name_norm"], name="seat_plan_name"),
            models.CheckConstraint(
                condition=models.Q(price_nanos__isnull=True) | models.Q(price_nanos__gte=0),
                name="seat_plan_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("seat_plan", self.id, self.name)


class SeatPrice(TenantModel):
    """What a seat of a plan costs a month, from a month on. `since` is the first of a month."""

    plan = TenantForeignKey(SeatPlan, models.PROTECT, related_name="prices", db_index=False)
    since = models.DateField()
    price_nanos = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "plan", "since"], name="seat_price_once"
            ),
            models.CheckConstraint(
                condition=models.Q(price_nanos__isnull=True) | models.Q(price_nanos__gte=0),
                name="seat_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} from {self.since}"


class Seat(TenantModel):
    """One person on a plan on the days [since, ended). `person` is a login or e-mail address."""

    plan = TenantForeignKey(SeatPlan, models.PROTECT, related_name="seats", db_index=False)
    person = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    team = models.CharField(max_length=200, blank=True)
    since = models.DateField()
    ended = models.DateField(null=True)
    last_active = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "plan", "person"],
                condition=models.Q(ended__isnull=True),
                name="seat_held_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "plan", "since"], name="seat_plan_since")
        ]

    def __str__(self) -> str:
        return self.name or self.person
