"""Base classes of every table that belongs to an organization.

A class that inherits one of them gets, without a word of its own: the scoped manager, row level
security with policy and grants, the unique key that children point at, and a composite foreign
key for each TenantForeignKey. All are constraints, so `makemigrations` writes them.
"""

from typing import Any

from django.db import models
from django.db.models.base import ModelBase

from apps.common.ids import uuid7
from apps.tenancy.db.constraints import TenantForeignKeyConstraint, TenantTable
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.db.functions import CurrentOrg
from apps.tenancy.managers import TenantManager, TenantRootManager
from apps.tenancy.scope import require_organization_id

_NAME_LIMIT = 63


def _name(*parts: str) -> str:
    return "_".join(parts)[:_NAME_LIMIT]


class TenantBase(ModelBase):
    """Adds the isolation constraints to each concrete class."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kw: Any) -> Any:
        cls: Any = super().__new__(mcs, name, bases, attrs, **kw)
        meta = cls._meta
        if meta.abstract or meta.proxy or not meta.managed:
            return cls
        table = meta.db_table
        ours: list[models.BaseConstraint] = [cls.tenant_table.named(_name(table, "tenant"))]
        if cls.tenant_key:
            ours.append(
                models.UniqueConstraint(
                    fields=["organization_id", "id"], name=_name(table, "tenant_key")
                )
            )
        ours += [
            TenantForeignKeyConstraint(name=_name(table, f.column, "tenant_fk"), field=f.name)
            for f in meta.local_fields
            if isinstance(f, TenantForeignKey)
        ]
        meta.constraints = [*meta.constraints, *ours]
        meta.original_attrs["constraints"] = meta.constraints
        meta.base_manager_name = "objects"
        return cls


class TenantRow(models.Model, metaclass=TenantBase):
    """A tenant table that brings its own primary key (partitioned and rollup tables)."""

    organization_id = models.UUIDField(
        default=require_organization_id, db_default=CurrentOrg(), editable=False
    )

    objects = TenantManager()

    tenant_table = TenantTable()
    tenant_key = False

    class Meta:
        abstract = True


class TenantModel(TenantRow):
    """A tenant table with a time-ordered uuid as its primary key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    tenant_key = True

    class Meta:
        abstract = True


class TenantRoot(models.Model, metaclass=TenantBase):
    """The organization itself: its own id is the scope."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    objects = TenantRootManager()

    tenant_table = TenantTable(column="id")
    tenant_key = False

    class Meta:
        abstract = True
