"""What becomes of stories: where they came from, months outside what was approved, their value."""

from django.db import models

from apps.common import clock
from apps.stories.enums import BandCause, BandOutcome, ValueOutcome
from apps.stories.models.stories import TokenStory
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class ImportedRow(TenantModel):
    """A row of a file that became a story: importing it again makes no second one.

    ``digest`` is of the row's cells alone, so that it does not matter which file it came in.
    """

    digest = models.CharField(max_length=64)
    story = TenantForeignKey(TokenStory, models.PROTECT, related_name="+", db_index=False)
    imported_at = models.DateTimeField(default=clock.now)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "digest"], name="imported_row"),
        ]


class BandExit(TenantModel):
    """A month in which a story left what was approved: over, its measured cost passed the P90 of
    the estimate; running, it reached the limit of its budget (``cause``).

    It asks for a new decision by itself; ``outcome`` is what was decided. One row a month,
    whichever came first. ``p90_nanos`` is 0 for a month that the estimate does not plan;
    ``limit_nanos`` and ``likely_nanos`` (forecast cost of the month) are those of the overrun.
    """

    story = TenantForeignKey(TokenStory, models.PROTECT, related_name="exits", db_index=False)
    revision_id = models.UUIDField()
    month = models.DateField()
    measured_nanos = models.BigIntegerField()
    estimated_nanos = models.BigIntegerField()
    p90_nanos = models.BigIntegerField()
    cause = models.CharField(
        max_length=6, choices=BandCause.choices(), default=BandCause.BAND.value
    )
    limit_nanos = models.BigIntegerField(null=True)
    likely_nanos = models.BigIntegerField(null=True)
    outcome = models.CharField(
        max_length=10, choices=BandOutcome.choices(), default=BandOutcome.OPEN.value
    )
    found_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "story", "month"], name="band_exit_once"
            ),
        ]

    def __str__(self) -> str:
        if self.is_overrun:
            return f"{self.month:%B %Y} over its budget"
        return f"{self.month:%B %Y} above the approved band"

    @property
    def is_overrun(self) -> bool:
        return self.cause == BandCause.BUDGET


class BandWarning(TenantModel):
    """A running month that is forecast to end above the P90 of the approved estimate.

    A forecast and no finding: it tells people once a month, and asks for no decision. ``days`` are
    the complete days of the month it was made from; low and high are its P10 and P90.
    """

    story = TenantForeignKey(TokenStory, models.PROTECT, related_name="warnings", db_index=False)
    revision_id = models.UUIDField()
    month = models.DateField()
    days = models.SmallIntegerField()
    measured_nanos = models.BigIntegerField()
    low_nanos = models.BigIntegerField()
    likely_nanos = models.BigIntegerField()
    high_nanos = models.BigIntegerField()
    p90_nanos = models.BigIntegerField()
    warned_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "story", "month"], name="band_warning_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y} is forecast above the approved band"


class ValueReport(TenantModel):
    """What a story turned out to be worth, measured on a day. Never changed: the newest one counts.

    ``measured_change`` is in the unit of the approved revision's hypothesis, ``expected_change`` a
    copy of what it expected; ``month_nanos`` is what the measured change is worth a month at the
    planned interactions, None where the hypothesis is not in money.
    """

    tenant_table = TenantTable(append_only=True)

    story = TenantForeignKey(
        TokenStory, models.PROTECT, related_name="value_reports", db_index=False
    )
    revision_number = models.IntegerField()
    measured_on = models.DateField()
    expected_change = models.DecimalField(max_digits=20, decimal_places=4)
    measured_change = models.DecimalField(max_digits=20, decimal_places=4)
    outcome = models.CharField(max_length=10, choices=ValueOutcome.choices())
    month_nanos = models.BigIntegerField(null=True)
    note = models.CharField(max_length=2000)
    evidence_url = models.CharField(max_length=500, blank=True)
    reported_at = models.DateTimeField(default=clock.now, editable=False)
    reported_by_kind = models.CharField(max_length=8)
    reported_by_id = models.UUIDField(null=True)
    reported_by_name = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "story", "-reported_at"], name="value_report"),
        ]

    def __str__(self) -> str:
        return f"value measured on {self.measured_on}"


class Initiative(TenantModel):
    """Planned work known from a tracker, so that what has no story can be named."""

    key = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    title_norm = models.CharField(max_length=200)
    url = models.CharField(max_length=500, blank=True)
    unit = TenantForeignKey(
        "organizations.Unit", models.PROTECT, null=True, related_name="+", db_index=False
    )
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "key"], name="initiative_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"
