"""Sprints and what was said about their stories, as stored."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.common.errors import NotFound
from apps.sprints.models import Sprint, SprintStory


def sprints(actor: Actor) -> QuerySet[Sprint]:
    """Sprints of units whose stories the actor may read."""
    return visible(actor, Sprint.objects.select_related("unit"), P.STORY_VIEW)


def sprint_by_id(actor: Actor, sprint_id: UUID) -> Sprint:
    """Raises NotFound for a sprint out of sight as for none at all."""
    found = sprints(actor).filter(id=sprint_id).first()
    if found is None:
        raise sprint_missing()
    return found


def sprint_missing() -> NotFound:
    return NotFound("There is no such sprint.", code="sprint_not_found")


def choices_of(ids: Iterable[UUID]) -> dict[UUID, dict[UUID, bool]]:
    """By sprint: stories that were put in (True) or taken out (False) by hand."""
    found: dict[UUID, dict[UUID, bool]] = {}
    rows = SprintStory.objects.filter(sprint_id__in=list(ids))
    for sprint_id, story_id, is_in in rows.values_list("sprint_id", "story_id", "is_in"):
        found.setdefault(sprint_id, {})[story_id] = is_in
    return found
