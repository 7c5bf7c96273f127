"""Leaving the approved band: found every day, decided by the people who approved.

A month that is over, whose measured cost passed the P90 of the approved estimate, is written down
once and opens an approval request of its own: accept it, ask for an amendment, or ask that use
comes back. The story itself keeps its status until somebody amends it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor, system_actor
from apps.approvals.enums import Decision
from apps.approvals.models import ApprovalRequest
from apps.approvals.services import open_request
from apps.approvals.subjects import Outcome, SubjectDetail, SubjectHandler
from apps.common import fmt
from apps.common.errors import Conflict
from apps.notifications.services import notify
from apps.organizations.selectors import organization
from apps.stories import events, rules
from apps.stories.design import load_design
from apps.stories.enums import BandOutcome
from apps.stories.estimator import load
from apps.stories.models import BandExit, StoryRevision, TokenStory
from apps.stories.selectors.accuracy import Outcome as Month
from apps.stories.selectors.accuracy import records
from apps.stories.selectors.estimating import models_of
from apps.stories.selectors.facts import facts
from apps.stories.selectors.stories import story_by_id
from apps.tenancy.urls import org_url
from apps.trail.services import record

ACTOR = "stories.watch_bands"
SUBJECT = "story_band"


def watch_bands() -> int:
    """Write down and ask about every story whose last whole month left its band; their number.

    Safe to repeat: a story is asked about once a month, and not while it is being amended.
    """
    found = 0
    for each in records():
        last, story = each.last, each.story
        if last is None or last.measured <= last.p90:
            continue
        if story.state not in rules.UNDER_WAY or story.resume is not None:
            continue
        found += _ask(story, last)
    return found


@transaction.atomic
def _ask(story: TokenStory, last: Month) -> int:
    assert story.approved_revision_id is not None  # noqa: S101 -- records() holds approved ones
    exit_, made = BandExit.objects.get_or_create(
        story=story,
        month=last.month.start,
        defaults={
            "revision_id": story.approved_revision_id,
            "measured_nanos": last.measured,
            "estimated_nanos": last.estimated,
            "p90_nanos": last.p90,
        },
    )
    if not made:
        return 0
    actor = system_actor(ACTOR)
    record(
        actor=actor,
        action=events.LEFT_BAND,
        obj=story,
        after={"month": str(last.month), "measured_nanos": last.measured, "p90_nanos": last.p90},
    )
    revision = StoryRevision.objects.get(id=story.approved_revision_id)
    people = wrote_it(story, revision)
    request = open_request(
        actor=actor,
        subject_type=SUBJECT,
        subject_id=story.id,
        revision_id=exit_.id,
        title=f"{story.title}: {exit_}",
        unit_id=story.unit_id,
        requester_id=None,
        amount_nanos=last.measured,
        currency=story.currency,
        context=_facts(story, revision),
        subject_ref=story.ref,
        revision_number=revision.number,
        summary=summary_of(story, exit_),
        author_ids=people,
        flags=[{"tone": "bad", "text": "Left its band"}],
    )
    notify(
        recipients=people,
        kind="story.left_band",
        key=f"band:{exit_.id}",
        title=f"{story.ref} {story.title} left its approved band",
        body=f"{summary_of(story, exit_)}\nThe people who approved it decide what follows.",
        path=org_url(organization().slug, "approvals:detail", request_id=request.id),
    )
    return 1


def wrote_it(story: TokenStory, revision: StoryRevision) -> list[UUID]:
    """Memberships that wrote or sent the estimate: they hear of it, and none of them decides."""
    found = {story.author_id} if story.author_kind == "user" else set()
    if revision.submitted_by_kind == "user":
        found.add(revision.submitted_by_id)
    return sorted(each for each in found if each is not None)


def summary_of(story: TokenStory, exit_: BandExit) -> str:
    """What happened, in one sentence."""
    measured, p90 = (
        fmt.money(n, story.currency, style="exact") for n in (exit_.measured_nanos, exit_.p90_nanos)
    )
    return (
        f"{story.ref} cost {measured} in {exit_.month:%B %Y}; "
        f"its approved estimate reaches {p90} at P90."
    )


def _facts(story: TokenStory, revision: StoryRevision) -> Mapping[str, Any]:
    """What the approved revision says, at today's standing of its models."""
    return facts(
        capability=story.capability,
        kind=story.kind,
        cap_nanos=None,
        result=None,
        tier=story.tier,
        models=models_of(load(revision.assumptions)),
        design=load_design(revision.design),
    )


class BandSubject(SubjectHandler):
    """What a decision about a month above the band does."""

    subject_type = SUBJECT
    label = "Use above the approved band"
    takes_cap = False

    OUTCOMES = {
        Decision.APPROVE: BandOutcome.ACCEPTED,
        Decision.REQUEST_CHANGES: BandOutcome.AMEND,
        Decision.REJECT: BandOutcome.RETURN,
    }

    def on_decided(
        self, *, actor: Actor, request: ApprovalRequest, outcome: Outcome
    ) -> Mapping[str, Any] | None:
        if not outcome.final or outcome.decision not in self.OUTCOMES:
            return None
        chosen = self.OUTCOMES[outcome.decision]
        moved = BandExit.objects.filter(id=request.revision_id, outcome=BandOutcome.OPEN).update(
            outcome=chosen
        )
        if not moved:
            raise Conflict("This month was decided already.", code="already_decided")
        record(
            actor=actor,
            action=events.BAND_DECIDED,
            obj=story_by_id(request.subject_id),
            after={"outcome": chosen.value},
            reason=outcome.note,
        )
        return {"outcome": chosen.value}

    def undo_refused(self, *, request: ApprovalRequest) -> str:
        return ""

    def on_undone(self, *, actor: Actor, request: ApprovalRequest) -> None:
        BandExit.objects.filter(id=request.revision_id).update(outcome=BandOutcome.OPEN)

    def on_voided(self, *, actor: Actor, request: ApprovalRequest) -> None:
        BandExit.objects.filter(id=request.revision_id, outcome=BandOutcome.OPEN).update(
            outcome=BandOutcome.ACCEPTED
        )

    def detail(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        exit_ = BandExit.objects.select_related("story").filter(id=request.revision_id).first()
        return SubjectDetail(template="stories/_band_detail.html", context={"exit": exit_})

    def url(self, request: ApprovalRequest) -> tuple[str, dict[str, UUID | str]] | None:
        return ("stories:detail", {"ref": request.subject_ref})

    def words(self, request: ApprovalRequest) -> Mapping[str, tuple[str, str]]:
        return {
            "approve": ("Accept the month", "Accept the month as it was"),
            "request_changes": ("Ask for an amendment", "Ask the team to amend the story"),
            "reject": ("Bring use back", "Ask that use comes back to the estimate"),
        }

    def consequence(self, request: ApprovalRequest) -> str:
        return "Accepts the month as it was; the estimate and the budget stay as they are."
