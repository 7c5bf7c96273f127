"""The gates of the design review: what they refuse, what they let pass, what is left of it."""

import datetime as dt

import msgspec
import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.asks import services as asks
from apps.asks.services import AskInput
from apps.budgets.models import Budget
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.portfolio.models import Capability
from apps.portfolio.services import change_capability
from apps.stories import design, services
from apps.stories.design import DEFAULT, Answer, Design
from apps.stories.models import DesignChecklist, StoryRevision, TokenStory
from apps.stories.selectors.checks import checks
from apps.stories.selectors.design import checklist_in_force
from apps.stories.selectors.diff import compare
from apps.stories.selectors.issue import issue_body
from apps.stories.selectors.stories import draft_of, revision_by_number
from apps.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

TIERS = ["standard", "heavy", "critical"]
"""The plan of the tests is of the standard tier."""


def complete(**replies):
    """Every question answered yes but those named, `no` or `na|reason`."""
    answers = (
        Answer(each.key, *replies.get(each.key.replace("-", "_"), "yes").split("|"))
        for each in DEFAULT.questions
    )
    return Design("Two calls, the prompt cached.", tuple(answers))


def mandate(desk, version=0, **changes):
    document = {**design.dump(DEFAULT), "tiers": TIERS, "gate": True, **changes}
    return services.change_design_checklist(
        actor=desk.org.actor(Role.CTO), version=version, document=document, reason="It pays."
    )


def excuse(desk, rule):
    """An approved exception of the desk's team."""
    today = clock.today()
    ask = asks.file_ask(
        actor=desk.author,
        asked=AskInput(
            kind="exception", rule=rule, title="A spike", reason="It lasts two weeks.",
            starts_on=today, ends_on=today + dt.timedelta(days=30), unit_id=desk.unit_id,
        ),
    )  # fmt: skip
    request = desk.request(ask)
    approvals.decide(
        actor=desk.approver, request_id=request.id, version=request.version,
        decision="approve", note="",
    )  # fmt: skip
    return ask


def test_the_checklist_is_changed_one_version_at_a_time(desk):
    assert checklist_in_force() == (DEFAULT, 0)
    mandate(desk)
    found, version = checklist_in_force()
    assert (found.gate, list(found.tiers), version) == (True, TIERS, 1)
    with pytest.raises(Conflict):
        mandate(desk)
    event = TrailEvent.objects.get(action="design_review.changed")
    assert (event.reason, event.before["gate"], event.after["gate"]) == ("It pays.", False, True)


@pytest.mark.parametrize("role", [Role.CFO, Role.UNIT_LEAD, Role.TOKENOPS_ANALYST])
def test_the_gate_is_not_for_everyone(desk, role):
    with pytest.raises(Forbidden):
        services.change_design_checklist(
            actor=desk.org.actor(role), version=0, document=design.dump(DEFAULT)
        )
    with pytest.raises(Invalid):
        mandate(desk, tiers=[])
    assert not DesignChecklist.objects.exists()


def test_a_story_of_such_a_tier_waits_for_its_review(desk):
    mandate(desk)
    with pytest.raises(Invalid) as refused:
        desk.submitted()
    error = refused.value
    assert error.code == "design_incomplete"
    assert [each.field for each in error.errors] == [
        "design.notes", *(f"design.{q.key}.answer" for q in DEFAULT.questions),
    ]  # fmt: skip
    assert all(each.fix for each in error.errors)
    with pytest.raises(Invalid) as refused:
        desk.submitted(design=complete(batch_later="na"))
    assert [each.field for each in refused.value.errors] == ["design.batch-later.reason"]
    assert not StoryRevision.objects.exists()
    assert {story.status for story in TokenStory.objects.all()} == {"draft"}
    assert desk.submitted(design=complete()).status == "submitted"


def test_other_tiers_and_excused_teams_pass(desk):
    mandate(desk, tiers=["heavy"])
    assert desk.submitted().status == "submitted"
    mandate(desk, version=1)
    ask = excuse(desk, "design")
    story = desk.submitted()
    assert story.status == "submitted"
    found = {c.text: (c.passed, c.detail) for c in checks(revision_by_number(story, 1))}
    assert found["No design review"] == (False, f"Exception {ask.ref} is in force")


def test_a_revision_keeps_what_it_answered(desk):
    story = desk.submitted(design=complete(model_smallest="no|Only the large one was tried."))
    facts = desk.request(story).facts
    assert (facts["design_score"], facts["design_reviewed"]) == (81, True)  # 13 of 16
    text = "The smallest model that passes its tests is used."
    assert f"- **{text}** No: Only the large one was tried." in issue_body(story, "https://x.test")
    mandate(desk, questions=[{"key": "only", "area": "data", "text": "Is it measured?"}])
    frozen = design.load_design(revision_by_number(story, 1).design)
    assert (len(frozen.answers), frozen.score) == (8, 81)
    again = desk.resubmitted(story, design=Design("Three calls.", (Answer("only", "yes"),)))
    rows = compare(revision_by_number(again, 1), revision_by_number(again, 2))
    changed = {row.label: (row.before, row.after) for row in rows if row.changed}
    assert changed["Design review"] == ("81 of 100", "100 of 100")
    assert changed["Architecture"] == ("Two calls, the prompt cached.", "Three calls.")
    assert changed[text] == ("No: Only the large one was tried.", "–")
    assert changed["Is it measured?"] == ("–", "Yes")


def test_a_story_without_a_review_says_so_to_policies(desk):
    facts = desk.request(desk.submitted()).facts
    assert facts["design_reviewed"] is False
    assert "design_score" not in facts


def test_a_question_nobody_asks_is_refused(desk):
    with pytest.raises(Invalid) as refused:
        desk.draft(design=Design(answers=(Answer("weather", "yes"),)))
    assert [each.field for each in refused.value.errors] == ["design.weather.key"]
    assert not TokenStory.objects.exists()


def test_an_amendment_written_before_a_question_changed_drops_its_answer(desk):
    story = desk.draft(design=complete())
    first = msgspec.structs.replace(DEFAULT.questions[0], text="The prompt is short.")
    mandate(desk, questions=[msgspec.to_builtins(q) for q in (first, *DEFAULT.questions[1:])])
    assert design.load_design(draft_of(story).design).is_reviewed
    with pytest.raises(Invalid) as refused:
        services.submit(actor=desk.author, story_id=story.id, version=story.version)
    assert [each.field for each in refused.value.errors] == ["design.prompt-short.answer"]


def to_production(desk, capability):
    return change_capability(
        actor=desk.org.actor(Role.CTO),
        capability_id=capability.id,
        version=capability.version,
        stage="production",
    )


def test_production_waits_for_a_budget_that_guards(desk):
    story = desk.approved()
    capability = Capability.objects.get(id=story.capability_id)
    budget = Budget.objects.get(id=story.budget_id)
    owner, lead = budget.owner_membership_id, capability.owner_membership_id
    Budget.objects.filter(id=budget.id).update(owner_membership_id=None)
    Capability.objects.filter(id=capability.id).update(owner_membership_id=None)

    def refused():
        with pytest.raises(Invalid) as error:
            to_production(desk, capability)
        assert error.value.code == "guardrails_missing"
        (only,) = error.value.errors
        assert only.field == "stage"
        assert "exception" in only.fix
        assert Capability.objects.get(id=capability.id).stage == "experiment"
        return only.message

    assert "nobody who answers" in refused()
    Capability.objects.filter(id=capability.id).update(owner_membership_id=lead or owner)
    Budget.objects.filter(id=budget.id).update(own_thresholds=True)
    assert "has no thresholds" in refused()
    services.start_delivery(actor=desk.author, story_id=story.id)
    with pytest.raises(Invalid):
        services.go_live(actor=desk.author, story_id=story.id)
    assert TokenStory.objects.get(id=story.id).status == "in_delivery"
    Budget.objects.filter(id=budget.id).update(own_thresholds=False)
    today = clock.today()
    Budget.objects.filter(id=budget.id).update(
        starts_on=today - dt.timedelta(days=9), ends_on=today
    )
    assert "no budget of its own" in refused()
    Budget.objects.filter(id=budget.id).update(ends_on=None)
    assert to_production(desk, capability).stage == "production"


def test_production_passes_with_an_exception_or_without_the_gate(desk):
    capability = Capability.objects.get(id=desk.approved().capability_id)
    Budget.objects.update(status="closed", closed_at=clock.now())
    with pytest.raises(Invalid):
        to_production(desk, capability)
    mandate(desk, go_live_gate=False)
    assert to_production(desk, capability).stage == "production"
    Capability.objects.filter(id=capability.id).update(stage="pilot")
    capability.refresh_from_db()
    mandate(desk, version=1)
    with pytest.raises(Invalid):
        to_production(desk, capability)
    excuse(desk, "go_live")
    assert to_production(desk, capability).stage == "production"
