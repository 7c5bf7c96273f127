"""The questions every service asks: may this actor do this, here, and what may they see?

Refusing is the default: an object without a unit belongs to the organization, so a role bound to a
unit does not reach it, and an object without an owner is nobody's own.
"""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from apps.access.actors import Actor, Binding
from apps.access.matrix import Scope, scope_of
from apps.access.permissions import MEANINGS, PER_UNIT, P
from apps.common.errors import Forbidden

M = TypeVar("M", bound=Model)


def can(
    actor: Actor, permission: P, *, unit_id: UUID | None = None, owner_id: UUID | None = None
) -> bool:
    """May the actor do this to an object of this unit (None: of the organization) and owner?"""
    if not _within_scopes(actor, permission):
        return False
    if actor.kind == "system":
        return True
    return any(
        _allows(actor, binding, permission, unit_id=unit_id, owner_id=owner_id)
        for binding in actor.bindings
    )


def require(
    actor: Actor, permission: P, *, unit_id: UUID | None = None, owner_id: UUID | None = None
) -> None:
    """Raise Forbidden unless `can(...)`."""
    if not can(actor, permission, unit_id=unit_id, owner_id=owner_id):
        raise _refusal(permission)


def can_anywhere(actor: Actor, permission: P) -> bool:
    """May the actor do this to at least some objects? For menus and list pages, never for a write.

    A permission whose objects have no unit needs a role bound to the organization.
    """
    if not _within_scopes(actor, permission):
        return False
    if actor.kind == "system":
        return True
    per_unit = permission in PER_UNIT
    return any(
        scope is Scope.ORG or (scope is not None and (per_unit or binding.unit_ids is None))
        for binding in actor.bindings
        for scope in (scope_of(binding.role, permission),)
    )


def require_anywhere(actor: Actor, permission: P) -> None:
    """Raise Forbidden unless `can_anywhere(...)`."""
    if not can_anywhere(actor, permission):
        raise _refusal(permission)


def visible_unit_ids(actor: Actor, permission: P) -> frozenset[UUID] | None:
    """Units whose objects the actor reaches in full; None: the whole organization.

    OWN grants give no unit. The empty set means: none.
    """
    if not _within_scopes(actor, permission):
        return frozenset()
    if actor.kind == "system":
        return None
    reached: set[UUID] = set()
    for binding in actor.bindings:
        scope = scope_of(binding.role, permission)
        if scope is Scope.ORG or (scope is Scope.UNIT and binding.unit_ids is None):
            return None
        if scope is Scope.UNIT and binding.unit_ids is not None:
            reached |= binding.unit_ids
    return frozenset(reached)


def visible(
    actor: Actor,
    qs: QuerySet[M],
    permission: P,
    *,
    unit_field: str = "unit_id",
    owner_field: str | None = None,
) -> QuerySet[M]:
    """The rows of `qs` for which `can(actor, permission, unit_id=..., owner_id=...)` holds."""
    units = visible_unit_ids(actor, permission)
    if units is None:
        return qs
    condition = Q(**{f"{unit_field}__in": units}) if units else None
    if owner_field is not None:
        for binding in actor.bindings:
            own = _own(actor, binding, permission, unit_field, owner_field)
            if own is not None:
                condition = own if condition is None else condition | own
    return qs.none() if condition is None else qs.filter(condition)


def _own(
    actor: Actor, binding: Binding, permission: P, unit_field: str, owner_field: str
) -> Q | None:
    """Rows a binding's OWN grant reaches."""
    if not _within_scopes(actor, permission) or scope_of(binding.role, permission) is not Scope.OWN:
        return None
    mine = [owner for owner in (actor.membership_id, actor.id) if owner is not None]
    own = Q(**{f"{owner_field}__in": mine})
    return own if binding.unit_ids is None else own & Q(**{f"{unit_field}__in": binding.unit_ids})


def _allows(
    actor: Actor, binding: Binding, permission: P, *, unit_id: UUID | None, owner_id: UUID | None
) -> bool:
    scope = scope_of(binding.role, permission)
    if scope is Scope.ORG:
        return True
    if scope is Scope.UNIT:
        return binding.covers(unit_id)
    return scope is Scope.OWN and actor.owns(owner_id) and binding.covers(unit_id)


def _within_scopes(actor: Actor, permission: P) -> bool:
    """A key never does more than it was given."""
    return actor.scopes is None or permission in actor.scopes


def _refusal(permission: P) -> Forbidden:
    label = MEANINGS[permission].label
    return Forbidden(
        f"Your role does not include: {label[0].lower()}{label[1:]}.",
        code="permission_required",
        fix=f"Ask an owner or administrator for a role with {permission.value}.",
    )
