"""Deciding: each answer, each refusal, and that a refusal writes nothing."""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.enums import Decision, RequestStatus, StepStatus
from apps.approvals.models import ApprovalAssignment, ApprovalDecision, ApprovalRequest
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.common.ids import uuid7
from apps.organizations.models import RoleBinding
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.approvals import make_request, probe

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh():
    probe.calls.clear()
    probe.failing = False


@pytest.fixture
def side(world):
    """Organization A with a lead who asks, and three people of the standard route."""
    a = world.a
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.CTO):
        a.person(role)
    return a


@pytest.fixture
def asked(side):
    lead = side.person(Role.UNIT_LEAD)
    with time_machine.travel(MONDAY, tick=False), side.scope():
        return make_request(
            actor=lead.actor,
            requester_id=lead.membership.id,
            unit_id=side.units["platform"].id,
        )


def decide(side, request, role=Role.CFO, **values):
    values = {"version": request.version, "decision": "approve", **values}
    with side.scope():
        return services.decide(actor=side.actor(role), request_id=request.id, **values)


def stored(side, request):
    with side.scope():
        return ApprovalRequest.objects.get(id=request.id)


def counts(side):
    with side.scope():
        return (
            ApprovalDecision.objects.count(),
            TrailEvent.objects.filter(action="approval.decided").count(),
            OutboxMessage.objects.filter(topic="approval.decided").count(),
        )


def test_opening_resolves_people_due_time_and_the_default_route(side, asked):
    with side.scope():
        request = ApprovalRequest.objects.get(id=asked.id)
        (step,) = selectors.steps_of(request)
        names = sorted(p.name for p in step.people)
    assert (request.status, request.version, request.current_step) == ("pending", 1, 1)
    assert request.approved_nanos == 4_000_000_000_000
    assert request.due_at == datetime(2026, 11, 26, 18, tzinfo=UTC)
    assert request.route == [
        {
            "name": "Approval",
            "roles": ["cfo", "cio", "cto", "tokenops_lead"],
            "mode": "any",
            "quorum": 1,
            "due_working_days": 3,
            "fallback_roles": ["owner"],
            "when": [],
            "remind_working_days": 1,
            "escalate_working_days": None,
            "escalate_roles": [],
            "distinct": False,
        }
    ]
    assert names == ["CFO Acme", "CIO Acme", "CTO Acme"]
    assert probe.calls == [("opened", asked.id, None)]
    with side.scope():
        topics = list(OutboxMessage.objects.values_list("topic", "payload__request_id"))
        actions = list(TrailEvent.objects.values_list("action", flat=True))
    assert topics == [("approval.requested", str(asked.id))]
    assert "approval.requested" in actions


def test_approve_closes_the_request_and_tells_the_subject(side, asked):
    receipt = decide(side, asked, note="Good.")
    request = stored(side, asked)
    assert (request.status, request.version, request.closed_by_name) == ("approved", 2, "CFO Acme")
    assert receipt.outcome.final
    assert receipt.outcome.approved_nanos == 4_000_000_000_000
    assert probe.calls[-1] == ("decided", asked.id, receipt.outcome)
    with side.scope():
        decision = ApprovalDecision.objects.get()
        assert (decision.name, decision.role, decision.request_version) == ("CFO Acme", "cfo", 1)
        assert decision.revision_id == asked.revision_id
        assert not ApprovalAssignment.objects.filter(is_open=True).exists()
    assert counts(side) == (1, 1, 1)


def test_approve_with_a_lower_cap(side, asked):
    decide(side, asked, cap_nanos=1_500_000_000_001)
    assert stored(side, asked).approved_nanos == 1_500_000_000_001


@pytest.mark.parametrize(
    ("decision", "status"),
    [("request_changes", "changes_requested"), ("reject", "rejected")],
)
def test_the_other_answers_close_it_with_their_note(side, asked, decision, status):
    decide(side, asked, decision=decision, note="Too many calls.")
    request = stored(side, asked)
    assert (request.status, request.closed_note) == (status, "Too many calls.")
    assert request.closed_at is not None


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"decision": "reject"}, ["note"]),
        ({"decision": "request_changes", "note": "  "}, ["note"]),
        ({"cap_nanos": 4_000_000_000_001}, ["cap"]),
        ({"cap_nanos": -1}, ["cap"]),
        ({"decision": "maybe"}, ["decision"]),
    ],
)
def test_an_incomplete_answer_names_its_field_and_writes_nothing(side, asked, values, fields):
    with pytest.raises(Invalid) as caught:
        decide(side, asked, **values)
    assert [e.field for e in caught.value.errors] == fields
    assert counts(side) == (0, 0, 0)
    assert stored(side, asked).version == 1


def test_a_stale_version_is_a_conflict(side, asked):
    with pytest.raises(Conflict) as caught:
        decide(side, asked, version=2)
    assert caught.value.code == "stale_version"
    assert counts(side) == (0, 0, 0)


def test_a_closed_request_is_a_conflict(side, asked):
    decide(side, asked)
    with pytest.raises(Conflict) as caught:
        decide(side, asked, role=Role.CIO, version=2)
    assert caught.value.code == "request_closed"
    assert counts(side) == (1, 1, 1)


def test_the_requester_cannot_decide_even_as_cfo(side):
    cfo = side.person(Role.CFO)
    with side.scope():
        request = make_request(actor=cfo.actor, requester_id=cfo.membership.id)
        assert cfo.membership.id not in {
            p.membership_id for p in selectors.steps_of(request)[0].people
        }
    with pytest.raises(Forbidden) as caught:
        decide(side, request)
    assert caught.value.code == "separation_of_duties"
    assert caught.value.message == "You cannot decide this: you asked for it."


def test_an_author_of_the_revision_cannot_decide(side):
    cto = side.person(Role.CTO)
    with side.scope():
        request = make_request(author_ids=[cto.membership.id])
    with pytest.raises(Forbidden) as caught:
        decide(side, request, role=Role.CTO)
    assert caught.value.message == "You cannot decide this: you wrote it."
    decide(side, request, role=Role.CFO)


def test_deciding_needs_the_permission_and_a_place_on_the_route(side, asked):
    with pytest.raises(Forbidden) as caught:
        decide(side, asked, role=Role.AUDITOR)
    assert caught.value.code == "permission_required"
    with pytest.raises(Forbidden) as caught:
        decide(side, asked, role=Role.EA)
    assert caught.value.code == "not_an_approver"


def test_a_person_of_another_team_does_not_see_it(side, asked):
    elsewhere = side.actor(Role.CFO, "claims")
    with side.scope(), pytest.raises(NotFound):
        services.decide(actor=elsewhere, request_id=asked.id, version=1, decision="approve")


def test_programs_do_not_decide(side, asked):
    with side.scope(), pytest.raises(Forbidden):
        services.decide(actor=side.key_actor, request_id=asked.id, version=1, decision="approve")
    with side.scope(), pytest.raises(Forbidden) as caught:
        services.decide(
            actor=system_actor("tests"), request_id=asked.id, version=1, decision="approve"
        )
    assert caught.value.code == "not_a_person"


def test_somebody_who_lost_the_role_no_longer_decides(side, asked):
    with side.scope():
        RoleBinding.objects.filter(membership=side.person(Role.CFO).membership).update(role="ea")
    with pytest.raises(Forbidden) as caught:
        decide(side, asked)
    assert caught.value.code == "not_an_approver"


def test_a_failing_subject_undoes_the_decision(side, asked):
    probe.failing = True
    with pytest.raises(RuntimeError):
        decide(side, asked)
    assert counts(side) == (0, 0, 0)
    assert stored(side, asked).status == "pending"


def test_a_new_revision_voids_the_open_request(side, asked):
    with side.scope():
        newer = make_request(subject_id=asked.subject_id, revision_number=2)
    assert stored(side, asked).status == RequestStatus.VOIDED
    assert ("voided", asked.id, None) in probe.calls
    with pytest.raises(Conflict):
        decide(side, asked)
    decide(side, newer)
    with side.scope():
        assert selectors.approved_request(newer.id) is not None
        assert selectors.approved_request(asked.id) is None


def test_the_same_revision_cannot_be_asked_twice(side, asked):
    with side.scope(), pytest.raises(Conflict) as caught:
        make_request(subject_id=asked.subject_id, revision_id=asked.revision_id)
    assert caught.value.code == "already_requested"


def test_only_the_requester_withdraws(side, asked):
    with side.scope(), pytest.raises(Forbidden) as caught:
        services.withdraw(actor=side.actor(Role.CFO), request_id=asked.id, version=1)
    assert caught.value.code == "not_requester"
    with side.scope():
        services.withdraw(
            actor=side.actor(Role.UNIT_LEAD), request_id=asked.id, version=1, note="Later."
        )
    assert stored(side, asked).status == RequestStatus.WITHDRAWN
    assert probe.calls[-1] == ("withdrawn", asked.id, None)
    with pytest.raises(Conflict):
        decide(side, asked)


def test_a_negative_amount_is_refused(side):
    with side.scope(), pytest.raises(Invalid):
        make_request(amount_nanos=-1)


def test_an_unregistered_subject_is_a_programming_error(side):
    with side.scope(), pytest.raises(ValueError, match="no app has registered"):
        make_request(subject_type="nothing", subject_id=uuid7())


def test_blocked_reasons_say_why(side, asked):
    with side.scope():
        request = ApprovalRequest.objects.get(id=asked.id)
        reasons = {
            role: selectors.blocked_reason(side.actor(role), request)
            for role in (Role.CFO, Role.UNIT_LEAD, Role.AUDITOR)
        }
    assert reasons == {
        Role.CFO: "",
        Role.UNIT_LEAD: "You cannot decide this: you asked for it.",
        Role.AUDITOR: "Others decide this.",
    }


def test_queues(side, asked):
    def ids(find, role):
        with side.scope():
            return {r.id for r in find(side.actor(role))}

    assert ids(selectors.waiting_for, Role.CFO) == {asked.id}
    assert ids(selectors.waiting_for, Role.AUDITOR) == set()
    assert ids(selectors.waiting_for_others, Role.CFO) == set()
    assert ids(selectors.waiting_for_others, Role.AUDITOR) == {asked.id}
    assert ids(selectors.waiting_for_others, Role.UNIT_LEAD) == {asked.id}
    decide(side, asked)
    assert ids(selectors.waiting_for, Role.CIO) == set()
    assert ids(selectors.decided, Role.CIO) == {asked.id}
    with side.scope():
        assert selectors.count_waiting_for(side.actor(Role.CIO)) == 0


def test_statuses_and_decisions_are_stored_as_plain_words(side, asked):
    decide(side, asked)
    with side.scope():
        assert ApprovalDecision.objects.filter(decision=Decision.APPROVE).count() == 1
        assert ApprovalRequest.objects.filter(steps__status=StepStatus.APPROVED).count() == 1
