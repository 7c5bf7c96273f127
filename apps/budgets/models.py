"""Budgets, the entries that make their amounts, and the thresholds at which they speak up."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.budgets.enums import (
    Basis,
    BudgetStatus,
    BurnState,
    BurnWindow,
    EntryKind,
    PeriodKind,
    Scope,
)
from apps.budgets.rules.crossing import OVERRUN
from apps.budgets.rules.periods import Plan
from apps.common import clock
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class Budget(TenantModel):
    """Money, tokens or both for a scope, per period. Its amounts are its entries.

    The scope narrows from the organization to a unit, a capability, a story; `unit` is set for
    all but the organization's, so that who may see it follows from the unit. The tree is never
    stored: a budget's parents are those of the nearest enclosing scope (`rules.tree`), so moving
    a unit moves its budgets. `ends_on` is the day after the last. `version` counts changes: a
    change states the version it was made on. Without `own_thresholds` the organization's apply.
    """

    name = models.CharField(max_length=160)
    name_norm = models.CharField(max_length=160, editable=False)
    scope = models.CharField(max_length=12, choices=Scope.choices())
    unit = TenantForeignKey(
        "organizations.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    capability = TenantForeignKey(
        "portfolio.Capability",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
        db_index=False,
    )
    story_id = models.UUIDField(null=True, blank=True)
    story_ref = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    period_kind = models.CharField(
        max_length=8, choices=PeriodKind.choices(), default=PeriodKind.MONTH
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    timezone = models.CharField(max_length=64)
    year_starts_in = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(
        max_length=10, choices=BudgetStatus.choices(), default=BudgetStatus.ACTIVE
    )
    owner_membership = TenantForeignKey(
        "organizations.Membership",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    own_thresholds = models.BooleanField(default=False)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=models.F("starts_on")),
                name="budget_dates",
            ),
            models.CheckConstraint(
                condition=~Q(period_kind="custom") | Q(ends_on__isnull=False),
                name="budget_custom_ends",
            ),
            models.CheckConstraint(
                condition=Q(
                    scope="organization",
                    unit__isnull=True,
                    capability__isnull=True,
                    story_id__isnull=True,
                )
                | Q(
                    scope="unit",
                    unit__isnull=False,
                    capability__isnull=True,
                    story_id__isnull=True,
                )
                | Q(
                    scope="capability",
                    unit__isnull=False,
                    capability__isnull=False,
                    story_id__isnull=True,
                )
                | Q(scope="story", unit__isnull=False, story_id__isnull=False),
                name="budget_scope",
            ),
            models.UniqueConstraint(
                fields=["organization_id", "story_id"],
                condition=Q(status="active", scope="story"),
                name="budget_one_per_story",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "status", "name_norm"], name="budget_name"),
            models.Index(fields=["organization_id", "unit", "status"], name="budget_unit"),
            models.Index(
                fields=["organization_id", "capability", "status"], name="budget_capability"
            ),
            models.Index(fields=["organization_id", "story_id"], name="budget_story"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == BudgetStatus.ACTIVE

    @property
    def plan(self) -> Plan:
        return Plan(
            PeriodKind(self.period_kind),
            self.starts_on,
            self.ends_on,
            self.timezone,
            self.year_starts_in,
        )

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("budget", self.id, self.name)


class BudgetEntry(TenantModel):
    """One row of a budget's period ledger: the truth of its amounts (`rules.amounts.Entry`).

    `transfer_id` joins the two sides of a move; `source_request_id` is the approval that caused
    the entry, which causes at most one per `source_version` (an approval that was undone and given
    again has another).
    """

    tenant_table = TenantTable(append_only=True)

    budget = TenantForeignKey(Budget, models.PROTECT, related_name="entries", db_index=False)
    kind = models.CharField(max_length=12, choices=EntryKind.choices())
    effective_on = models.DateField()
    amount_nanos = models.BigIntegerField(null=True)
    amount_tokens = models.BigIntegerField(null=True)
    note = models.TextField(blank=True)
    budget_version = models.IntegerField()
    transfer_id = models.UUIDField(null=True)
    source_request_id = models.UUIDField(null=True)
    source_version = models.IntegerField(default=0)
    actor_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "budget entries"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "source_request_id", "source_version"],
                condition=Q(source_request_id__isnull=False),
                name="budgetentry_request_once",
            ),
            models.UniqueConstraint(
                fields=["organization_id", "budget", "budget_version"],
                name="budgetentry_version",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["initial", "revision"])
                | (
                    (Q(amount_nanos__isnull=True) | Q(amount_nanos__gte=0))
                    & (Q(amount_tokens__isnull=True) | Q(amount_tokens__gte=0))
                ),
                name="budgetentry_setting",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["initial", "revision"])
                | Q(amount_nanos__isnull=False)
                | Q(amount_tokens__isnull=False),
                name="budgetentry_states_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "budget", "effective_on"], name="budgetentry_date"
            )
        ]


class BudgetThreshold(TenantModel):
    """A share of the limit at which the budget speaks up, on measured or forecast use."""

    budget = TenantForeignKey(Budget, models.PROTECT, related_name="thresholds", db_index=False)
    basis = models.CharField(max_length=8, choices=Basis.choices())
    percent = models.PositiveIntegerField()

    class Meta:
        ordering = ["percent", "basis"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "budget", "basis", "percent"],
                name="budgetthreshold_once",
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=1000), name="budgetthreshold_percent"
            ),
        ]


class ThresholdDefault(TenantModel):
    """The thresholds of budgets that have none of their own, one row at most: whole percents of
    measured (`actual`) and of forecast use. Without a row the built-in ones are in force."""

    actual = ArrayField(models.PositiveIntegerField())
    forecast = ArrayField(models.PositiveIntegerField())
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="thresholddefault_one"),
        ]

    def __str__(self) -> str:
        return "Thresholds of budgets"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("budget_thresholds", self.id, "Thresholds of budgets")


class BudgetCrossing(TenantModel):
    """A budget reached a threshold: one row per period, measure, basis and percent.

    Figures are those of the look that told it, in nanos or tokens as `measure` says; `at` is the
    amount of the threshold, `crossed_on` the day use reached it or is forecast to. It is told once;
    `raised` counts how often. Only a higher limit under which the threshold lies ahead again makes
    it `is_armed`: use that is restated down and up tells nobody twice.
    """

    budget = TenantForeignKey(Budget, models.PROTECT, related_name="crossings", db_index=False)
    period_start = models.DateField()
    measure = models.CharField(max_length=6)
    basis = models.CharField(max_length=8, choices=Basis.choices())
    percent = models.PositiveIntegerField()
    limit = models.BigIntegerField()
    at = models.BigIntegerField()
    used = models.BigIntegerField()
    likely = models.BigIntegerField(null=True)
    crossed_on = models.DateField()
    found_at = models.DateTimeField(default=clock.now)
    raised = models.PositiveIntegerField(default=1)
    is_armed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "organization_id",
                    "budget",
                    "period_start",
                    "measure",
                    "basis",
                    "percent",
                ],
                name="budgetcrossing_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "-found_at"], name="budgetcrossing_found"),
        ]

    def __str__(self) -> str:
        return f"{self.percent}% of {self.budget}"

    @property
    def is_overrun(self) -> bool:
        """Whether measured use reached the limit itself."""
        return self.basis == Basis.ACTUAL and self.percent == OVERRUN


class BudgetBurn(TenantModel):
    """A budget that burns, or burned, faster than it can last: one row per period and window.

    Figures are those of the last look, in nanos or tokens as `measure` says. `raised` counts
    episodes: each is told once. `taken_*` says who has the present one.
    """

    budget = TenantForeignKey(Budget, models.PROTECT, related_name="burns", db_index=False)
    period_start = models.DateField()
    window = models.CharField(max_length=4, choices=BurnWindow.choices())
    state = models.CharField(
        max_length=7, choices=BurnState.choices(), default=BurnState.BURNING.value
    )
    measure = models.CharField(max_length=6)
    since = models.DateField()
    rate_percent = models.BigIntegerField()
    used = models.BigIntegerField()
    limit = models.BigIntegerField()
    runs_out_on = models.DateField()
    raised = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField(default=clock.now)
    last_seen = models.DateTimeField(default=clock.now)
    eased_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    taken_by = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "budget", "period_start", "window"],
                name="budgetburn_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "state"], name="budgetburn_state"),
        ]

    def __str__(self) -> str:
        return f"{self.budget}: {BurnWindow(self.window).label.lower()}"

    @property
    def is_burning(self) -> bool:
        return self.state == BurnState.BURNING

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("budget_burn", self.id, self.budget.name)
