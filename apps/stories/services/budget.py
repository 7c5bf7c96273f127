"""What an approval does outside the story: its capability exists and its budget opens."""

import datetime as dt
from uuid import UUID

from apps.access.actors import Actor, system_actor
from apps.approvals.models import ApprovalRequest
from apps.budgets import services as budgets
from apps.budgets.selectors.budgets import active_budget_of_story
from apps.common import clock
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capability_by_id
from apps.portfolio.services import create_capability
from apps.stories.estimator import load
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.services.snapshot import budget_start

APPROVAL = "stories.approve"
CLOSING = "stories.close"


def budget_from(revision: StoryRevision) -> dt.date:
    """The first day the budget of a revision counts, if it were approved today."""
    return budget_start(load(revision.assumptions).starts_on, clock.today())


def ensure_capability(story: TokenStory, revision: StoryRevision) -> Capability:
    """The capability the revision names; a new one in the story's unit when it names none.

    The approval is the authority: the approver need not manage capabilities.
    """
    actor = system_actor(APPROVAL)
    known = revision.capability_id or story.capability_id
    if known is not None:
        return capability_by_id(actor, known)
    return create_capability(
        actor=actor,
        name=revision.title[:120],
        kind=revision.kind,
        unit_id=revision.unit_id,
        owner_membership_id=story.author_id if story.author_kind == "user" else None,
        description=revision.summary,
    )


def open_story_budget(
    *,
    actor: Actor,
    story: TokenStory,
    revision: StoryRevision,
    request: ApprovalRequest,
    cap_nanos: int,
    capability_id: UUID,
) -> UUID:
    """The monthly budget of an approved story; an amendment revises the one it has."""
    budget = budgets.open_budget(
        actor=actor,
        name=f"{story.ref} {revision.title}",
        unit_id=revision.unit_id,
        capability_id=capability_id,
        story_id=story.id,
        story_ref=story.ref,
        monthly_cap_nanos=cap_nanos,
        currency=revision.currency,
        starts_on=budget_from(revision),
        source_request_id=request.id,
        owner_membership_id=story.author_id if story.author_kind == "user" else None,
    )
    return budget.id


def close_story_budget(*, actor: Actor, story: TokenStory) -> None:
    """End the story's budget with the story. Closing a story is enough authority for it."""
    budget = active_budget_of_story(story.id)
    if budget is not None:
        budgets.close_budget(
            actor=system_actor(CLOSING),
            budget_id=budget.id,
            version=budget.version,
            note=f"{actor.name} closed {story.ref}.",
        )
