"""One row of any tenant model, from its fields alone.

So a new model is covered without a word; a model with a check constraint that plain values break
names its values in OVERRIDES, and the isolation test says so.
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
    "budgets.BudgetThreshold": {"percent": 80},
    "audits.Audit": {"period_end": dt.date(2026, 12, 1)},
}


def plain(field, model):
    """A valid value of a field's type; the shortest text a unique key accepts."""
    if field.choices:
        return next(value for value, _ in field.flatchoices if value != "")
    if isinstance(field, models.UUIDField):
        return uuid4()
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(field, models.DecimalField):
        return Decimal(1)
    if isinstance(field, models.IntegerField):
        return 1
    if isinstance(field, models.DateTimeField):
        return INSTANT
    if isinstance(field, models.DateField):
        return DAY
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, ArrayField):
        return []
    if isinstance(field, models.BinaryField):
        return b"x"
    if isinstance(field, models.CharField | models.TextField):
        return uuid4().hex[: field.max_length or 32]
    raise TypeError(f"tests/isolation/rows.py knows no value for {model._meta.label}.{field.name}")


def row_of(model):
    """The organization's row of a model, made with the rows it needs. Inside its scope."""
    existing = model._base_manager.first()
    if existing is not None:
        return existing
    values = {}
    for field in model._meta.local_fields:
        if not field.concrete or field.name in {"organization_id", "pk"} or field.generated:
            continue
        if isinstance(field, models.CompositePrimaryKey) or field.get_internal_type() == "XidField":
            continue
        if field.primary_key and field.has_default():
            values[field.attname] = uuid7()
        elif isinstance(field, models.ForeignKey):
            if field.null or field.remote_field.model is model:
                continue
            parent = field.remote_field.model
            values[field.name] = make_user() if parent is User else row_of(parent)
        elif field.null or field.has_default() or field.has_db_default():
            continue
        elif isinstance(field, models.BigAutoField | models.AutoField):
            continue
        else:
            values[field.attname] = plain(field, model)
    instance = model(**(values | OVERRIDES.get(model._meta.label, {})))
    instance.save(force_insert=True)
    return instance
