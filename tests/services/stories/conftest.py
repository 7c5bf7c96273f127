"""A priced organization with an author, an approver and a team."""

import dataclasses
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.stories import services
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import draft_of, story_by_id
from apps.stories.services.plan import plan_of
from tests.factories.stories import make_prices, make_story, make_submitted
from tests.world import OrganizationWorld, World


@dataclass
class Desk:
    """Shortcuts in the open scope of organization A."""

    org: OrganizationWorld
    author: Actor
    approver: Actor
    unit_id: UUID

    def draft(self, **changes: Any) -> TokenStory:
        return make_story(self.author, self.unit_id, **changes)

    def submitted(self, **changes: Any) -> TokenStory:
        return make_submitted(self.author, self.unit_id, **changes)

    def request(self, story: TokenStory) -> ApprovalRequest:
        return ApprovalRequest.objects.get(id=story.request_id)

    def decide(self, story: TokenStory, decision: str, **more: Any) -> TokenStory:
        """The approver's answer to the story's open request; the story as it is then."""
        request = self.request(story)
        more.setdefault("note", "" if decision == "approve" else "Too many calls.")
        approvals.decide(
            actor=self.approver,
            request_id=request.id,
            version=request.version,
            decision=decision,
            **more,
        )
        return story_by_id(story.id)

    def amended(self, story: TokenStory, **changes: Any) -> TokenStory:
        """The story with an amendment being written; without changes its cap is half as much
        again, so that it is decided again.
        """
        story = services.amend(actor=self.author, story_id=story.id, version=story.version)
        plan = plan_of(draft_of(story))
        changes = changes or {"cap_nanos": (plan.cap_nanos or 0) * 3 // 2}
        return services.save_draft(
            actor=self.author,
            story_id=story.id,
            version=story.version,
            plan=dataclasses.replace(plan, **changes),
        )

    def resubmitted(self, story: TokenStory, **changes: Any) -> TokenStory:
        """The story with an amendment submitted."""
        story = self.amended(story, **changes)
        return services.submit(actor=self.author, story_id=story.id, version=story.version)

    def approved(self, **changes: Any) -> TokenStory:
        return self.decide(self.submitted(**changes), "approve")


@pytest.fixture
def desk(world: World) -> Any:
    """A desk with the scope open."""
    org = world.a
    author, approver = org.actor(Role.UNIT_LEAD), org.actor(Role.CFO)
    unit_id = org.units["platform"].id
    with org.scope():
        make_prices()
        yield Desk(org, author, approver, unit_id)
