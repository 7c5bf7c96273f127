"""Reads of organizations. All but `actor_*` and `organization()` are about the open scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet

from apps.access.actors import Actor, Binding, member_actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import visible, visible_unit_ids
from apps.accounts.models import User
from apps.common import clock
from apps.common.errors import NotFound
from apps.common.memo import kept, once
from apps.organizations import rules
from apps.organizations.models import (
    ApiKey,
    Invitation,
    Membership,
    Organization,
    RoleBinding,
    SupportVisit,
    Unit,
)
from apps.tenancy.lookup import RowLookup
from apps.tenancy.scope import require_organization_id

_SUBTREE = """
    WITH RECURSIVE below(id) AS (
      SELECT id FROM organizations_unit WHERE organization_id = %(org)s AND id = %(unit)s
      UNION
      SELECT u.id FROM organizations_unit u JOIN below ON u.parent_id = below.id
      WHERE u.organization_id = %(org)s)
    SELECT id FROM below
"""

_MEMBER = """
    WITH RECURSIVE me AS (
      SELECT id FROM organizations_membership
      WHERE organization_id = %(org)s AND user_id = %(user)s AND is_active),
    held AS (
      SELECT role, unit_id FROM organizations_rolebinding
      WHERE organization_id = %(org)s AND membership_id = (SELECT id FROM me)),
    below(top, id) AS (
      SELECT DISTINCT unit_id, unit_id FROM held WHERE unit_id IS NOT NULL
      UNION
      SELECT below.top, u.id FROM organizations_unit u JOIN below ON u.parent_id = below.id
      WHERE u.organization_id = %(org)s)
    SELECT me.id, held.role, held.unit_id,
      ARRAY(SELECT below.id FROM below WHERE below.top = held.unit_id)
    FROM me LEFT JOIN held ON true ORDER BY held.role, held.unit_id
"""


@once
def organization() -> Organization:
    """The organization of the open scope."""
    found = _OWN(require_organization_id())
    if found is None:
        raise Organization.DoesNotExist
    return found


_OWN = RowLookup(Organization, "id = %s")


_UNITS = "organizations.units"


def units() -> QuerySet[Unit]:
    return Unit.objects.order_by("name", "id")


@once
def parents() -> dict[UUID, UUID | None]:
    """The tree as each unit's parent, retired units included."""
    known = kept(_UNITS).get("all")
    if known is not None:
        return {unit.id: unit.parent_id for unit in known}
    return dict(Unit.objects.values_list("id", "parent_id"))


def root_unit() -> Unit:
    return Unit.objects.get(parent__isnull=True)


@dataclass(frozen=True, slots=True)
class UnitNode:
    """A unit in the tree, in reading order. `level` is 0 for the root."""

    unit: Unit
    level: int
    child_count: int


def units_tree(*, include_retired: bool = False) -> list[UnitNode]:
    """The whole tree in reading order: each unit before its children, siblings by name."""
    children: dict[UUID | None, list[Unit]] = {}
    read = kept(_UNITS)
    if "all" not in read:
        read["all"] = list(units())
    for unit in read["all"]:
        if include_retired or unit.is_active:
            children.setdefault(unit.parent_id, []).append(unit)
    nodes: list[UnitNode] = []
    waiting = [(unit, 0) for unit in reversed(children.get(None, []))]
    while waiting:
        unit, level = waiting.pop()
        below = children.get(unit.id, [])
        nodes.append(UnitNode(unit, level, len(below)))
        waiting.extend((child, level + 1) for child in reversed(below))
    return nodes


def unit_choices(ids: frozenset[UUID] | None = None) -> list[tuple[str, str]]:
    """Active units for a select box, indented by level; only these `ids` if given."""
    return [
        (str(node.unit.id), "\u2003" * node.level + node.unit.name)
        for node in units_tree()
        if ids is None or node.unit.id in ids
    ]


def unit_subtree_ids(unit_id: UUID) -> frozenset[UUID]:
    """The unit and every unit below it; empty when the organization has no such unit."""
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREE, {"org": require_organization_id(), "unit": unit_id})
        return frozenset(row[0] for row in cursor.fetchall())


def unit_ancestor_ids(unit_id: UUID) -> list[UUID]:
    """The unit, its parent, and so on up to the root."""
    tree = parents()
    path: list[UUID] = []
    current: UUID | None = unit_id
    while current is not None and current in tree and current not in path:
        path.append(current)
        current = tree[current]
    return path


def unit_by_id(unit_id: UUID) -> Unit:
    """Raises NotFound for a unit of another organization as for none at all."""
    unit = Unit.objects.filter(id=unit_id).first()
    if unit is None:
        raise NotFound("There is no such unit.", code="unit_not_found")
    return unit


def memberships() -> QuerySet[Membership]:
    """People with their user and bindings, by name."""
    bindings = RoleBinding.objects.select_related("unit").order_by("role", "unit__name")
    return (
        Membership.objects.select_related("user")
        .prefetch_related(Prefetch("bindings", queryset=bindings))
        .order_by("user__name", "id")
    )


def people(actor: Actor) -> QuerySet[Membership]:
    """The people an actor may see: all, or those with a role in units the actor reaches."""
    if visible_unit_ids(actor, P.PEOPLE_VIEW) is None:
        return memberships()
    reached = visible(actor, RoleBinding.objects.all(), P.PEOPLE_VIEW)
    return memberships().filter(
        Q(id__in=reached.values("membership_id")) | Q(id=actor.membership_id)
    )


def membership_by_id(membership_id: UUID) -> Membership:
    found = memberships().filter(id=membership_id).first()
    if found is None:
        raise NotFound("There is no such person here.", code="person_not_found")
    return found


def membership_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Display names of people by membership."""
    rows = Membership.objects.filter(id__in=list(ids)).select_related("user")
    return {row.id: row.user.display_name for row in rows}


def active_member_ids(ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the memberships whose person is active here."""
    rows = Membership.objects.filter(id__in=list(ids), is_active=True, user__is_active=True)
    return frozenset(rows.values_list("id", flat=True))


def roles_of(membership_id: UUID) -> frozenset[str]:
    """Roles a person holds anywhere."""
    rows = RoleBinding.objects.filter(membership_id=membership_id)
    return frozenset(rows.values_list("role", flat=True))


@once
def people_with_role(role: Role, unit_id: UUID | None = None) -> list[Membership]:
    """Active people who hold the role for the unit: bound to it, above it, or everywhere.

    Without a unit: bound to the whole organization.
    """
    places = unit_ancestor_ids(unit_id) if unit_id is not None else []
    holders = RoleBinding.objects.filter(role=role.value).filter(
        Q(unit__isnull=True) | Q(unit_id__in=places)
    )
    found = Membership.objects.select_related("user").order_by("user__name", "id")
    return list(
        found.filter(id__in=holders.values("membership_id"), is_active=True, user__is_active=True)
    )


def leads_upwards(unit_id: UUID | None) -> list[list[Membership]]:
    """Active unit leads for a unit, nearest first: of the unit itself, of each unit above it, then
    those bound to the whole organization. Levels without a lead are left out; two queries.
    """
    places: list[UUID | None] = [*(unit_ancestor_ids(unit_id) if unit_id else []), None]
    bindings = RoleBinding.objects.filter(role=Role.UNIT_LEAD.value).filter(
        Q(unit__isnull=True) | Q(unit_id__in=[place for place in places if place])
    )
    at: dict[UUID | None, set[UUID]] = {}
    for place, member in bindings.values_list("unit_id", "membership_id"):
        at.setdefault(place, set()).add(member)
    known = memberships().filter(is_active=True, user__is_active=True)
    people = list(known.filter(id__in=set().union(*at.values()))) if at else []
    levels = [[m for m in people if m.id in at.get(place, ())] for place in places]
    return [level for level in levels if level]


def owners() -> QuerySet[Membership]:
    """Active people who are owners."""
    return _holders([Role.OWNER])


def administrators() -> QuerySet[Membership]:
    """Active people who look after the installation: owners, and administrators of everything."""
    return _holders([Role.OWNER, Role.ADMIN])


def _holders(roles: Sequence[Role]) -> QuerySet[Membership]:
    bindings = RoleBinding.objects.filter(role__in=[r.value for r in roles], unit__isnull=True)
    return Membership.objects.filter(
        is_active=True, user__is_active=True, id__in=bindings.values("membership_id")
    )


def actor_for_user(user: User, *, request_id: str = "", ip: str = "") -> Actor | None:
    """The actor of a login in the open scope: a member, else an open support visit, else None.

    One query for a member: their roles come with the units they reach.
    """
    organization_id = require_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, {"org": organization_id, "user": user.pk})
        rows = cursor.fetchall()
    if not rows:
        return _visitor(user, request_id=request_id, ip=ip)
    return member_actor(
        user_id=user.pk,
        name=user.display_name,
        organization_id=organization_id,
        membership_id=rows[0][0],
        bindings=(
            Binding(Role(role), unit_id, None if unit_id is None else frozenset(unit_ids))
            for _, role, unit_id, unit_ids in rows
            if role is not None
        ),
        request_id=request_id,
        ip=ip,
    )


def actor_for_membership(membership: Membership) -> Actor:
    """The actor of an active person here. Raises NotFound for a suspended one."""
    actor = actor_for_user(membership.user)
    if actor is None or actor.membership_id != membership.id:
        raise NotFound(f"{membership} is suspended.", code="person_suspended")
    return actor


def _visitor(user: User, *, request_id: str, ip: str) -> Actor | None:
    visit = open_visits().filter(user_id=user.pk).first()
    if visit is None:
        return None
    return Actor(
        kind="user",
        id=user.pk,
        name=f"{user.display_name} (support)",
        organization_id=visit.organization_id,
        bindings=(Binding(Role.SUPPORT),),
        request_id=request_id,
        ip=ip,
    )


def actor_for_key(key: ApiKey, *, request_id: str = "", ip: str = "") -> Actor:
    """The actor of an API key: a service account limited to the key's permissions and unit."""
    unit_ids = None if key.unit_id is None else unit_subtree_ids(key.unit_id)
    return Actor(
        kind="service",
        id=key.id,
        name=key.name,
        organization_id=key.organization_id,
        bindings=(rules.key_binding(key.unit_id, unit_ids),),
        scopes=key.permissions,
        request_id=request_id,
        ip=ip,
    )


def live_key(key_hash: str, *, at: datetime | None = None) -> ApiKey | None:
    """The usable key of this hash in the open scope."""
    return _LIVE_KEY(require_organization_id(), key_hash, at or clock.now())


_LIVE_KEY = RowLookup(
    ApiKey, "organization_id = %s AND key_hash = %s AND revoked_at IS NULL AND expires_at > %s"
)


def api_keys(actor: Actor) -> QuerySet[ApiKey]:
    return visible(actor, ApiKey.objects.select_related("unit"), P.APIKEY_VIEW).order_by(
        "-created_at"
    )


def key_by_id(key_id: UUID) -> ApiKey:
    key = ApiKey.objects.select_related("unit").filter(id=key_id).first()
    if key is None:
        raise NotFound("There is no such API key.", code="apikey_not_found")
    return key


def invitations(actor: Actor) -> QuerySet[Invitation]:
    return visible(actor, Invitation.objects.select_related("unit"), P.PEOPLE_VIEW).order_by(
        "-created_at"
    )


def invitation_by_id(invitation_id: UUID) -> Invitation:
    found = Invitation.objects.select_related("unit").filter(id=invitation_id).first()
    if found is None:
        raise NotFound("There is no such invitation.", code="invitation_not_found")
    return found


def support_visits() -> QuerySet[SupportVisit]:
    return SupportVisit.objects.select_related("user").order_by("-started_at")


def open_visits() -> QuerySet[SupportVisit]:
    return support_visits().filter(ended_at__isnull=True, expires_at__gt=clock.now())
