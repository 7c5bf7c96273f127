"""Undoing the answer that closed a story's request: the story goes back into review."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import Actor
from apps.approvals.enums import Decision
from apps.approvals.models import ApprovalRequest
from apps.attribution.services import stories_changed
from apps.budgets import services as budgets
from apps.common import clock
from apps.common.errors import Conflict
from apps.outbox.services import enqueue
from apps.stories import events
from apps.stories.enums import StoryStatus
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.stories import story_by_id
from apps.trail.services import record

IDS = ("approved_revision_id", "budget_id", "request_id")


def memento_of(before: TokenStory, decision: Decision) -> dict[str, Any]:
    """What must be known to take an answer back: the story as it was, and its version after."""
    after = story_by_id(before.id)
    replaced = after.replaces if decision is Decision.APPROVE else None
    ended = replaced is not None and replaced.status == StoryStatus.SUPERSEDED
    return {
        "ended": replaced.ref if replaced and ended and not before.approved_at else "",
        "decision": decision.value,
        "version": after.version,
        "status": before.status,
        "resume_status": before.resume_status,
        "approved_cap_nanos": before.approved_cap_nanos,
        "approved_at": before.approved_at.isoformat() if before.approved_at else None,
        **{name: str(v) if (v := getattr(before, name)) else None for name in IDS},
    }


def undo_refused(request: ApprovalRequest) -> str:
    """Why the answer stands: the story moved on, or its budget was used."""
    memento = request.memento
    if not memento:
        return "What it set in motion cannot be taken back."
    if story_by_id(request.subject_id).version != memento["version"]:
        return "The story has moved on since."
    if memento["decision"] == Decision.APPROVE:
        if ended := memento.get("ended"):
            return f"{ended} ended with it and cannot be brought back."
        return budgets.approval_in_use(request.id)
    return ""


def undo_answer(*, actor: Actor, request: ApprovalRequest) -> None:
    """Put the story back as it was before the answer, if it is still as the answer left it."""
    memento = request.memento
    story = story_by_id(request.subject_id)
    decision = Decision(memento["decision"])
    at = memento["approved_at"]
    values: dict[str, Any] = {
        "status": memento["status"],
        "resume_status": memento["resume_status"],
        "approved_cap_nanos": memento["approved_cap_nanos"],
        "approved_at": datetime.fromisoformat(at) if at else None,
        "updated_at": clock.now(),
        **{name: UUID(memento[name]) if memento[name] else None for name in IDS},
    }
    changed = TokenStory.objects.filter(id=story.id, version=memento["version"]).update(
        **values, version=F("version") + 1
    )
    if not changed:
        raise Conflict("The story has moved on since.", code="in_use", fix="Ask for a new request.")
    if decision is Decision.APPROVE:
        budgets.undo_approval(
            actor=actor,
            request_id=request.id,
            note=f"{actor.name} took the approval of {story.ref} back.",
        )
        stories_changed()
    elif decision is Decision.REQUEST_CHANGES:
        StoryDraft.objects.filter(story_id=story.id).delete()
    record(
        actor=actor,
        action=events.ANSWER_UNDONE,
        obj=story,
        before={"status": story.status},
        after={"status": memento["status"]},
    )
    enqueue(
        events.ANSWER_UNDONE,
        key=f"story:{story.id}",
        payload={
            "story_id": str(story.id),
            "ref": story.ref,
            "status": memento["status"],
            "version": story.version + 1,
            "revision": story.revision_number,
        },
    )
