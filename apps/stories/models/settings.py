"""What an organization sets about its stories: bands, the design review, templates."""

from django.db import models

from apps.common import clock
from apps.portfolio.enums import CapabilityKind
from apps.stories.enums import Pattern, ValuePer
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel
from apps.trail.refs import ObjectRef


class EstimatingSettings(TenantModel):
    """What the organization sets about estimating, one row at most: ``bands`` and ``rules``.

    Null documents mean the defaults. A story whose likely lifetime cost reaches
    ``value_from_nanos`` needs a complete value hypothesis. An amendment that moves an amount by
    more than ``reapproval_percent`` (null: the default) is decided again. ``version`` counts
    changes.
    """

    sizes = models.JSONField(null=True)
    references = models.JSONField(null=True)
    value_from_nanos = models.BigIntegerField(null=True)
    reapproval_percent = models.SmallIntegerField(null=True)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by_name = models.CharField(max_length=200, blank=True)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="estimating_settings_one"),
            models.CheckConstraint(
                condition=models.Q(value_from_nanos__isnull=True)
                | models.Q(value_from_nanos__gte=0),
                name="estimating_value_from_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(reapproval_percent__isnull=True)
                | models.Q(reapproval_percent__range=(0, 100)),
                name="estimating_reapproval_percent",
            ),
        ]

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("estimating_settings", self.id, "Estimating")


class DesignChecklist(TenantModel):
    """The organization's own design review (``design.Checklist``), one row at most.

    Without a row the default checklist is in force. ``version`` counts changes.
    """

    document = models.JSONField()
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by_name = models.CharField(max_length=200, blank=True)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id"], name="design_checklist_one"),
        ]

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("design_checklist", self.id, "Design review")


class StoryTemplate(TenantModel):
    """A start for new stories, made from one. Retired, never deleted: stories name it.

    ``document`` is the estimator's document without its dates; ``build_months`` says how long
    building takes. A template belongs to the unit that keeps it and serves the organization.
    """

    name = models.CharField(max_length=120)
    name_norm = models.CharField(max_length=120)
    description = models.CharField(max_length=400, blank=True)
    kind = models.CharField(max_length=16, choices=CapabilityKind.choices)
    pattern = models.CharField(max_length=16, choices=Pattern.choices(), blank=True, default="")
    unit = TenantForeignKey("organizations.Unit", models.PROTECT, related_name="+", db_index=False)
    build_months = models.IntegerField(default=2)
    document = models.JSONField()
    value_metric = models.CharField(max_length=120, blank=True)
    value_unit = models.CharField(max_length=60, blank=True)
    value_per = models.CharField(
        max_length=12, choices=ValuePer.choices(), default=ValuePer.INTERACTION.value
    )
    source_ref = models.CharField(max_length=16, blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    created_by_name = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True)

    tenant_key = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "name_norm"], name="template_name"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "unit"], name="template_unit"),
        ]

    def __str__(self) -> str:
        return self.name

    def trail_ref(self) -> ObjectRef:
        return ObjectRef("story_template", self.id, self.name)
