"""Token Stories: the working copy, the frozen revisions and what each was estimated at."""

from decimal import Decimal

from django.db import models

from apps.common import clock
from apps.portfolio.enums import CapabilityKind, Tier
from apps.stories.enums import Confidence, Pattern, Phase, StoryStatus, ValuePer
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class StoryCounter(TenantModel):
    """The last story number given out. One row per organization; its update lock is the queue."""

    last_number = models.IntegerField(default=0)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="story_counter_one"),
        ]


class TokenStory(TenantModel):
    """One AI capability from first prototype to retirement.

    ``version`` counts every change and guards each of them. The figures are those of the latest
    submitted revision, or of the last saved draft before there is one; the truth is the revision.
    ``resume_status`` is where a story under way goes back to after the review of an amendment.
    ``approved_at`` is the first approval: from that day the capability's usage is the story's.
    The revisions point at their story, so the ids of the current and the approved one are plain:
    two tables never refer to each other. ``replaces`` is the story that ends when this one is
    approved.
    """

    number = models.IntegerField()
    ref = models.CharField(max_length=16)
    title = models.CharField(max_length=160)
    title_norm = models.CharField(max_length=160)
    kind = models.CharField(max_length=16, choices=CapabilityKind.choices)
    pattern = models.CharField(max_length=16, choices=Pattern.choices(), blank=True, default="")
    tier = models.CharField(max_length=10, choices=Tier.choices, blank=True, default="")
    unit = TenantForeignKey("organizations.Unit", models.PROTECT, related_name="+", db_index=False)
    capability = TenantForeignKey(
        "portfolio.Capability", models.PROTECT, null=True, related_name="stories", db_index=False
    )
    author_kind = models.CharField(max_length=8)
    author_id = models.UUIDField(null=True)
    author_name = models.CharField(max_length=200)
    status = models.CharField(
        max_length=20, choices=StoryStatus.choices(), default=StoryStatus.DRAFT.value
    )
    resume_status = models.CharField(
        max_length=20, choices=StoryStatus.choices(), blank=True, default=""
    )
    version = models.IntegerField(default=1)
    revision_number = models.IntegerField(default=0)
    current_revision_id = models.UUIDField(null=True)
    approved_revision_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True)
    budget_id = models.UUIDField(null=True)
    replaces = TenantForeignKey(
        "self", models.PROTECT, null=True, related_name="successors", db_index=False
    )

    currency = models.CharField(max_length=3)
    cap_nanos = models.BigIntegerField(null=True)
    approved_cap_nanos = models.BigIntegerField(null=True)
    month_tokens = models.BigIntegerField(null=True)
    month_cost_nanos = models.BigIntegerField(null=True)
    live_on = models.DateField(null=True)

    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    went_live_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "number"], name="story_number"),
            models.UniqueConstraint(fields=["organization_id", "ref"], name="story_ref"),
            models.CheckConstraint(
                condition=models.Q(cap_nanos__isnull=True) | models.Q(cap_nanos__gte=0),
                name="story_cap_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "-updated_at"], name="story_recent"),
            models.Index(fields=["organization_id", "status", "-updated_at"], name="story_status"),
            models.Index(fields=["organization_id", "unit", "-updated_at"], name="story_unit"),
            models.Index(fields=["organization_id", "capability"], name="story_capability"),
            models.Index(fields=["organization_id", "author_id"], name="story_author"),
            models.Index(fields=["organization_id", "title_norm"], name="story_title"),
            models.Index(fields=["organization_id", "replaces"], name="story_replaces"),
            models.Index(
                fields=["organization_id", "kind", "-approved_at"],
                condition=models.Q(approved_revision_id__isnull=False),
                name="story_kind_approved",
            ),
            models.Index(
                fields=["organization_id", "pattern", "-approved_at"],
                condition=models.Q(approved_revision_id__isnull=False),
                name="story_pattern_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def state(self) -> StoryStatus:
        return StoryStatus(self.status)

    @property
    def resume(self) -> StoryStatus | None:
        return StoryStatus(self.resume_status) if self.resume_status else None

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("story", self.id, str(self))


class Plan(TenantModel):
    """What a team plans: the same columns in the working copy and in a frozen revision.

    ``assumptions`` is the estimator's document (``estimator.inputs``); ``cap_nanos`` is the monthly
    cap asked for, where 0 is a limit. The rest is the value hypothesis: ``value_change`` in
    ``value_unit`` per interaction or a month, worth ``value_money_nanos`` per unit. ``design`` is
    the answers of the design review with the questions as they were asked (``design.Design``).
    """

    title = models.CharField(max_length=160)
    summary = models.CharField(max_length=2000, blank=True)
    kind = models.CharField(max_length=16, choices=CapabilityKind.choices)
    pattern = models.CharField(max_length=16, choices=Pattern.choices(), blank=True, default="")
    unit = TenantForeignKey("organizations.Unit", models.PROTECT, related_name="+", db_index=False)
    capability = TenantForeignKey(
        "portfolio.Capability", models.PROTECT, null=True, related_name="+", db_index=False
    )
    work_item_url = models.CharField(max_length=500, blank=True)
    assumptions = models.JSONField()
    currency = models.CharField(max_length=3)
    cap_nanos = models.BigIntegerField(null=True)

    value_metric = models.CharField(max_length=120, blank=True)
    value_unit = models.CharField(max_length=60, blank=True)
    value_baseline = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    value_change = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    value_per = models.CharField(
        max_length=12, choices=ValuePer.choices(), default=ValuePer.INTERACTION.value
    )
    value_adoption = models.DecimalField(max_digits=7, decimal_places=4, default=Decimal(100))
    value_money_nanos = models.BigIntegerField(null=True)
    value_confidence = models.CharField(max_length=8, choices=Confidence.choices(), blank=True)
    value_measure_on = models.DateField(null=True)
    value_evidence_url = models.CharField(max_length=500, blank=True)
    value_owner = TenantForeignKey(
        "organizations.Membership", models.PROTECT, null=True, related_name="+", db_index=False
    )
    value_why = models.CharField(max_length=4000, blank=True)
    design = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True


PLAN_FIELDS = (
    "title", "summary", "kind", "pattern", "unit_id", "capability_id", "work_item_url",
    "assumptions", "currency", "cap_nanos", "value_metric", "value_unit", "value_baseline",
    "value_change", "value_per", "value_adoption", "value_money_nanos", "value_confidence",
    "value_measure_on", "value_evidence_url", "value_owner_id", "value_why", "design",
)  # fmt: skip


class StoryDraft(Plan):
    """The working copy, at most one per story. Gone once it is submitted as a revision."""

    story = TenantForeignKey(TokenStory, models.PROTECT, related_name="drafts", db_index=False)
    saved_at = models.DateTimeField(default=clock.now)
    saved_by_name = models.CharField(max_length=200)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "story"], name="story_draft_one"),
        ]


class StoryRevision(Plan):
    """A plan as it was submitted, with its estimate. Never changed: the database refuses it.

    The figures are of the first month of production and of the lifetime; ``estimate`` holds the
    rest of the answer, with the prices it was computed from. ``price_version`` names the price
    book, ``priced_on`` the date whose prices were taken, ``tier`` the consumption tier that the
    organization's tiers gave it then.
    """

    tenant_table = TenantTable(append_only=True)

    story = TenantForeignKey(TokenStory, models.PROTECT, related_name="revisions", db_index=False)
    number = models.IntegerField()
    note = models.CharField(max_length=2000, blank=True)
    submitted_at = models.DateTimeField(default=clock.now)
    submitted_by_kind = models.CharField(max_length=8)
    submitted_by_id = models.UUIDField(null=True)
    submitted_by_name = models.CharField(max_length=200)

    price_version = models.CharField(max_length=100)
    priced_on = models.DateField()
    month_tokens_likely = models.BigIntegerField()
    month_tokens_p10 = models.BigIntegerField()
    month_tokens_p50 = models.BigIntegerField()
    month_tokens_p90 = models.BigIntegerField()
    month_cost_likely = models.BigIntegerField()
    month_cost_p10 = models.BigIntegerField()
    month_cost_p50 = models.BigIntegerField()
    month_cost_p90 = models.BigIntegerField()
    lifetime_cost_likely = models.BigIntegerField()
    lifetime_cost_p50 = models.BigIntegerField()
    lifetime_cost_p90 = models.BigIntegerField()
    value_month_nanos = models.BigIntegerField(null=True)
    tier = models.CharField(max_length=10, choices=Tier.choices, blank=True, default="")
    estimate = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "story", "number"], name="story_revision_number"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class PhaseEstimate(TenantModel):
    """One phase of a revision in one month: tokens, and money in nanos of the story's currency.

    ``month_offset`` counts from the first month of building.
    """

    tenant_table = TenantTable(append_only=True)
    tenant_key = False

    revision = TenantForeignKey(StoryRevision, models.PROTECT, related_name="cells", db_index=False)
    phase = models.CharField(max_length=12, choices=Phase.choices())
    month_offset = models.IntegerField()
    month = models.DateField()
    tokens_likely = models.BigIntegerField()
    tokens_p10 = models.BigIntegerField()
    tokens_p50 = models.BigIntegerField()
    tokens_p90 = models.BigIntegerField()
    cost_likely = models.BigIntegerField()
    cost_p10 = models.BigIntegerField()
    cost_p50 = models.BigIntegerField()
    cost_p90 = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "revision", "phase", "month_offset"],
                name="phase_estimate_cell",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "month"], name="phase_estimate_month"),
        ]
