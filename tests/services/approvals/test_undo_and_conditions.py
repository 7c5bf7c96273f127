"""Undoing an answer, conditions until met, questions, declining with a reason."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalCondition,
    ApprovalDecision,
    ApprovalQuestion,
    ApprovalRequest,
    ApprovalUndo,
)
from apps.approvals.services import Asked
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.approvals import make_request, probe, set_route

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def asked(people):
    lead = people.person(Role.UNIT_LEAD)
    with people.scope():
        return make_request(
            actor=lead.actor,
            requester_id=lead.membership.id,
            unit_id=people.units["platform"].id,
        )


def stored(people, request):
    with people.scope():
        return ApprovalRequest.objects.get(id=request.id)


def topics(people, topic):
    with people.scope():
        return OutboxMessage.objects.filter(topic=topic).count()


@pytest.mark.parametrize(
    ("decision", "closed"),
    [("approve", "approved"), ("reject", "rejected"), ("request_changes", "changes_requested")],
)
def test_the_answer_that_closed_it_is_undone(people, act, asked, decision, closed):
    act(services.decide, Role.CFO, asked, decision=decision, note="Hm.")
    assert stored(people, asked).status == closed
    act(services.undo_decision, Role.CFO, asked, note="Too fast.")
    request = stored(people, asked)
    assert (request.status, request.version, request.closed_at) == ("pending", 3, None)
    assert (request.closed_by_name, request.closed_reason, request.memento) == ("", "", {})
    assert probe.calls[-1] == ("undone", asked.id, {"was": "pending"})
    with people.scope():
        assert ApprovalUndo.objects.get().note == "Too fast."
        assert [r.id for r in selectors.waiting_for(people.actor(Role.CFO))] == [asked.id]
        assert [r.id for r in selectors.waiting_for(people.actor(Role.CIO))] == [asked.id]
    receipt = act(services.decide, Role.CFO, asked, decision="approve")
    assert (receipt.outcome.final, receipt.decision.attempt) == (True, 2)
    assert topics(people, "approval.undone") == 1


def test_a_lowered_cap_comes_back(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="approve", cap_nanos=5)
    act(services.undo_decision, Role.CFO, asked)
    assert stored(people, asked).approved_nanos == 4_000_000_000_000


def test_undoing_a_step_takes_the_next_one_back(people, act):
    with people.scope():
        set_route({"name": "One", "roles": ["cfo"]}, {"name": "Two", "roles": ["cio"]})
        request = make_request()
    act(services.decide, Role.CFO, request, decision="approve")
    assert stored(people, request).current_step == 2
    act(services.undo_decision, Role.CFO, request)
    assert stored(people, request).current_step == 1
    with people.scope():
        assert list(selectors.waiting_for(people.actor(Role.CIO))) == []
        assert ApprovalAssignment.objects.count() == 1
        assert [s.status for s in selectors.steps_of(request)] == ["active", "waiting"]
    act(services.decide, Role.CFO, request, decision="approve")
    assert act(services.decide, Role.CIO, request, decision="approve").outcome.final


def refused(people, act, request, code, role=Role.CFO):
    before = stored(people, request)
    with pytest.raises(Conflict) as caught:
        act(services.undo_decision, role, request)
    after = stored(people, request)
    assert caught.value.code == code
    assert (after.status, after.version) == (before.status, before.version)
    with people.scope():
        assert not ApprovalUndo.objects.exists()


def test_only_whoever_gave_it(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="approve")
    refused(people, act, asked, "not_last", Role.CIO)


def test_not_after_the_window(people, act, asked, traveller):
    act(services.decide, Role.CFO, asked, decision="approve")
    traveller.move_to(NOW + timedelta(hours=24, seconds=1))
    refused(people, act, asked, "cannot_undo")


def test_not_once_something_used_it(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="approve")
    probe.used = "The budget has been spent from."
    refused(people, act, asked, "cannot_undo")


def test_not_when_something_happened_since(people, act):
    with people.scope():
        set_route(
            {"name": "Two", "roles": ["cfo", "cio"], "mode": "all"},
            {"name": "End", "roles": ["cto"]},
        )
        request = make_request()
    act(services.decide, Role.CFO, request, decision="approve")
    act(services.decide, Role.CIO, request, decision="approve")
    refused(people, act, request, "not_last")


def test_not_when_a_condition_was_met(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="approve", conditions=[Asked("Review")])
    with people.scope():
        condition = ApprovalCondition.objects.get()
        services.meet_condition(
            actor=people.actor(Role.UNIT_LEAD), condition_id=condition.id, note="Done."
        )
    refused(people, act, asked, "cannot_undo")


def test_not_while_a_newer_request_is_open(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="reject", note="No.")
    with people.scope():
        make_request(subject_id=asked.subject_id, revision_number=2)
    with pytest.raises(Conflict) as caught:
        act(services.undo_decision, Role.CFO, asked)
    assert caught.value.code == "already_requested"


def test_a_window_of_nothing_switches_it_off(people, act, asked):
    with people.scope():
        services.change_calendar(
            actor=people.actor(Role.CIO), workdays=range(5), closes_at=NOW.time(), undo_hours=0
        )
    act(services.decide, Role.CFO, asked, decision="approve")
    with time_machine.travel(NOW + timedelta(seconds=1), tick=False):
        refused(people, act, asked, "cannot_undo")


def test_conditions_are_tracked_until_met_or_waived(people, act, asked):
    act(
        services.decide,
        Role.CFO,
        asked,
        decision="approve",
        conditions=[Asked("Review after 60 days", date(2027, 1, 22)), Asked("Trim the input")],
    )
    lead = people.actor(Role.UNIT_LEAD)
    with people.scope():
        asked.refresh_from_db()
        review, trim = selectors.conditions_of(asked)
        assert (review.owner_name, review.due_on) == (lead.name, date(2027, 1, 22))
        assert [c.id for c in selectors.conditions_of_subject("probe", asked.subject_id)] == [
            review.id,
            trim.id,
        ]
        with pytest.raises(Invalid):
            services.meet_condition(actor=lead, condition_id=review.id, note=" ")
        with pytest.raises(Forbidden):
            services.waive_condition(actor=lead, condition_id=trim.id, note="Please.")
        with pytest.raises(Forbidden):
            services.meet_condition(
                actor=people.actor(Role.AUDITOR), condition_id=review.id, note="Seen."
            )
        assert {c.status for c in selectors.conditions_of(asked)} == {"open"}
        services.meet_condition(actor=lead, condition_id=review.id, note="See the report.")
        services.waive_condition(
            actor=people.actor(Role.CIO), condition_id=trim.id, note="It is small."
        )
        with pytest.raises(Conflict):
            services.meet_condition(actor=lead, condition_id=review.id, note="Again.")
        assert [c.status for c in selectors.conditions_of(asked)] == ["met", "waived"]
        actions = set(TrailEvent.objects.values_list("action", flat=True))
    assert {"approval_condition.met", "approval_condition.waived"} <= actions
    assert topics(people, "approval.condition_changed") == 4


def test_conditions_go_with_an_undone_approval(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="approve", conditions=[Asked("Review")])
    act(services.undo_decision, Role.CFO, asked)
    with people.scope():
        assert ApprovalCondition.objects.get().status == "dropped"
        assert selectors.conditions_of_subject("probe", asked.subject_id) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"decision": "reject", "note": "No.", "conditions": [Asked("x")]}, "conditions"),
        ({"decision": "approve", "conditions": [Asked(" ")]}, "conditions"),
        ({"decision": "approve", "conditions": [Asked("x" * 301)]}, "conditions"),
        ({"decision": "approve", "conditions": [Asked("x")] * 11}, "conditions"),
        ({"decision": "approve", "reason": "not_now"}, "reason"),
        ({"decision": "reject", "note": "No.", "reason": "mood"}, "reason"),
    ],
)
def test_a_wrong_condition_or_reason_writes_nothing(people, act, asked, values, field):
    with pytest.raises(Invalid) as caught:
        act(services.decide, Role.CFO, asked, **values)
    assert [e.field for e in caught.value.errors] == [field]
    with people.scope():
        assert not ApprovalDecision.objects.exists()
        assert not ApprovalCondition.objects.exists()


def test_declining_keeps_its_reason(people, act, asked):
    act(services.decide, Role.CFO, asked, decision="reject", note="Later.", reason="not_now")
    assert stored(people, asked).closed_reason == "not_now"


def test_questions_pause_nothing(people, act, asked):
    lead = people.actor(Role.UNIT_LEAD)
    with people.scope():
        with pytest.raises(Forbidden):
            services.ask_question(actor=lead, request_id=asked.id, text="Me?")
        with pytest.raises(Invalid):
            services.ask_question(actor=people.actor(Role.CFO), request_id=asked.id, text=" ")
        question = services.ask_question(
            actor=people.actor(Role.CFO), request_id=asked.id, text="Why nine calls?"
        )
        with pytest.raises(Forbidden):
            services.answer_question(
                actor=people.actor(Role.CIO), question_id=question.id, text="I guess."
            )
        services.answer_question(actor=lead, question_id=question.id, text="Six now.")
        with pytest.raises(Conflict):
            services.answer_question(actor=lead, question_id=question.id, text="Five.")
        assert ApprovalQuestion.objects.get().answer == "Six now."
    assert stored(people, asked).version == 1
    act(services.decide, Role.CFO, asked, decision="approve")
    with people.scope(), pytest.raises(Conflict):
        services.ask_question(actor=people.actor(Role.CFO), request_id=asked.id, text="Late?")


def test_many_answers_each_for_itself(people, act):
    with people.scope():
        rows = [make_request() for _ in range(4)]
        results = services.decide_many(
            actor=people.actor(Role.CFO),
            answers=[
                services.BulkAnswer(rows[0].id, 1, "approve"),
                services.BulkAnswer(rows[1].id, 2, "approve"),
                services.BulkAnswer(rows[2].id, 1, "reject"),
                services.BulkAnswer(rows[3].id, 1, "reject", note="No.", reason="duplicate"),
            ],
        )
    assert [(r.status, r.code, r.request_status) for r in results] == [
        (200, "done", "approved"),
        (409, "stale_version", ""),
        (422, "invalid", ""),
        (200, "done", "rejected"),
    ]
    assert [stored(people, r).status for r in rows] == [
        "approved", "pending", "pending", "rejected",
    ]  # fmt: skip
    with people.scope(), pytest.raises(Invalid):
        services.decide_many(
            actor=people.actor(Role.CFO),
            answers=[services.BulkAnswer(rows[1].id, 1, "approve")] * 2,
        )


def test_undoing_opens_the_places_that_the_answer_closed_and_no_other(people, act):
    """CIO has handed the place on: taking the CTO's answer back does not give it to them again."""
    with people.scope():
        set_route({"name": "Board", "roles": ["cfo"]})
        request = make_request()
    for by, to in ((Role.CFO, Role.CIO), (Role.CIO, Role.CTO)):
        act(services.delegate_request, by, request, to_id=people.person(to).membership.id)
    act(services.decide, Role.CTO, request, decision="approve")
    act(services.undo_decision, Role.CTO, request)
    with people.scope():
        waiting = ApprovalAssignment.objects.filter(request_id=request.id, is_open=True)
        assert [place.name for place in waiting] == [str(people.person(Role.CTO).membership)]
