"""Leaving what was approved: found by itself, decided by the people who approved.

A month that is over and whose measured cost passed the P90 of the approved estimate, or a running
one that reached the limit of the story's budget, is written down once and opens an approval request
of its own: accept it, ask for an amendment, or ask that use comes back. The story itself keeps its
status until somebody amends it, and nothing is stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor, system_actor
from apps.approvals.enums import Decision
from apps.approvals.models import ApprovalRequest
from apps.approvals.services import open_request
from apps.approvals.subjects import Outcome, SubjectDetail, SubjectHandler
from apps.budgets.selectors import active_budget_of_story, budget_status
from apps.budgets.selectors.funding import sole_funders
from apps.common import fmt
from apps.common.errors import Conflict
from apps.common.periods import month_of
from apps.notifications.services import notify
from apps.organizations.selectors import organization
from apps.stories import events, rules
from apps.stories.design import load_design
from apps.stories.enums import BandCause, BandOutcome
from apps.stories.estimator import load
from apps.stories.models import BandExit, StoryRevision, TokenStory
from apps.stories.selectors.accuracy import Outcome as Month
from apps.stories.selectors.accuracy import records
from apps.stories.selectors.budget_effect import parent_effects
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
        if last is None or last.measured <= last.p90 or not is_watched(story):
            continue
        found += ask_about(story, last)
    return found


def is_watched(story: TokenStory) -> bool:
    """Whether it is under way on an approved revision, and not being amended already."""
    approved = story.approved_revision_id is not None
    return approved and story.state in rules.UNDER_WAY and story.resume is None


@dataclass(frozen=True, slots=True)
class Overrun:
    """The limit a budget reached before its month was over, and the forecast cost of the month, in
    nanos; None where it cannot be said."""

    limit: int | None
    likely: int | None


@transaction.atomic
def ask_about(story: TokenStory, month: Month, overrun: Overrun | None = None) -> int:
    """Write a month down and ask about it: 1, or 0 when that was done."""
    assert story.approved_revision_id is not None  # noqa: S101 -- `is_watched`
    cause = BandCause.BAND if overrun is None else BandCause.BUDGET
    exit_, made = BandExit.objects.get_or_create(
        story=story,
        month=month.month.start,
        defaults={
            "revision_id": story.approved_revision_id,
            "measured_nanos": month.measured,
            "estimated_nanos": month.estimated,
            "p90_nanos": month.p90,
            "cause": cause.value,
            "limit_nanos": overrun.limit if overrun else None,
            "likely_nanos": overrun.likely if overrun else None,
        },
    )
    if not made:
        return 0
    actor = system_actor(ACTOR)
    record(
        actor=actor,
        action=events.LEFT_BAND if overrun is None else events.OVER_BUDGET,
        obj=story,
        after={
            "month": str(month.month),
            "measured_nanos": month.measured,
            "p90_nanos": month.p90,
            **({"limit_nanos": overrun.limit} if overrun else {}),
        },
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
        amount_nanos=month.measured,
        currency=story.currency,
        context=_facts(story, revision),
        subject_ref=story.ref,
        revision_number=revision.number,
        summary=summary_of(story, exit_),
        author_ids=people,
        funder_ids=sole_funders(unit_id=story.unit_id, capability_id=story.capability_id),
        flags=[{"tone": "bad", "text": "Over its budget" if overrun else "Left its band"}],
    )
    left = "reached its budget" if overrun else "left its approved band"
    notify(
        recipients=people,
        kind="story.over_budget" if overrun else "story.left_band",
        key=f"band:{exit_.id}",
        title=f"{story.ref} {story.title} {left}",
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
    """What happened, in a sentence or two."""

    def money(nanos: int | None) -> str:
        return fmt.money(nanos, story.currency, style="exact")

    measured = money(exit_.measured_nanos)
    if not exit_.is_overrun:
        return (
            f"{story.ref} cost {measured} in {exit_.month:%B %Y}; "
            f"its approved estimate reaches {money(exit_.p90_nanos)} at P90."
        )
    text = f"{story.ref} has cost {measured} in {exit_.month:%B %Y}"
    if exit_.limit_nanos is None:
        return f"{text}, and reached the limit of its budget. Nothing was stopped."
    text += f" of the {money(exit_.limit_nanos)} approved."
    if exit_.likely_nanos is not None and exit_.likely_nanos > exit_.limit_nanos:
        over = money(exit_.likely_nanos - exit_.limit_nanos)
        text += f" At its pace it ends at {money(exit_.likely_nanos)}, {over} over."
    return f"{text} Nothing was stopped."


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
    """What a decision about a month outside what was approved does."""

    subject_type = SUBJECT
    label = "Use above what was approved"
    no_cap = "The amount is what was spent already: there is nothing left to lower."

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
            outcome=BandOutcome.DROPPED
        )

    def detail(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        exit_ = BandExit.objects.select_related("story").filter(id=request.revision_id).first()
        if exit_ is None:
            return SubjectDetail()
        return SubjectDetail(template="stories/_band_detail.html", context={"exit": exit_})

    def effect(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        exit_ = BandExit.objects.select_related("story").filter(id=request.revision_id).first()
        found = _budget_effect(exit_) if exit_ is not None else {}
        return SubjectDetail(template="stories/_band_effect.html", context=found)

    def url(self, request: ApprovalRequest) -> tuple[str, dict[str, UUID | str]] | None:
        return ("stories:detail", {"ref": request.subject_ref})

    def words(self, request: ApprovalRequest) -> Mapping[str, tuple[str, str]]:
        if _is_overrun(request):
            accept = ("Accept the overrun", "Accept the overrun")
        else:
            accept = ("Accept the month", "Accept the month as it was")
        return {
            "approve": accept,
            "request_changes": ("Ask for an amendment", "Ask the team to amend the story"),
            "reject": ("Bring use back", "Ask that use comes back to the estimate"),
        }

    def consequence(self, request: ApprovalRequest) -> str:
        if _is_overrun(request):
            return "Accepts this month over its budget; the estimate and the budget stay."
        return "Accepts the month as it was; the estimate and the budget stay as they are."


def _is_overrun(request: ApprovalRequest) -> bool:
    return BandExit.objects.filter(id=request.revision_id, cause=BandCause.BUDGET).exists()


def _budget_effect(exit_: BandExit) -> dict[str, Any]:
    """How the story's budget stands in the month, and what the rest of it takes from the budgets
    above: what the month is likely to cost beyond its limit."""
    story = exit_.story
    budget = active_budget_of_story(story.id)
    if budget is None:
        return {}
    status = budget_status(budget, month_of(exit_.month))
    limit = status.money.limit
    likely = status.money.forecast_end or status.money.used
    if not exit_.is_overrun or limit is None or likely <= limit:
        return {"status": status, "month": exit_.month}
    effects = parent_effects(
        unit_id=story.unit_id,
        capability_id=story.capability_id,
        cap_nanos=likely,
        current_cap=limit,
        once=True,
    )
    return {
        "status": status,
        "month": exit_.month,
        "effects": effects,
        "over": likely - limit,
    }
