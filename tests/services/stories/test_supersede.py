"""A story replaces another: filed beside it, and its end once approved, in one transaction."""

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.budgets.models import Budget
from apps.common.errors import Conflict, Forbidden
from apps.stories import services
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.attribution import stories_of_capabilities
from apps.stories.selectors.coverage import coverage
from apps.stories.selectors.stories import story_by_id
from apps.trail.models import TrailEvent
from tests.factories.stories import CAP

pytestmark = pytest.mark.django_db


def filed(desk, story):
    """The submitted successor of a story."""
    new = services.supersede(actor=desk.author, story_id=story.id, version=story.version)
    return services.submit(actor=desk.author, story_id=new.id, version=new.version)


def test_the_successor_is_a_draft_of_the_same_plan(desk):
    story = desk.approved()
    new = services.supersede(actor=desk.author, story_id=story.id, version=story.version)
    assert (new.status, new.replaces_id, new.capability_id) == (
        "draft",
        story.id,
        story.capability_id,
    )
    assert (new.cap_nanos, new.month_cost_nanos) == (CAP, 2_538_174_240_000)
    assert story_by_id(story.id).version == story.version
    assert Budget.objects.filter(status="active").count() == 1


def test_its_approval_ends_the_replaced_story_and_its_budget(desk):
    story = desk.approved()
    new = desk.decide(filed(desk, story), "approve")
    old = story_by_id(story.id)
    assert (new.status, old.status, old.resume_status) == ("approved", "superseded", "")
    assert old.closed_at is not None
    budgets = dict(Budget.objects.values_list("story_id", "status"))
    assert budgets == {old.id: "closed", new.id: "active"}
    event = TrailEvent.objects.get(action="story.superseded")
    assert (event.object_id, event.after["successor"]) == (old.id, new.ref)
    (spans,) = stories_of_capabilities().values()
    assert [span.story_id for span in spans] == [new.id]
    said = coverage(desk.author, branch=old.ref)
    assert (said.approved, said.fix) == (False, f"Name {new.ref} instead.")
    assert coverage(desk.author, branch=new.ref).approved


@pytest.mark.parametrize("answer", ["in_review", "changes_requested"])
def test_an_amendment_on_its_way_ends_with_the_replaced_story(desk, answer):
    story = desk.resubmitted(desk.approved())
    request = desk.request(story)
    if answer == "changes_requested":
        story = desk.decide(story, "request_changes")
    desk.decide(filed(desk, story), "approve")
    request.refresh_from_db()
    assert request.status == ("voided" if answer == "in_review" else "changes_requested")
    assert story_by_id(story.id).status == "superseded"
    assert not StoryDraft.objects.filter(story_id=story.id).exists()


def test_a_declined_successor_leaves_the_story_and_makes_room_for_another(desk):
    story = desk.approved()
    declined = desk.decide(filed(desk, story), "reject")
    assert story_by_id(story.id).status == "approved"
    again = filed(desk, story)
    assert again.replaces_id == declined.replaces_id == story.id


def test_one_successor_at_a_time_and_none_of_what_is_not_under_way(desk):
    story = desk.approved()
    filed(desk, story)
    count = TokenStory.objects.count()
    with pytest.raises(Conflict, match="already filed to replace"):
        services.supersede(actor=desk.author, story_id=story.id)
    with pytest.raises(Conflict, match="cannot be replaced"):
        services.supersede(actor=desk.author, story_id=desk.draft().id)
    assert TokenStory.objects.count() == count + 1


def test_who_may_not_write_replaces_nothing(desk, world):
    story = desk.approved()
    with pytest.raises(Forbidden):
        services.supersede(actor=world.a.actor(Role.VIEWER), story_id=story.id)
    assert TokenStory.objects.count() == 1


def test_a_story_closed_meanwhile_stays_closed(desk):
    story = desk.approved()
    new = filed(desk, story)
    services.close(actor=desk.author, story_id=story.id)
    assert desk.decide(new, "approve").status == "approved"
    assert story_by_id(story.id).status == "closed"


def test_the_approval_cannot_be_undone_once_a_story_ended_with_it(desk):
    story = desk.approved()
    new = filed(desk, story)
    request = desk.request(new)
    desk.decide(new, "approve")
    with pytest.raises(Conflict, match=f"{story.ref} ended with it"):
        approvals.undo_decision(
            actor=desk.approver, request_id=request.id, version=request.version + 1
        )
    assert story_by_id(new.id).status == "approved"
