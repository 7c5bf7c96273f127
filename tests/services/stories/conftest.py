"""A priced organization with an author, an approver and a team."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import story_by_id
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
