"""Who may see the people behind usage."""

from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids


def may_see_people(actor: Actor, reached: frozenset[UUID] | None) -> bool:
    """Whether the actor may see people of all units reached; None is the whole organization."""
    seen = visible_unit_ids(actor, P.PEOPLE_VIEW)
    return seen is None or (reached is not None and bool(reached) and reached <= seen)


def sees_people_of(actor: Actor, permission: P) -> bool:
    """Whether the actor may see people wherever a permission reaches."""
    return may_see_people(actor, visible_unit_ids(actor, permission))
