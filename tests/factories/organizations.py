"""Organizations, units, people with roles, API keys: all made by the services."""

import itertools
from uuid import UUID

from apps.access.actors import system_actor
from apps.access.permissions import KEY_PERMISSIONS
from apps.access.roles import Role
from apps.accounts.models import User
from apps.organizations import selectors, services
from apps.organizations.models import ApiKey, Membership, Organization, Unit
from tests.factories.accounts import make_user

_numbers = itertools.count(1)


def make_organization(slug: str = "", name: str = "", owner: User | None = None) -> Organization:
    """An organization with its root unit and owner. Needs no scope."""
    number = next(_numbers)
    slug = slug or f"org-{number}"
    return services.create_organization(
        name=name or f"Organization {slug}",
        slug=slug,
        owner_user=owner or make_user(f"owner@{slug}.example"),
    )


def make_unit(name: str = "", parent: Unit | None = None, **fields: str) -> Unit:
    """A unit in the open scope, below the root by default."""
    return services.add_unit(
        actor=system_actor("tests"),
        name=name or f"Unit {next(_numbers)}",
        parent_id=(parent or selectors.root_unit()).id,
        **fields,
    )


def make_member(
    role: Role = Role.MEMBER, unit_id: UUID | None = None, user: User | None = None
) -> Membership:
    """A person with one role in the open scope."""
    return services.add_member(
        actor=system_actor("tests"), user=user or make_user(), role=role, unit_id=unit_id
    )


def make_api_key(
    name: str = "Test key", scopes: list[str] | None = None, unit_id: UUID | None = None
) -> tuple[ApiKey, str]:
    """A key with every permission a key may hold, or the given ones, and its secret."""
    return services.create_api_key(
        actor=system_actor("tests"),
        name=name,
        scopes=scopes or sorted(KEY_PERMISSIONS),
        unit_id=unit_id,
    )
