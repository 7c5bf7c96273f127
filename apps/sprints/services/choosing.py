"""Putting a story into a sprint by hand, or taking it out."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import Invalid, NotFound
from apps.sprints import events
from apps.sprints.models import Sprint, SprintStory
from apps.sprints.selectors import sprint_by_id, sprint_missing
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import stories
from apps.trail.services import record


@transaction.atomic
def choose_story(
    *, actor: Actor, sprint_id: UUID, story_id: UUID, is_in: bool | None
) -> SprintStory | None:
    """Put a story in (True), take it out (False), or let its dates decide again (None).

    Saying the same again changes nothing. Every change is a new version of the sprint: who removes
    it has seen what was said. Raises Forbidden, NotFound (sprint, story), Invalid for a story
    without an estimate.
    """
    sprint = sprint_by_id(actor, sprint_id)
    require(actor, P.SPRINT_MANAGE, unit_id=sprint.unit_id)
    story = _story(actor, story_id)
    if Sprint.objects.select_for_update().filter(id=sprint.id).order_by().first() is None:
        raise sprint_missing()
    before = SprintStory.objects.filter(sprint=sprint, story=story).first()
    if (before.is_in if before else None) == is_in:
        return before
    if before is not None:
        before.delete()
    made = None
    if is_in is not None:
        made = SprintStory.objects.create(
            sprint=sprint, story=story, is_in=is_in, by_name=actor.name[:200]
        )
    Sprint.objects.filter(id=sprint.id).update(version=F("version") + 1)
    words = {True: "put in", False: "taken out", None: "by its dates"}
    record(
        actor=actor,
        action=events.SPRINT_STORY,
        obj=sprint,
        before={story.ref: words[before.is_in if before else None]},
        after={story.ref: words[is_in]},
    )
    return made


def _story(actor: Actor, story_id: UUID) -> TokenStory:
    story = stories(actor).filter(id=story_id).first()
    if story is None:
        raise NotFound("There is no such Token Story.", code="story_not_found")
    if story.current_revision_id is None:
        raise Invalid(f"{story.ref} has no estimate yet.", field="story", fix="Submit it first.")
    return story
