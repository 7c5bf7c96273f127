"""System checks: a model or a process that would break isolation does not start."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models

from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantRoot, TenantRow


def is_tenant(model: type[models.Model]) -> bool:
    return issubclass(model, TenantRow | TenantRoot)


@register(Tags.models)
def check_models(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links between tenant tables are composite; unique keys start with the organization."""
    errors: list[CheckMessage] = []
    for model in apps.get_models(include_auto_created=True):
        if is_tenant(model):
            errors += _check_fields(model) + _check_unique(model)
    return errors


def _check_fields(model: type[models.Model]) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for field in model._meta.local_fields:
        target = field.remote_field.model if isinstance(field, models.ForeignKey) else None
        if target and is_tenant(target) and not isinstance(field, TenantForeignKey):
            hint = "use apps.tenancy.db.fields.TenantForeignKey"
            errors.append(
                Error(
                    f"{field.name} links two tenant tables", hint=hint, obj=model, id="tenancy.E1"
                )
            )
        if field.unique and not field.primary_key and not _is_global(model, (field.name,)):
            hint = "use a UniqueConstraint that starts with organization_id"
            errors.append(
                Error(f"{field.name} is globally unique", hint=hint, obj=model, id="tenancy.E2")
            )
    for many in model._meta.local_many_to_many:
        through: Any = many.remote_field.through
        if through._meta.auto_created:
            hint = "write the through table as a TenantModel"
            errors.append(
                Error(f"{many.name} has no through model", hint=hint, obj=model, id="tenancy.E3")
            )
    return errors


def _check_unique(model: type[models.Model]) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for constraint in model._meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint):
            continue
        first = constraint.fields[0] if constraint.fields else ""
        if first != "organization_id" and not _is_global(model, tuple(constraint.fields)):
            message = f"{constraint.name} does not start with organization_id"
            errors.append(Error(message, obj=model, id="tenancy.E4"))
    return errors


def _is_global(model: type[models.Model], fields: tuple[str, ...]) -> bool:
    """Listed on the model with its reason: `global_keys = {("slug",): "part of the URL"}`."""
    return fields in getattr(model, "global_keys", {})


@register(Tags.database)
def check_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A web or worker process never runs as a role that sees every organization."""
    if getattr(settings, "DATABASE_ROLE", "app") == "owner":
        return []
    return [
        Error(problem, hint="connect as tokenops_app (DATABASE_URL)", id="tenancy.E5")
        for alias in databases or []
        if (problem := role_problem(alias))
    ]


def role_problem(alias: str = "default") -> str:
    """Why this connection's role must not serve requests, or an empty string."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            """
            SELECT current_user, r.rolsuper, r.rolbypassrls,
              EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid),
              EXISTS (SELECT FROM pg_roles o WHERE (o.rolsuper OR o.rolbypassrls)
                      AND o.oid <> r.oid AND pg_has_role(r.oid, o.oid, 'MEMBER'))
            FROM pg_roles r WHERE r.rolname = current_user"""
        )
        name, is_super, bypasses, owns, member = cursor.fetchone()
    reasons = [
        text
        for bad, text in (
            (is_super, "is a superuser"),
            (bypasses, "has BYPASSRLS"),
            (owns, "owns tables"),
            (member, "is a member of a role that bypasses row level security"),
        )
        if bad
    ]
    return f"database role {name} {' and '.join(reasons)}" if reasons else ""
