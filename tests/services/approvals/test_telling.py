"""Who is told of what: approvers of a step, owners of a blocked one, the requester at the end."""

import pytest

from apps.access.roles import Role
from apps.approvals import services, tasks
from apps.notifications.models import Notification
from apps.outbox.models import OutboxMessage
from apps.outbox.registry import Message
from apps.outbox.services import deliver
from tests.factories.approvals import make_request, probe


@pytest.fixture
def side(world):
    probe.failing = False
    world.a.person(Role.UNIT_LEAD)
    return world.a


def deliver_all(side, times=1):
    with side.scope():
        rows = list(OutboxMessage.objects.filter(topic__startswith="approval.").order_by("id"))
    for row in rows:
        for _ in range(times):
            assert deliver(
                Message(row.id, side.id, row.topic, row.key, row.payload, 1, row.created_at)
            )


def told(side):
    with side.scope():
        return {
            (n.membership_id, n.kind, n.title)
            for n in Notification.objects.filter(kind__startswith="approval.")
        }


def test_approvers_are_told_once_and_the_requester_at_the_end(side):
    cfo, lead = side.person(Role.CFO), side.person(Role.UNIT_LEAD)
    with side.scope():
        request = make_request(
            actor=lead.actor,
            requester_id=lead.membership.id,
            title="Claims triage",
            subject_ref="TS-0142",
        )
    deliver_all(side, times=2)
    waiting = (
        cfo.membership.id,
        "approval.waiting",
        "TS-0142 Claims triage waits for your decision",
    )
    assert told(side) == {waiting}
    with side.scope():
        row = Notification.objects.get()
        assert row.path == side.url("approvals:detail", request.id)
        assert row.body.splitlines()[:2] == [f"Asked by {lead.user.name}.", "$4,000.00 a month."]
        services.decide(
            actor=cfo.actor,
            request_id=request.id,
            version=1,
            decision="reject",
            note="Not this year.",
        )
    deliver_all(side)
    closed = (lead.membership.id, "approval.closed", "TS-0142 Claims triage was declined")
    assert told(side) == {waiting, closed}


def test_a_step_nobody_can_decide_is_told_to_the_owners(side):
    owner = side.person(Role.OWNER)
    with side.scope():
        make_request(requester_id=owner.membership.id, title="Blocked", subject_ref="TS-1")
    deliver_all(side)
    assert told(side) == {
        (owner.membership.id, "approval.blocked", "Nobody can decide TS-1 Blocked")
    }


def test_a_withdrawal_tells_nobody(side):
    lead = side.person(Role.UNIT_LEAD)
    with side.scope():
        request = make_request(requester_id=lead.membership.id, unit_id=side.units["core"].id)
        services.withdraw(actor=lead.actor, request_id=request.id, version=1)
    deliver_all(side)
    assert {kind for _, kind, _ in told(side)} <= {"approval.blocked"}


def test_the_task_refreshes_open_steps(side):
    with side.scope():
        request = make_request()
    cfo = side.person(Role.CFO)
    tasks.refresh(organization_id=str(side.id))
    with side.scope():
        assert request.assignments.filter(membership=cfo.membership).exists()
