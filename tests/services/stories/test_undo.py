"""An approver takes the answer back: story and budget are as before, unless something used it."""

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.budgets.models import Budget
from apps.budgets.selectors.budgets import entries_of
from apps.common.errors import Conflict
from apps.stories import services
from apps.stories.models import StoryDraft
from apps.stories.selectors.stories import story_by_id
from tests.factories.budgets import make_budget


def undo(desk, request):
    return approvals.undo_decision(
        actor=desk.approver,
        request_id=request.id,
        version=ApprovalRequest.objects.get(id=request.id).version,
    )


def test_an_approval_goes_back_into_review_and_its_budget_closes(desk):
    story = desk.submitted()
    request = desk.request(story)
    approved = desk.decide(story, "approve")
    undo(desk, request)
    back = story_by_id(story.id)
    assert (back.status, back.approved_cap_nanos, back.budget_id) == ("submitted", None, None)
    assert (back.request_id, back.approved_at) == (request.id, None)
    assert Budget.objects.get(id=approved.budget_id).status == "closed"
    again = desk.decide(back, "approve", cap_nanos=100_000_000_000)
    assert (again.status, again.approved_cap_nanos) == ("approved", 100_000_000_000)
    assert again.budget_id != approved.budget_id
    assert Budget.objects.get(id=again.budget_id).status == "active"


@pytest.mark.parametrize("decision", ["reject", "request_changes"])
def test_the_other_answers_are_undone_too(desk, decision):
    story = desk.submitted()
    request = desk.request(story)
    desk.decide(story, decision)
    undo(desk, request)
    assert story_by_id(story.id).status == "submitted"
    assert not StoryDraft.objects.filter(story_id=story.id).exists()
    assert desk.decide(story_by_id(story.id), "approve").status == "approved"


def test_an_amended_cap_is_put_back(desk):
    story = desk.approved()
    first = story.approved_cap_nanos
    story = desk.resubmitted(story)
    request = desk.request(story)
    desk.decide(story, "approve", cap_nanos=first // 2)
    undo(desk, request)
    back = story_by_id(story.id)
    assert (back.status, back.resume_status, back.approved_cap_nanos) == (
        "submitted",
        "approved",
        first,
    )
    amounts = [e.amount_nanos for e in entries_of(Budget.objects.get(id=back.budget_id))]
    assert amounts == [first, first // 2, first]


def test_not_once_the_story_has_moved_on(desk):
    story = desk.submitted()
    request = desk.request(story)
    story = desk.decide(story, "approve")
    services.start_delivery(actor=desk.author, story_id=story.id, version=story.version)
    with pytest.raises(Conflict) as caught:
        undo(desk, request)
    assert caught.value.message == "The story has moved on since."
    assert story_by_id(story.id).status == "in_delivery"
    assert Budget.objects.get(id=story.budget_id).status == "active"


def test_small_and_harmless_is_approved_by_the_rule_with_its_budget(desk):
    approvals.create_policy(
        actor=desk.org.actor(Role.CIO),
        name="Small",
        document={
            "lane": "auto",
            "when": [{"fact": "amount_month_nanos", "op": "ge", "value": 0}],
            "guardrails": {"max_month_nanos": 1 << 60},
        },
        note="Try.",
        priority=1,
    )
    story = story_by_id(desk.submitted().id)
    assert story.status == "approved"
    assert Budget.objects.get(id=story.budget_id).status == "active"
    request = ApprovalRequest.objects.get(subject_id=story.id)
    assert (request.lane, request.closed_by_name) == ("auto", "Rule Small v1")


def test_who_alone_owns_every_budget_above_does_not_decide(desk):
    cfo = desk.org.person(Role.CFO).membership
    make_budget(scope="unit", unit_id=desk.unit_id, owner_membership_id=cfo.id)
    request = desk.request(desk.submitted())
    reasons = {p.reason for p in request.parties.filter(membership_id=cfo.id)}
    assert reasons == {"funder"}
