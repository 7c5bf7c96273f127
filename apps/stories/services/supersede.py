"""A story takes another one's place: filed beside it, and the end of it once approved."""

import dataclasses
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import services as approvals
from apps.common import clock
from apps.common.errors import Conflict
from apps.stories.enums import Act
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.stories import live_successor, revision_by_id, story_by_id
from apps.stories.services.budget import close_story_budget
from apps.stories.services.drafts import create_draft
from apps.stories.services.lifecycle import BAND
from apps.stories.services.moves import apply_act, check_version, lock_story, target_status
from apps.stories.services.plan import plan_of
from apps.stories.starts import redate

SUBJECT = "story"
BY_APPROVAL = "stories.supersede"


@transaction.atomic
def supersede(*, actor: Actor, story_id: UUID, version: int | None = None) -> TokenStory:
    """File the story that is to replace one under way: a draft of its plan, dated from now.

    Nothing changes for the replaced one until the new one is approved. Raises Forbidden, and
    Conflict for a story that is not under way or already has a successor on its way.
    """
    lock_story(story_id)
    story = story_by_id(story_id)
    require(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target_status(story, Act.SUPERSEDE)
    known = live_successor(story)
    if known is not None:
        raise Conflict(
            f"{known.ref} is already filed to replace {story.ref}.",
            code="already_replaced",
            fix=f"Continue {known.ref}, or withdraw it first.",
        )
    assert story.approved_revision_id is not None  # noqa: S101 -- only such stories are under way
    revision = revision_by_id(story.approved_revision_id)
    assert revision is not None  # noqa: S101 -- revisions are never deleted
    plan = plan_of(revision)
    fresh = redate(
        plan.assumptions, today=clock.today(), build_months=plan.assumptions.build_months
    )
    plan = dataclasses.replace(plan, assumptions=fresh, capability_id=story.capability_id)
    return create_draft(actor=actor, plan=plan, replaces=story)


def end_replaced(*, actor: Actor, successor: TokenStory) -> TokenStory | None:
    """End the story that an approved one replaces, with its budget and its open amendment.

    Part of the approval's transaction: its authority is the approval. None when there is nothing
    to end: no such story, or over already.
    """
    if successor.replaces_id is None:
        return None
    lock_story(successor.replaces_id)
    story = story_by_id(successor.replaces_id)
    if story.closed_at is not None:
        return None
    reason = f"{successor.ref} replaces it, approved by {actor.name}."
    system = system_actor(BY_APPROVAL)
    for subject in (SUBJECT, BAND):
        approvals.void_open_request(
            actor=system, subject_type=subject, subject_id=story.id, reason=reason
        )
    ended = apply_act(
        actor=system,
        story=story,
        act=Act.SUPERSEDE,
        target=target_status(story, Act.SUPERSEDE),
        reason=reason,
        note={"successor": successor.ref},
        closed_at=clock.now(),
        request_id=None,
    )
    StoryDraft.objects.filter(story_id=ended.id).delete()
    close_story_budget(actor=actor, story=ended)
    return ended
