"""The rules of an organization and the counter of their changes."""

from django.db import models

from apps.attribution.enums import Phase, RuleConfidence, RuleStatus
from apps.attribution.rules import Condition, parse_conditions
from apps.common import clock
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class AttributionRule(TenantModel):
    """One ordered rule, in force on the organization's days [starts_on, ends_on).

    All `conditions` must hold (`rules.parse_conditions` gives their form). It names an owner (unit,
    capability or story), a phase, a work item, or several of them. Retired, never deleted.
    """

    position = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    conditions = models.JSONField(default=list)
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
        related_name="+",
        db_index=False,
    )
    story_id = models.UUIDField(null=True, blank=True)
    story_code = models.CharField(max_length=40, blank=True)
    phase = models.CharField(max_length=12, blank=True, choices=Phase.choices())
    work_item = models.CharField(max_length=120, blank=True)
    confidence = models.CharField(
        max_length=10, choices=RuleConfidence.choices(), default=RuleConfidence.RULE
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=RuleStatus.choices(), default=RuleStatus.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_on=None)
                | models.Q(ends_on=None)
                | models.Q(ends_on__gt=models.F("starts_on")),
                name="attribution_rule_days",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization_id", "status", "position"], name="attribution_rule_order"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("attribution_rule", self.id, self.name)

    @property
    def parsed_conditions(self) -> tuple[Condition, ...]:
        return parse_conditions(self.conditions)


class AttributionState(TenantModel):
    """Counts the changes to an organization's rules; the row is locked while one is made."""

    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="attribution_state_once")
        ]


class RuleUse(TenantModel):
    """What a rule decided in the days [starts_on, ends_on): counted in the background, as of an
    instant. `cost_nanos` are the known costs, in the ledger's currency."""

    rule_id = models.UUIDField()
    records = models.BigIntegerField()
    tokens = models.BigIntegerField()
    cost_nanos = models.BigIntegerField()
    unpriced_records = models.BigIntegerField(default=0)
    starts_on = models.DateField()
    ends_on = models.DateField()
    as_of = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "rule_id"], name="attribution_rule_use_once"
            )
        ]
