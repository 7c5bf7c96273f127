"""One row of any tenant model, from its fields alone.

So a new model is covered without a word; a model with a check constraint that plain values break
names its values (or functions that find them) in OVERRIDES, and the isolation test says so.
"""

import datetime as dt
from decimal import Decimal
from uuid import uuid4

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User
from apps.common.ids import uuid7
from apps.tenancy.checks import is_tenant
from tests.factories.accounts import make_user

TENANT_MODELS = [m for m in apps.get_models(include_auto_created=True) if is_tenant(m)]
DAY = dt.date(2026, 11, 2)
INSTANT = dt.datetime(2026, 11, 2, 10, tzinfo=dt.UTC)

OVERRIDES = {
    "organizations.Organization": {"timezone": "UTC"},
    "budgets.BudgetBurn": {"measure": "money"},
    "budgets.BudgetThreshold": {"percent": 80},
    "audits.Audit": {"period_end": dt.date(2026, 12, 1)},
    "audits.AuditBaseline": {"document": '{"figures": {"by_unit": [], "declared_by_unit": []}}'},
    "audits.AuditReport": {"document": "{}"},
    "organizations.SupportVisit": {"expires_at": dt.datetime(2099, 1, 1, tzinfo=dt.UTC)},
    "stories.TokenStory": {"ref": "TS-0001"},
    "sprints.Sprint": {"ends_on": dt.date(2026, 11, 16)},
    "planning.PlanningCycle": {"ends_on": dt.date(2027, 2, 1), "round_number": 1},
    **{
        f"discussions.{name}": {
            "subject_type": "story",
            "subject_id": lambda: row_of(apps.get_model("stories.TokenStory")).pk,
        }
        for name in ("Attachment", "Comment", "WorkItem")
    },
    **{
        f"entitlements.{name}": {
            "unit": lambda: row_of(apps.get_model("organizations.Unit")),
            "user": "",
        }
        for name in ("Entitlement", "TierAssignment")
    },
    "savedviews.SavedView": {"page": "approvals", "is_shared": True},
}


PLAIN = (
    (models.UUIDField, lambda field: uuid4()),
    (models.BooleanField, lambda field: True),
    (models.DecimalField, lambda field: Decimal(1)),
    (models.IntegerField, lambda field: 1),
    (models.DateTimeField, lambda field: INSTANT),
    (models.DateField, lambda field: DAY),
    (models.JSONField, lambda field: {}),
    (ArrayField, lambda field: []),
    (models.BinaryField, lambda field: b"x"),
)


def unique_text(field):
    """Text that no other row has. The recording of examples puts readable words here."""
    return uuid4().hex[: field.max_length or 32]


def plain(field, model):
    """A valid value of a field's type; text that no other row has."""
    if field.choices:
        return next(value for value, _ in field.flatchoices if value != "")
    if isinstance(field, models.CharField | models.TextField):
        return unique_text(field)
    for kind, make in PLAIN:
        if isinstance(field, kind):
            return make(field)
    raise TypeError(f"tests/isolation/rows.py knows no value for {model._meta.label}.{field.name}")


def is_left_alone(field, model):
    """Filled by the database, by its default, or allowed to be empty."""
    if field.name in {"organization_id", "pk"} or field.generated:
        return True
    if isinstance(field, models.DateTimeField) and field.has_db_default():
        return False
    if isinstance(field, models.CompositePrimaryKey | models.AutoField | models.BigAutoField):
        return True
    if field.get_internal_type() == "XidField" or (field.null and not field.primary_key):
        return True
    if isinstance(field, models.ForeignKey):
        return field.remote_field.model is model
    return not field.primary_key and (field.has_default() or field.has_db_default())


#: Rows without which the page of a model has nothing to show.
COMPANIONS = {
    "audits.Audit": ("audits.AuditBaseline", "audits.AuditReport"),
    "discussions.Attachment": ("discussions.AttachmentContent",),
    "connectors.Source": ("source_files.FileLocation",),
    "connectors.PullRun": ("source_files.FileRun",),
    "stories.TokenStory": ("stories.StoryDraft", "stories.StoryRevision"),
}


def row_of(model):
    """The organization's row of a model, made with the rows it needs. Inside its scope."""
    existing = model._base_manager.first()
    if existing is not None:
        return existing
    values = {}
    for field in model._meta.local_fields:
        if is_left_alone(field, model):
            continue
        if isinstance(field, models.ForeignKey):
            parent = field.remote_field.model
            values[field.name] = make_user() if parent is User else row_of(parent)
        else:
            values[field.attname] = uuid7() if field.primary_key else plain(field, model)
    for name, value in OVERRIDES.get(model._meta.label, {}).items():
        values[name] = value() if callable(value) else value
    instance = model(**values)
    instance.save(force_insert=True)
    return instance
