"""What this actor may do on story pages: for menus and choices; the services decide again."""

from uuid import UUID

from apps.access.actors import Actor
from apps.access.matrix import Scope, scope_of
from apps.access.permissions import P
from apps.access.services import can, visible_unit_ids
from apps.common.memo import once
from apps.organizations import selectors as organizations
from apps.portfolio.selectors import active_capabilities
from apps.stories import rules
from apps.stories.enums import Act
from apps.stories.models import TokenStory

PEOPLE_ACTS = {
    Act.SUBMIT: P.STORY_SUBMIT,
    Act.WITHDRAW: P.STORY_SUBMIT,
    Act.AMEND: P.STORY_WRITE,
    Act.DISCARD: P.STORY_WRITE,
    Act.START_DELIVERY: P.STORY_WRITE,
    Act.GO_LIVE: P.STORY_WRITE,
    Act.TRUE_UP: P.STORY_WRITE,
    Act.CLOSE: P.STORY_WRITE,
    Act.SUPERSEDE: P.STORY_WRITE,
    Act.SAVE: P.STORY_WRITE,
}


def writable_unit_ids(actor: Actor) -> frozenset[UUID] | None:
    """Units the actor may file stories for; None is all of them."""
    units = visible_unit_ids(actor, P.STORY_WRITE)
    if units is None:
        return None
    reached = set(units)
    for binding in actor.bindings:
        if scope_of(binding.role, P.STORY_WRITE) is Scope.OWN:
            if binding.unit_ids is None:
                return None
            reached |= binding.unit_ids
    return frozenset(reached)


def acts_for(actor: Actor, story: TokenStory, *, has_draft: bool) -> frozenset[Act]:
    """Acts that are legal now and that the actor may do."""
    legal = rules.acts_possible(story.state, resume=story.resume, has_draft=has_draft)
    return frozenset(
        act
        for act, permission in PEOPLE_ACTS.items()
        if act in legal and can(actor, permission, unit_id=story.unit_id, owner_id=story.author_id)
    )


@once
def capability_choices(actor: Actor) -> list[tuple[str, str]]:
    """Capabilities in use of the units the actor files for, with their team."""
    rows = active_capabilities(writable_unit_ids(actor)).select_related("unit")
    return [(str(row.id), f"{row.name} ({row.unit.name})") for row in rows]


@once
def unit_choices(actor: Actor) -> list[tuple[str, str]]:
    return organizations.unit_choices(writable_unit_ids(actor))


@once
def people_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(str(row.id), str(row)) for row in organizations.people(actor) if row.is_active]
