"""The demonstration's sprints come about through the services, once."""

from datetime import UTC, datetime

from apps.access.roles import Role
from apps.common import clock
from apps.sprints.models import Sprint
from apps.stories.models import TokenStory
from tests.factories.stories import make_prices, make_submitted
from tests.services.approvals.test_demo_data import Stage
from tokenops.demo.sprints import ensure_sprints


def test_twice_is_once(world):
    side, now = world.a, datetime(2026, 11, 18, 9, tzinfo=UTC)
    side.person(Role.TOKENOPS_LEAD)
    with side.scope(), clock.at(now):
        make_prices()
        story = make_submitted(side.actor(Role.TOKENOPS_LEAD), side.units["core"].id)
        TokenStory.objects.filter(id=story.id).update(
            approved_revision_id=story.current_revision_id
        )
        for _ in range(2):
            ensure_sprints(Stage(side), now)
        found = Sprint.objects.order_by("starts_on")
        states = [one.state(now.date()) for one in found]
    assert states == ["over"] * 4 + ["running"] + ["to come"] * 2
    assert [one.goal for one in found if one.goal] == ["Shorter prompts, same answers"]
