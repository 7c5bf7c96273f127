"""Who acts: a person, a program with an API key, or the system itself. Values only, no queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from apps.access.permissions import P
from apps.access.roles import Role
from apps.trail.actors import name_of

Kind = Literal["user", "service", "system"]


@dataclass(frozen=True, slots=True)
class Binding:
    """One role, at the organization (`unit_id` None) or at a unit and all units below it.

    `unit_ids` is None for the whole organization, else the unit and its descendants.
    """

    role: Role
    unit_id: UUID | None = None
    unit_ids: frozenset[UUID] | None = None

    def covers(self, unit_id: UUID | None) -> bool:
        """Does the binding reach the unit? An object without a unit belongs to the organization."""
        return self.unit_ids is None or (unit_id is not None and unit_id in self.unit_ids)


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, inside one organization.

    `id` is the user's, or the API key's; `scopes` limits a key to a part of its role's rights and
    is None for people. `request_id` and `ip` go to the trail. `code` tells the system's own
    programs apart (`apps.trail.actors`); it is empty for people and keys.
    """

    kind: Kind
    id: UUID | None
    name: str
    organization_id: UUID
    bindings: tuple[Binding, ...] = ()
    membership_id: UUID | None = None
    scopes: frozenset[P] | None = None
    request_id: str = ""
    ip: str = ""
    code: str = ""

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(binding.role for binding in self.bindings)

    def owns(self, owner_id: UUID | None) -> bool:
        """Is the actor the owner? Owners are recorded as memberships, or as users or keys."""
        return owner_id is not None and owner_id in {self.membership_id, self.id}

    def has_role(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)


def system_actor(code: str, organization_id: UUID | None = None) -> Actor:
    """The system, doing its own work; by default in the open tenant scope. `code` has its name in
    words in `apps.trail.actors`; what is no code, as the name of an approval rule, is shown as is.

    May do everything inside the organization: tasks call services that ask for a permission.
    Raises TenantScopeRequired without a scope and without an organization.
    """
    from apps.tenancy.scope import require_organization_id

    return Actor(
        kind="system",
        id=None,
        name=name_of(code),
        code=code,
        organization_id=organization_id or require_organization_id(),
    )


def member_actor(
    *,
    user_id: UUID,
    name: str,
    organization_id: UUID,
    membership_id: UUID,
    bindings: Iterable[Binding],
    request_id: str = "",
    ip: str = "",
) -> Actor:
    """A person, through their membership."""
    return Actor(
        kind="user",
        id=user_id,
        name=name,
        organization_id=organization_id,
        bindings=tuple(bindings),
        membership_id=membership_id,
        request_id=request_id,
        ip=ip,
    )
