"""The whole life of a story as five people walk it without script: every step is a link taken or
a form of the page filled in and sent.
"""

import json

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals.models import ApprovalCondition, ApprovalDecision, ApprovalRequest
from apps.budgets.models import BudgetEntry
from apps.budgets.selectors.budgets import active_budget_of_story
from apps.ledger.services import fold
from apps.notifications.models import Notification
from apps.stories.models import StoryRevision
from apps.stories.tasks import watch
from tests import journey as j
from tests.plainly import Visitor

pytestmark = pytest.mark.django_db


def test_five_people_walk_a_story_without_script(world, client):
    org = world.a
    with time_machine.travel(j.FILED):
        j.build_journey(org)
        story = _filed_and_sent_back(org)
        _amended(org, story)
        _refused(org)
        _decided(org, story)
        _delivered(org, story)
    with time_machine.travel(j.AFTER):
        _left_its_band(org, story, client)


def _filed_and_sent_back(org):
    team, architect = Visitor(org.client(Role.MEMBER)), Visitor(org.client(Role.EA))
    team.open(org.url("stories:list")).follow("New Token Story").follow("Start with an empty form")
    typed = {name.replace(".", "__"): value for name, value in j.FIRST.items()}
    team.press("Update the estimate", **typed)
    for words in (
        "$4,637 a month, likely",
        "1.3 B tokens · $0.33 a claim",
        "High case passes cap",
        "Tier Standard",
        "Route Architecture TokenOps Finance 7 working days at most",
        "Value claimed a month $30,870",
        "Name Team Choose a team",
    ):
        assert words in team.text, words
    team.press("Submit version 1")
    assert team.status == 422
    assert "One thing needs another look Team : This field is required." in team.text
    assert "$4,637 a month, likely" in team.text
    team.press("Submit version 1", unit=str(org.units["platform"].id))
    story = j.story_of(org)
    assert team.path == org.url("stories:detail", story.ref)
    assert f"Submitted {story.ref} · Platform · version 1" in team.text
    architect.open(org.url("approvals:list")).follow(j.TITLE)
    assert "Architecture, you 2 days left" in architect.text
    architect.press("Give this answer", decision="request_changes")
    assert architect.status == 422
    assert "A request for changes needs a reason." in architect.text
    architect.press("Give this answer", decision="request_changes", note=j.CHANGES)
    assert f"You sent {j.TITLE} back. Member Acme sees your note." in architect.text
    return story


def _amended(org, story):
    team = Visitor(org.client(Role.MEMBER)).open(org.url("stories:detail", story.ref))
    assert "Enterprise architect Acme asked for changes to version 1" in team.text
    assert j.CHANGES in team.text
    assert "is being written" not in team.text
    team.follow("Edit version 2")
    assert j.CHANGES in team.text
    team.press("Submit version 2", **{n.replace(".", "__"): v for n, v in j.SECOND.items()})
    assert "Likely to cost $2,538 a month in production." in team.text
    team.follow("Compare versions")
    for words in (
        "7 assumptions changed.",
        "Model calls per interaction 9 6 −33%",
        "Prompt cache hits 10% 35% +25 pts",
        "Likely cost a month $4,637 $2,538 −45%",
        "Requested cap a month $6,000 $4,000 −33%",
        "Interactions a month 14,000 14,000 Same",
    ):
        assert words in team.text, words
    with org.scope():
        costs = StoryRevision.objects.order_by("number").values_list("month_cost_likely", flat=True)
        assert list(costs)[1] == 2_538_174_240_000


def _refused(org):
    request = j.request_of(org)
    url = org.url("approvals:detail", request.id)
    for role, words in (
        (Role.MEMBER, "You cannot decide this: you wrote it."),
        (Role.AUDITOR, "Others decide this."),
        (Role.CFO, "Others decide this."),
    ):
        visitor = Visitor(org.client(role)).open(url)
        assert words in visitor.text, role
        assert not visitor.page.has_button("Give this answer"), role
    answer = {"version": request.version, "decision": "approve"}
    for role in (Role.MEMBER, Role.AUDITOR, Role.CFO):
        done = org.client(role).post(org.url("approvals:decide", request.id), answer)
        assert done.status_code == 403, role
    with org.scope():
        assert ApprovalRequest.objects.get(id=request.id).version == request.version
        assert not ApprovalDecision.objects.filter(request_id=request.id).exists()


def _decided(org, story):
    for role in (Role.EA, Role.TOKENOPS_LEAD):
        visitor = Visitor(org.client(role)).open(org.url("approvals:list"))
        visitor.follow(j.TITLE).press("Give this answer")
        assert f"Your approval of {j.TITLE} is recorded. Others decide next." in visitor.text
    cfo = Visitor(org.client(Role.CFO)).open(org.url("portal:home"))
    assert "1 decision waits for you" in cfo.text
    cfo.follow("Decide")
    assert "Finance, you 3 days left" in cfo.text
    cfo.press("Give this answer", decision="lower")
    assert (cfo.status, "Enter the cap you approve." in cfo.text) == (422, True)
    cfo.press(
        "Give this answer",
        decision="lower",
        cap=j.LOWER,
        condition_0=j.CONDITION,
        condition_due_0="2031-09-30",
    )
    assert f"You approved {j.TITLE} at $3,250.50 a month." in cfo.text
    story = j.story_of(org)
    assert (story.status, story.approved_cap_nanos) == ("approved", j.LOWER_NANOS)
    with org.scope():
        condition = ApprovalCondition.objects.get()
        assert (condition.text, str(condition.due_on)) == (j.CONDITION, "2031-09-30")
        budget = active_budget_of_story(story.id)
        (entry,) = BudgetEntry.objects.filter(budget_id=budget.id)
        assert entry.amount_nanos == j.LOWER_NANOS


def _delivered(org, story):
    team = Visitor(org.client(Role.MEMBER)).open(org.url("stories:detail", story.ref))
    assert "Cap approved $3,250.50" in team.text
    assert j.CONDITION in team.text
    team.press("Start delivery").press("Mark as live")
    assert f"Live {story.ref}" in team.text
    team.follow("Open")
    assert f"{story.ref} {j.TITLE} has" in team.text
    assert "CFO Acme opened the budget at $3,250.50 from 1 July 2031" in team.text


def _left_its_band(org, story, client):
    pushed = client.post(
        "/api/v1/usage/records",
        json.dumps(j.records(story.ref)),
        content_type="application/json",
        headers=org.key_headers,
    )
    assert (pushed.status_code, pushed.json()["accepted"]) == (202, 4)
    assert fold(organization_id=org.id) == 1
    watch(organization_id=str(org.id))
    team = Visitor(org.client(Role.MEMBER)).open(org.url("stories:detail", story.ref))
    assert "August 2031 cost $9,000; the approved band ends at $3,934." in team.text
    team.follow("The re-approval")
    assert "You cannot decide this: you wrote it." in team.text
    architect = Visitor(org.client(Role.EA)).open(org.url("approvals:list"))
    architect.follow("August 2031 above the approved band")
    assert "Asked by TokenOps, Platform, on 1 Sep, 06:00 UTC." in architect.text
    assert "Enterprise architect Acme TokenOps" in architect.text
    assert "Approve with a lower cap" not in architect.text
    assert "Accept the month" in architect.text
    request = j.request_of(org, "story_band")
    assert request.amount_nanos == 9_000_000_000_000
    with org.scope():
        told = Notification.objects.get(kind="story.left_band")
        assert told.membership_id == org.person(Role.MEMBER).membership.id
        assert told.title == f"{story.ref} {j.TITLE} left its approved band"
