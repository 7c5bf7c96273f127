"""The manager of tenant tables: the first of the three nets."""

from typing import Any

from django.db import models

from apps.tenancy.scope import require_organization_id


class TenantManager(models.Manager):
    """Adds `organization = <current>` and raises TenantScopeRequired without a scope.

    The constant also gives the planner the right estimate, which the policy's sub-select hides.
    """

    use_in_migrations = False
    column = "organization_id"

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(**{self.column: require_organization_id()})


class TenantRootManager(TenantManager):
    """The same for the organization's own row."""

    column = "id"
