"""What people do with a story besides editing it: withdraw, deliver, go live, true up, close."""

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import selectors as approval_selectors
from apps.approvals import services as approvals
from apps.attribution.services import stories_changed
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.stories import rules
from apps.stories.enums import Act
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.design import missing_for_production
from apps.stories.selectors.stories import story_by_id
from apps.stories.services.budget import close_story_budget
from apps.stories.services.moves import apply_act, check_version, target_status

SUBJECT = "story"
BAND = "story_band"
"""Subject of `services.band`, which asks about months above the estimate."""


@transaction.atomic
def withdraw(
    *, actor: Actor, story_id: UUID, version: int | None = None, note: str = ""
) -> TokenStory:
    """Take a draft or a submission back. An amendment of a story under way is only dropped.

    The request moves before the story, as it does in a decision: the two never deadlock.
    """
    story = story_by_id(story_id)
    require(actor, P.STORY_SUBMIT, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target_status(story, Act.WITHDRAW)
    if story.state in rules.WAITING:
        request = approval_selectors.open_request_of(SUBJECT, story.id)
        if request is None:
            raise Conflict("The request was decided just now.", code="stale_version")
        if actor.owns(request.requester_id):
            approvals.withdraw(
                actor=actor, request_id=request.id, version=request.version, note=note
            )
            return story_by_id(story_id)
        approvals.void_open_request(
            actor=actor,
            subject_type=SUBJECT,
            subject_id=story.id,
            reason=note.strip() or f"Withdrawn by {actor.name}.",
        )
    return finish_withdrawal(actor=actor, story=story_by_id(story_id), note=note)


def finish_withdrawal(*, actor: Actor, story: TokenStory, note: str = "") -> TokenStory:
    """The story's side of a withdrawal; its working copy goes with it."""
    target = target_status(story, Act.WITHDRAW)
    if story.current_revision_id is not None:
        StoryDraft.objects.filter(story_id=story.id).delete()
    return apply_act(
        actor=actor, story=story, act=Act.WITHDRAW, target=target, reason=note, request_id=None
    )


@transaction.atomic
def start_delivery(
    *, actor: Actor, story_id: UUID, version: int | None = None, note: str = ""
) -> TokenStory:
    """The team has begun to build."""
    return _advance(actor, story_id, version, Act.START_DELIVERY, note)


@transaction.atomic
def go_live(
    *, actor: Actor, story_id: UUID, version: int | None = None, note: str = ""
) -> TokenStory:
    """People use it: from now on measured months count against the production estimate.

    Raises Invalid while nothing guards its use (`selectors.design.missing_for_production`).
    """
    return _advance(actor, story_id, version, Act.GO_LIVE, note, went_live_at=clock.now())


@transaction.atomic
def true_up(
    *, actor: Actor, story_id: UUID, version: int | None = None, note: str = ""
) -> TokenStory:
    """Somebody has compared the estimate with what was measured; ``note`` says what was learnt."""
    return _advance(actor, story_id, version, Act.TRUE_UP, note)


@transaction.atomic
def close(
    *, actor: Actor, story_id: UUID, version: int | None = None, note: str = ""
) -> TokenStory:
    """End of life. The budget of the story ends with it; usage and evidence stay."""
    story = _advance(actor, story_id, version, Act.CLOSE, note, closed_at=clock.now())
    StoryDraft.objects.filter(story_id=story.id).delete()
    close_story_budget(actor=actor, story=story)
    approvals.void_open_request(
        actor=actor, subject_type=BAND, subject_id=story.id, reason="The story is closed."
    )
    if story.approved_at is not None:
        stories_changed()
    return story


def _advance(
    actor: Actor, story_id: UUID, version: int | None, act: Act, note: str, **changes: Any
) -> TokenStory:
    story = story_by_id(story_id)
    require(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target = target_status(story, act)
    if act is Act.GO_LIVE:
        _require_guardrails(story)
    return apply_act(
        actor=actor, story=story, act=act, target=target, reason=note.strip(), **changes
    )


def _require_guardrails(story: TokenStory) -> None:
    assert story.capability_id is not None  # noqa: S101 -- an approval names the capability
    errors = missing_for_production(story.capability_id, story.unit_id)
    if errors:
        raise Invalid("The story cannot go live yet.", code="guardrails_missing", errors=errors)
