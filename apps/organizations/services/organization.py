"""Creating an organization and changing its settings."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor, Binding, member_actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.accounts.models import User
from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.ids import uuid7
from apps.organizations import events, guards, rules, selectors
from apps.organizations.enums import UnitKind
from apps.organizations.models import Membership, Organization, RoleBinding, Unit
from apps.organizations.refs import organization_ref
from apps.outbox.services import enqueue
from apps.tenancy.scope import tenant_scope
from apps.trail.services import record

SETTINGS = ("name", "currency", "timezone", "fiscal_year_start")


def create_organization(
    *,
    name: str,
    slug: str,
    owner_user: User,
    currency: str = "USD",
    timezone: str = "UTC",
    fiscal_year_start: int = 1,
    organization_id: UUID | None = None,
) -> Organization:
    """An organization with its root unit and its first owner. Opens its own scope.

    Raises Invalid, or Conflict when the slug is taken.
    """
    values: dict[str, Any] = {
        "name": " ".join(name.split()),
        "currency": currency,
        "timezone": timezone,
        "fiscal_year_start": fiscal_year_start,
    }
    problems = _problems(values)
    if problem := rules.slug_problem(slug):
        problems.append(FieldError("slug", problem))
    if problems:
        raise Invalid("The organization cannot be created like this.", errors=problems)
    new_id = organization_id or uuid7()
    with tenant_scope(new_id):
        try:
            with transaction.atomic():
                organization = Organization.objects.create(id=new_id, slug=slug, **values)
        except IntegrityError:
            raise Conflict(
                "This address is taken.", code="slug_taken", fix="Choose another.", field="slug"
            ) from None
        Unit.objects.create(name=organization.name, code=slug, kind=UnitKind.ORGANIZATION)
        owner = Membership.objects.create(user=owner_user)
        RoleBinding.objects.create(membership=owner, role=Role.OWNER.value)
        record(
            actor=member_actor(
                user_id=owner_user.pk,
                name=owner_user.display_name,
                organization_id=new_id,
                membership_id=owner.id,
                bindings=[Binding(Role.OWNER)],
            ),
            action=events.ORGANIZATION_CREATED,
            obj=organization_ref(organization),
            after={"slug": slug, **values, "owner": owner_user.email},
        )
    return organization


def change_organization(
    *, actor: Actor, name: str, currency: str, timezone: str, fiscal_year_start: int
) -> Organization:
    """Change the settings. Raises Invalid, Forbidden, or Conflict when another app refuses."""
    require(actor, P.ORG_MANAGE)
    organization = lock_organization()
    values = {
        "name": " ".join(name.split()),
        "currency": currency,
        "timezone": timezone,
        "fiscal_year_start": fiscal_year_start,
    }
    if problems := _problems(values):
        raise Invalid("The settings were not saved.", errors=problems)
    before = {field: getattr(organization, field) for field in SETTINGS}
    changed = {field: value for field, value in values.items() if before[field] != value}
    if not changed:
        return organization
    if refused := guards.refusals(organization, changed):
        raise Conflict("The settings were not saved.", code="setting_locked", errors=refused)
    for field, value in changed.items():
        setattr(organization, field, value)
    organization.save(update_fields=list(changed))
    if "name" in changed:
        root = selectors.root_unit()
        if root.name == before["name"]:
            root.name = organization.name
            root.save(update_fields=["name"])
    enqueue(guards.SETTINGS_CHANGED, key="organization", payload={})
    record(
        actor=actor,
        action=events.ORGANIZATION_CHANGED,
        obj=organization_ref(organization),
        before={field: before[field] for field in changed},
        after=changed,
    )
    return organization


def lock_organization() -> Organization:
    """Take the organization's row: changes of the tree and of owners go one after the other."""
    return Organization.objects.select_for_update().get()


def _problems(values: dict[str, Any]) -> list[FieldError]:
    problems: list[FieldError] = []
    if not values["name"] or len(values["name"]) > 120:
        problems.append(FieldError("name", "Give a name of 1 to 120 characters."))
    if values["currency"] not in rules.CURRENCIES:
        problems.append(FieldError("currency", "Use an ISO 4217 code, for example USD or EUR."))
    if not rules.is_timezone(values["timezone"]):
        problems.append(FieldError("timezone", "Use an IANA name, for example Europe/Zurich."))
    if not 1 <= values["fiscal_year_start"] <= 12:
        problems.append(FieldError("fiscal_year_start", "A month, 1 to 12."))
    return problems
