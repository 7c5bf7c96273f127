"""Small amendments take effect at once, as requests that say so; others are decided again."""

import pytest

from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from apps.approvals.services import settle_request
from apps.budgets.models import Budget, BudgetEntry
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.portfolio.models import Capability
from apps.stories import services
from apps.stories.estimator import exactly
from apps.stories.models import EstimatingSettings, StoryDraft
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.stories import story_by_id
from apps.trail.models import TrailEvent
from tests.factories.portfolio import make_capability
from tests.factories.stories import CAP, make_assumptions

pytestmark = pytest.mark.django_db


def last_request(story):
    return ApprovalRequest.objects.filter(subject_id=story.id).order_by("-opened_at", "-id")[0]


def test_a_small_change_takes_effect_at_once_with_its_budget(desk):
    story = desk.approved()
    story = services.start_delivery(actor=desk.author, story_id=story.id)
    story = desk.resubmitted(story, cap_nanos=CAP * 11 // 10, value_why="Measured again in June.")
    assert (story.status, story.resume_status, story.revision_number) == ("in_delivery", "", 2)
    assert story.approved_revision_id == story.current_revision_id
    assert story.approved_cap_nanos == CAP * 11 // 10
    request = last_request(story)
    assert (request.lane, request.status, request.revision_number) == ("within", "approved", 2)
    assert request.closed_note == (
        f"Nothing that {story.ref} v1 was approved for moves by more than 10%."
    )
    assert request.closed_by_name == "Rule for small changes"
    budget = Budget.objects.get(story_id=story.id, status="active")
    amounts = BudgetEntry.objects.filter(budget_id=budget.id).order_by("budget_version")
    assert [entry.amount_nanos for entry in amounts] == [CAP, CAP * 11 // 10]
    said = TrailEvent.objects.filter(object_type="story", object_id=story.id).order_by("id")
    assert list(said.values_list("action", flat=True))[-2:] == ["story.submitted", "story.approved"]
    assert said.last().actor_name == "Rule for small changes"


def test_many_small_steps_are_held_against_the_decision(desk):
    story = desk.approved()
    story = desk.resubmitted(story, cap_nanos=CAP * 109 // 100)
    assert story.status == "approved"
    story = desk.resubmitted(story, cap_nanos=CAP * 118 // 100)
    assert (story.status, story.resume_status) == ("submitted", "approved")
    assert story.approved_cap_nanos == CAP * 109 // 100
    assert last_request(story).lane == "people"


@pytest.mark.parametrize(
    "changes",
    [
        {"cap_nanos": CAP * 8 // 10},
        {"assumptions": make_assumptions(interactions=exactly(16_000))},
        {"assumptions": make_assumptions(interactions=exactly(15_000), calls=exactly(7))},
        {"value_money_nanos": 500_000_000},
        {"kind": "pipeline"},
    ],
    ids=["lower-cap", "more-use", "more-calls", "less-value", "category"],
)
def test_what_is_material_is_decided_again(desk, changes):
    story = desk.resubmitted(desk.approved(), **changes)
    assert (story.status, story.resume_status) == ("submitted", "approved")
    assert last_request(story).status == "pending"
    assert story.approved_cap_nanos == CAP


def test_a_data_class_that_changed_since_is_decided_again(desk):
    capability = make_capability(unit_id=desk.unit_id, data_class="internal")
    story = desk.approved(capability_id=capability.id)
    Capability.objects.filter(id=capability.id).update(data_class="personal")
    story = desk.resubmitted(story, value_why="The same, in other words.")
    assert (story.status, last_request(story).lane) == ("submitted", "people")


def test_a_cap_that_was_lowered_is_not_asked_for_again_by_a_small_change(desk):
    story = desk.decide(desk.submitted(), "approve", cap_nanos=CAP // 2)
    story = desk.resubmitted(story, value_why="The same, in other words.")
    assert (story.status, story.approved_cap_nanos) == ("approved", CAP // 2)
    assert last_request(story).amount_nanos == CAP // 2


def test_the_share_is_finances_and_decides(desk, world):
    with pytest.raises(Forbidden):
        services.change_reapproval(actor=desk.author, version=0, percent=5)
    assert not EstimatingSettings.objects.exists()
    for wrong in (-1, 101):
        with pytest.raises(Invalid):
            services.change_reapproval(actor=world.a.actor(Role.CFO), version=0, percent=wrong)
    services.change_reapproval(actor=world.a.actor(Role.CFO), version=0, percent=0)
    with pytest.raises(Conflict):
        services.change_reapproval(actor=world.a.actor(Role.CFO), version=0, percent=20)
    assert settings_in_force().reapproval_percent == 0
    story = desk.resubmitted(desk.approved(), cap_nanos=CAP + 1)
    assert story.status == "submitted"


def test_a_first_submission_and_one_in_review_are_always_decided(desk):
    story = desk.submitted()
    story = desk.resubmitted(story, value_why="The same, in other words.")
    assert (story.status, last_request(story).lane) == ("submitted", "people")


def test_settling_again_changes_nothing(desk):
    story = desk.resubmitted(desk.approved(), value_why="The same, in other words.")
    request = last_request(story)
    assert settle_request(request_id=request.id).version == request.version
    assert story_by_id(story.id).version == story.version
    assert not StoryDraft.objects.filter(story_id=story.id).exists()
