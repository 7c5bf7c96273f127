"""The one way a story changes state: a conditional update on the status and version that was read.

Two people who act on the same story at the same time get one success and one Conflict; nothing is
ever applied to a story somebody else moved on.
"""

from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict
from apps.outbox.services import enqueue
from apps.stories import events, rules
from apps.stories.enums import Act, StoryStatus
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import has_draft
from apps.trail.services import record

STALE = "Somebody changed this story since you opened it."


def lock_story(story_id: UUID) -> None:
    """Take the story's row before its approval request moves: every act that touches both takes
    them in this order, so none waits for another in a circle.
    """
    TokenStory.objects.select_for_update().filter(id=story_id).order_by().first()


def check_version(story: TokenStory, version: int | None) -> None:
    """Raise Conflict when the caller saw another version. None: the caller saw no version."""
    if version is not None and story.version != version:
        raise Conflict(
            STALE,
            code="stale_version",
            fix="Open the story again, compare, and repeat your change.",
        )


def target_status(story: TokenStory, act: Act, *, draft: bool | None = None) -> StoryStatus:
    """The status after an act. Raises Conflict when the act is not legal in the story's state."""
    with_draft = has_draft(story.id) if draft is None else draft
    target = rules.next_status(story.state, act, resume=story.resume, has_draft=with_draft)
    if target is None:
        raise Conflict(
            _refusal(story, act, with_draft),
            code="illegal_transition",
            fix="Open the story to see what can be done with it now.",
        )
    return target


def _refusal(story: TokenStory, act: Act, draft: bool) -> str:
    if act in rules.NEEDS_DRAFT and not draft and (story.state, act) in rules.TRANSITIONS:
        return f"{story.ref} has no draft: amend it first."
    if act is Act.AMEND and draft:
        return f"{story.ref} already has a draft."
    return f"{story.ref} is {story.state.label.lower()}: it cannot {rules.CHECK_TEXT[act]}."


def apply_act(
    *,
    actor: Actor,
    story: TokenStory,
    act: Act,
    target: StoryStatus,
    reason: str = "",
    note: dict[str, Any] | None = None,
    **changes: Any,
) -> TokenStory:
    """Move a story as read to ``target`` with ``changes``, or raise Conflict.

    Writes the trail event (``note`` adds to what it says about the new state) and, for every act
    that moves the story, the outbox message of the same name.
    """
    resume = rules.next_resume(story.state, act, story.resume)
    values = {
        "status": target.value,
        "resume_status": resume.value if resume else "",
        "updated_at": clock.now(),
        **changes,
    }
    changed = TokenStory.objects.filter(
        id=story.id, status=story.status, version=story.version
    ).update(**values, version=F("version") + 1)
    if not changed:
        raise Conflict(
            STALE,
            code="stale_version",
            fix="Open the story again, compare, and repeat your change.",
        )
    before = {"status": story.status, "version": story.version}
    after = {"status": target.value, "version": story.version + 1, **(note or {})}
    for name, value in values.items():
        setattr(story, name, value)
    story.version += 1
    action = events.OF_ACT[act]
    record(actor=actor, action=action, obj=story, before=before, after=after, reason=reason)
    if act is not Act.SAVE:
        enqueue(
            action,
            key=f"story:{story.id}",
            payload={
                "story_id": str(story.id),
                "ref": story.ref,
                "status": target.value,
                "version": story.version,
                "revision": story.revision_number,
            },
        )
    return story
