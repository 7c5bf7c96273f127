"""Rules of organizations, people and keys. Pure: no queries, no clock."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import available_timezones

from apps.access.actors import Actor, Binding
from apps.access.permissions import KEY_PERMISSIONS, P
from apps.access.roles import GRANTABLE, ORGANIZATION_ONLY, Role
from apps.organizations.enums import InvitationState, KeyState

#: Levels of the unit tree, the root included.
MAX_DEPTH = 8

INVITATION_LIFETIME = timedelta(days=7)

#: A key lives a year at most; the form offers 90 days.
KEY_LIFETIME_MAX = timedelta(days=366)
KEY_LIFETIME_DEFAULT = timedelta(days=90)

#: After a rotation the old key works this long, so that programs can change over.
ROTATION_OVERLAP = timedelta(hours=24)

#: The last use of a key is written at most this often.
LAST_USE_GRAIN = timedelta(minutes=1)

SUPPORT_MAX = timedelta(hours=8)

KEY_PREFIX = "tok_"

RESERVED_SLUGS = frozenset({"new", "api", "static", "setup", "account", "support", "invitations"})

#: ISO 4217 codes in use (currencies of countries; no funds, metals or test codes).
_CURRENCIES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN
BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR
FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD
JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC
SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF
XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CURRENCIES.split())

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")


def slug_problem(slug: str) -> str:
    """Why the slug cannot be used, or an empty string."""
    if not _SLUG.fullmatch(slug):
        return "Use 1 to 50 lower case letters, digits and hyphens, no hyphen at the ends."
    if slug in RESERVED_SLUGS:
        return "This word is reserved for the portal's own pages."
    return ""


def is_timezone(name: str) -> bool:
    """Is it a region of the IANA database (UTC included)?"""
    return name in available_timezones()


def invitation_state(
    *,
    accepted_at: datetime | None,
    revoked_at: datetime | None,
    expires_at: datetime,
    at: datetime,
) -> InvitationState:
    if accepted_at is not None:
        return InvitationState.ACCEPTED
    if revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.OPEN if expires_at > at else InvitationState.EXPIRED


def key_state(*, revoked_at: datetime | None, expires_at: datetime, at: datetime) -> KeyState:
    if revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.EXPIRED if expires_at <= at else KeyState.ACTIVE


def subtree(parents: Mapping[UUID, UUID | None], root: UUID) -> frozenset[UUID]:
    """The node and everything below it. `parents`: each node's parent."""
    children: dict[UUID | None, list[UUID]] = {}
    for node, parent in parents.items():
        children.setdefault(parent, []).append(node)
    found: set[UUID] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(children.get(node, ()))
    return frozenset(found)


def depth(parents: Mapping[UUID, UUID | None], node: UUID) -> int:
    """1 for the root. Raises ValueError on a cycle."""
    steps, current = 1, parents[node]
    while current is not None:
        steps, current = steps + 1, parents[current]
        if steps > len(parents):
            raise ValueError("the tree has a cycle")
    return steps


def height(parents: Mapping[UUID, UUID | None], root: UUID) -> int:
    """Levels of the subtree: 1 for a leaf."""
    top = depth(parents, root)
    return max(depth(parents, node) for node in subtree(parents, root)) - top + 1


def move_problem(parents: Mapping[UUID, UUID | None], unit: UUID, new_parent: UUID) -> str:
    """Why the unit cannot hang below the new parent, or an empty string."""
    if parents[unit] is None:
        return "The root stays at the top."
    if new_parent in subtree(parents, unit):
        return "A unit cannot hang below itself."
    if depth(parents, new_parent) + height(parents, unit) > MAX_DEPTH:
        return f"The tree would be deeper than {MAX_DEPTH} levels."
    return ""


def may_give(actor: Actor, role: Role, unit_id: UUID | None) -> bool:
    """May the actor give this role here? Holding the place's permission is asked separately."""
    if actor.kind == "system":
        return True
    return any(
        role in GRANTABLE.get(binding.role, frozenset()) and binding.covers(unit_id)
        for binding in actor.bindings
    )


def binding_problem(role: Role, unit_id: UUID | None) -> str:
    """Why the role cannot be bound there, or an empty string."""
    if role not in GIVABLE:
        return f"{role.label} is not given to people."
    if unit_id is not None and role in ORGANIZATION_ONLY:
        return f"{role.label} is a role of the whole organization."
    return ""


def may_change_own_roles(actor: Actor) -> bool:
    """Only an owner, who holds every permission already, and the system."""
    return actor.kind == "system" or actor.has_role(Role.OWNER)


#: Roles that people can be given.
GIVABLE = tuple(r for r in Role if any(r in given for given in GRANTABLE.values()))


def scope_problems(scopes: Iterable[str]) -> list[str]:
    """Scopes that a key cannot hold."""
    known = {permission.value for permission in KEY_PERMISSIONS}
    return sorted({scope for scope in scopes if scope not in known})


def key_binding(unit_id: UUID | None, unit_ids: frozenset[UUID] | None) -> Binding:
    """The one binding of a key's actor."""
    return Binding(Role.SERVICE, unit_id, unit_ids)


def ordered_scopes(scopes: Iterable[str]) -> list[str]:
    """Scopes once each, in the order of the permission list."""
    wanted = set(scopes)
    return [permission.value for permission in P if permission.value in wanted]
