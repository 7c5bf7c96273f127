"""Two organizations that must not see each other, with a persona for every role in each.

`world.a` belongs to Alice, `world.b` to Mallory. Everything is made on first use, so a test pays
for what it names only:

    def test_it(world, client):
        cfo = world.a.person(Role.CFO)
        with world.a.scope():
            services.do(actor=cfo.actor)
        world.a.client(Role.CFO).get(world.a.url("stories:list"))
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.test import Client

from apps.access.actors import Actor
from apps.access.roles import ASSIGNABLE, Role
from apps.accounts.models import User
from apps.organizations import selectors
from apps.organizations.models import ApiKey, Membership, Organization, Unit
from apps.tenancy.scope import current_organization_id, tenant_scope
from apps.tenancy.urls import org_url
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.organizations import make_api_key, make_member, make_organization, make_unit

__all__ = ["PASSWORD", "OrganizationWorld", "Persona", "World"]

#: Roles that the personas hold at one unit; all others hold theirs at the organization.
AT_UNIT = frozenset({Role.UNIT_LEAD, Role.MEMBER})


@dataclass
class Persona:
    """A person of one organization."""

    user: User
    membership: Membership
    organization_id: UUID

    @property
    def actor(self) -> Actor:
        """The person's actor with their present roles."""
        with _in(self.organization_id):
            return selectors.actor_for_membership(self.membership)

    def client(self) -> Client:
        """A browser in which the person is logged in."""
        browser = Client()
        browser.force_login(self.user)
        return browser


def _in(organization_id: UUID) -> AbstractContextManager[UUID]:
    return tenant_scope(organization_id)


@dataclass
class OrganizationWorld:
    """One organization: units engineering > (platform > core, apps), claims, and its people."""

    slug: str
    name: str
    owner_email: str
    owner_name: str
    _people: dict[tuple[Role, UUID | None], Persona] = field(default_factory=dict)

    @cached_property
    def organization(self) -> Organization:
        owner = make_user(self.owner_email, self.owner_name)
        organization = make_organization(self.slug, self.name, owner)
        with _in(organization.id):
            membership = Membership.objects.select_related("user").get(user=owner)
        self._people[Role.OWNER, None] = Persona(owner, membership, organization.id)
        return organization

    @property
    def id(self) -> UUID:
        return self.organization.id

    def scope(self) -> AbstractContextManager[UUID]:
        """The organization's tenant scope."""
        return _in(self.organization.id)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """By name: root, engineering, platform, core, apps, claims."""
        with self.scope():
            root = selectors.root_unit()
            engineering = make_unit("Engineering", root, kind="division", cost_centre="CC-100")
            platform = make_unit("Platform", engineering, kind="department", cost_centre="CC-110")
            return {
                "root": root,
                "engineering": engineering,
                "platform": platform,
                "core": make_unit("Core", platform, cost_centre="CC-111"),
                "apps": make_unit("Apps", engineering, cost_centre="CC-120"),
                "claims": make_unit("Claims", root, kind="division", cost_centre="CC-200"),
            }

    def person(self, role: Role, unit: str | None = None) -> Persona:
        """The persona of a role. UNIT_LEAD and MEMBER hold it at `platform` by default."""
        organization = self.organization
        if unit is None and role in AT_UNIT:
            unit = "platform"
        unit_id = None if unit is None else self.units[unit].id
        if (role, unit_id) not in self._people:
            place = f".{unit}" if unit else ""
            user = make_user(
                f"{role.value}{place}@{self.slug}.example", f"{role.label} {self.name}"
            )
            with self.scope():
                membership = make_member(role, unit_id, user)
            self._people[role, unit_id] = Persona(user, membership, organization.id)
        return self._people[role, unit_id]

    def everyone(self) -> dict[Role, Persona]:
        """A persona for each role a person can hold."""
        return {role: self.person(role) for role in ASSIGNABLE}

    def actor(self, role: Role, unit: str | None = None) -> Actor:
        return self.person(role, unit).actor

    def client(self, role: Role = Role.OWNER, unit: str | None = None) -> Client:
        """A logged-in browser of the role's persona."""
        return self.person(role, unit).client()

    @cached_property
    def _key(self) -> tuple[ApiKey, str]:
        with self.scope():
            return make_api_key("World key")

    @property
    def key(self) -> ApiKey:
        """An API key that may do everything a key may."""
        return self._key[0]

    @property
    def key_secret(self) -> str:
        return self._key[1]

    @property
    def key_headers(self) -> dict[str, str]:
        """For `client.get(url, headers=world.a.key_headers)`."""
        return {"Authorization": f"Bearer {self.key_secret}"}

    @property
    def key_actor(self) -> Actor:
        with self.scope():
            return selectors.actor_for_key(self.key)

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The path of a named URL inside this organization."""
        return org_url(self.organization.slug, name, *args, **kwargs)


class World:
    """Both organizations."""

    def __init__(self) -> None:
        if current_organization_id() is not None:
            raise AssertionError("a scope is open at the start of the test")
        self.a = OrganizationWorld("acme", "Acme", "alice@acme.example", "Alice Archer")
        self.b = OrganizationWorld("borealis", "Borealis", "mallory@borealis.example", "Mallory")
