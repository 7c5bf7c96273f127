"""Stories as a subject of approvals. Every hook runs inside the transaction of the decision."""

from copy import copy
from typing import Any
from uuid import UUID

from apps.access.actors import Actor
from apps.approvals.enums import Decision
from apps.approvals.models import ApprovalRequest
from apps.approvals.subjects import Outcome, SubjectDetail, SubjectHandler
from apps.attribution.services import stories_changed
from apps.common import clock, fmt
from apps.common.errors import Conflict
from apps.stories.enums import Act
from apps.stories.models import TokenStory
from apps.stories.selectors.decision import decision_context, effect_context
from apps.stories.selectors.stories import revision_by_id, story_by_id
from apps.stories.services.budget import budget_from, ensure_capability, open_story_budget
from apps.stories.services.drafts import open_draft
from apps.stories.services.lifecycle import finish_withdrawal
from apps.stories.services.moves import apply_act, lock_story, target_status
from apps.stories.services.supersede import end_replaced
from apps.stories.services.undo import memento_of, undo_answer, undo_refused


class StorySubject(SubjectHandler):
    """What a decision does to a Token Story."""

    subject_type = "story"
    label = "Token Story"

    def lock(self, subject_id: UUID) -> None:
        lock_story(subject_id)

    def on_decided(
        self, *, actor: Actor, request: ApprovalRequest, outcome: Outcome
    ) -> dict[str, Any] | None:
        """Move the story the decision was about. A decision on a stale revision is refused."""
        story = _subject(request)
        before = copy(story)
        if not outcome.final:
            target = target_status(story, Act.START_REVIEW)
            if story.state is not target:
                apply_act(actor=actor, story=story, act=Act.START_REVIEW, target=target)
        elif outcome.decision is Decision.APPROVE:
            _approve(actor, story, request, outcome)
        elif outcome.decision is Decision.REJECT:
            target = target_status(story, Act.REJECT)
            apply_act(
                actor=actor,
                story=story,
                act=Act.REJECT,
                target=target,
                reason=outcome.note,
                request_id=None,
            )
        elif outcome.decision is Decision.REQUEST_CHANGES:
            target = target_status(story, Act.REQUEST_CHANGES)
            apply_act(
                actor=actor,
                story=story,
                act=Act.REQUEST_CHANGES,
                target=target,
                reason=outcome.note,
                request_id=None,
            )
            open_draft(story, written_by="")
        if not outcome.final or outcome.decision is None:
            return None
        return memento_of(before, outcome.decision)

    def undo_refused(self, *, request: ApprovalRequest) -> str:
        return undo_refused(request)

    def on_undone(self, *, actor: Actor, request: ApprovalRequest) -> None:
        undo_answer(actor=actor, request=request)

    def on_withdrawn(self, *, actor: Actor, request: ApprovalRequest) -> None:
        finish_withdrawal(actor=actor, story=_subject(request), note=request.closed_note)

    def detail(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        """The ask, the estimate, the parent budget, the difference to the last version, checks."""
        return SubjectDetail(
            template="stories/_approval_detail.html",
            aside_template="stories/_approval_aside.html",
            context=decision_context(actor, request),
        )

    def effect(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        return SubjectDetail(template="stories/_effect.html", context=effect_context(request))

    def url(self, request: ApprovalRequest) -> tuple[str, dict[str, UUID | str]] | None:
        return ("stories:detail", {"ref": request.subject_ref})

    def consequence(self, request: ApprovalRequest) -> str:
        """What approving sets in motion, for the hint under the button."""
        revision = revision_by_id(request.revision_id)
        if revision is None:
            return ""
        starts = budget_from(revision)
        story = revision.story
        opens = f"Opens the budget of {story.ref} on {fmt.long_day(starts)}."
        replaced = story.replaces
        if replaced is None or replaced.closed_at is not None:
            return opens
        return f"{opens} Ends {replaced.ref}, which it replaces, with its budget."


def _subject(request: ApprovalRequest) -> TokenStory:
    story = story_by_id(request.subject_id)
    if story.current_revision_id != request.revision_id:
        raise Conflict(
            "A newer version of the story was submitted since.",
            code="stale_revision",
            fix="Open the request for the newer version.",
        )
    return story


def _approve(actor: Actor, story: TokenStory, request: ApprovalRequest, outcome: Outcome) -> None:
    """Approval and budget are one transaction: there is never one without the other."""
    target = target_status(story, Act.APPROVE)
    revision = revision_by_id(request.revision_id)
    assert revision is not None  # noqa: S101 -- the request holds the id of a frozen row
    cap = outcome.approved_nanos if outcome.approved_nanos is not None else revision.cap_nanos
    capability = ensure_capability(story, revision)
    budget_id = open_story_budget(
        actor=actor, story=story, revision=revision, request=request, cap_nanos=cap or 0,
        capability_id=capability.id,
    )  # fmt: skip
    apply_act(
        actor=actor,
        story=story,
        act=Act.APPROVE,
        target=target,
        reason=outcome.note,
        note={"approved_cap_nanos": cap, "revision": revision.number},
        approved_revision_id=revision.id,
        approved_cap_nanos=cap,
        capability_id=capability.id,
        budget_id=budget_id,
        request_id=None,
        approved_at=story.approved_at or clock.now(),
    )
    end_replaced(actor=actor, successor=story)
    stories_changed()
