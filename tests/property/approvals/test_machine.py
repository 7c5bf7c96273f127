"""A request under any sequence of acts by anybody, against a model of twenty lines.

Each act is expected to be done, or refused for the reason the rules give; a refusal changes
nothing, a closed request moves again only when its answer is undone, and every version is
accounted for.
"""

import contextlib

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.enums import RequestStatus, StepStatus
from apps.approvals.models import ApprovalAssignment, ApprovalDecision, ApprovalRequest
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.outbox.models import OutboxMessage
from tests.factories.approvals import make_request, probe

DECIDERS = (Role.CFO, Role.CIO, Role.CTO)
PEOPLE = (*DECIDERS, Role.EA, Role.AUDITOR)
AMOUNT = 1_000
BOARD = [role.value for role in DECIDERS]
ROUTES = [
    [{"name": "One", "roles": BOARD}],
    [{"name": "All", "roles": BOARD, "mode": "all"}],
    [
        {"name": "Two", "roles": BOARD, "mode": "quorum", "quorum": 2},
        {"name": "Last", "roles": ["cfo", "cto"]},
    ],
]


def needed(step):
    return {"any": 1, "all": 2, "quorum": 2}[step.get("mode", "any")]


class Machine(RuleBasedStateMachine):
    """The CTO asks, so two of the board can decide."""

    side = None

    @initialize(route=st.sampled_from(ROUTES))
    def ask(self, route):
        probe.calls.clear()
        probe.failing = False
        policy = services.ensure_default_policy()
        services.change_policy(
            actor=system_actor("tests"),
            policy_id=policy.id,
            version=policy.current_version,
            document={"steps": route},
            note="Next route.",
        )
        self.route = route
        self.request = make_request(
            requester_id=self.side.person(Role.CTO).membership.id, amount_nanos=AMOUNT
        )
        self.status, self.version, self.step = RequestStatus.PENDING, 1, 0
        self.given, self.decisions, self.cap, self.voids = set(), 0, AMOUNT, 0
        self.closed, self.closings, self.last = None, 0, None

    def expected(self, role, version, decision, note, cap):
        """The refusal the rules give, or None."""
        if role is Role.AUDITOR:
            return Forbidden
        ceiling = self.cap
        if decision != "approve" and (not note or cap is not None):
            return Invalid
        if cap is not None and not 0 <= cap <= ceiling:
            return Invalid
        if self.status is not RequestStatus.PENDING or version != self.version:
            return Conflict
        if role is Role.CTO:
            return Forbidden
        if role in self.given:
            return Conflict
        return None if role.value in self.route[self.step]["roles"] else Forbidden

    @rule(
        role=st.sampled_from(PEOPLE),
        stale=st.sampled_from([0, 0, 0, 0, -1, 1]),
        decision=st.sampled_from(["approve", "approve", "approve", "reject", "request_changes"]),
        note=st.sampled_from(["", "Because."]),
        cap=st.sampled_from([None, None, None, 0, 400, 900, AMOUNT, AMOUNT + 1, -1]),
    )
    def decide(self, role, stale, decision, note, cap):
        version = self.version + stale
        refusal = self.expected(role, version, decision, note, cap)
        expectation = pytest.raises(refusal) if refusal else contextlib.nullcontext()
        with expectation:
            services.decide(
                actor=self.side.actor(role),
                request_id=self.request.id,
                version=version,
                decision=decision,
                note=note,
                cap_nanos=cap,
            )
        if refusal:
            return
        self.last = (self.version, role, self.status, self.step, frozenset(self.given), self.cap)
        self.version += 1
        self.decisions += 1
        self.given.add(role)
        if cap is not None:
            self.cap = cap
        if decision == "reject":
            self.status = RequestStatus.REJECTED
        elif decision == "request_changes":
            self.status = RequestStatus.CHANGES_REQUESTED
        elif len(self.given) >= needed(self.route[self.step]):
            self.given, self.step = set(), self.step + 1
            if self.step == len(self.route):
                self.status = RequestStatus.APPROVED
        self.closings += self.status is not RequestStatus.PENDING

    @rule(by=st.sampled_from(PEOPLE), used=st.sampled_from([False, False, True]))
    def undo(self, by, used):
        """Only the author of the last act, while nothing used it; all is as it was before."""
        probe.used = "It was used." if used else ""
        mine = self.last is not None and self.last[:2] == (self.version - 1, by)
        closed = self.status is not RequestStatus.PENDING
        allowed = mine and not (closed and used)
        with contextlib.nullcontext() if allowed else pytest.raises(Conflict):
            services.undo_decision(
                actor=self.side.actor(by), request_id=self.request.id, version=self.version
            )
        probe.used = ""
        if allowed:
            _, _, self.status, self.step, given, self.cap = self.last
            self.given, self.last, self.closed = set(given), None, None
            self.version += 1

    @rule(by=st.sampled_from([Role.CTO, Role.CFO]), stale=st.sampled_from([0, 0, 1]))
    def withdraw(self, by, stale):
        refusal = None
        if by is Role.CFO:
            refusal = Forbidden
        elif self.status is not RequestStatus.PENDING or stale:
            refusal = Conflict
        with pytest.raises(refusal) if refusal else contextlib.nullcontext():
            services.withdraw(
                actor=self.side.actor(by),
                request_id=self.request.id,
                version=self.version + stale,
            )
        if refusal is None:
            self.version += 1
            self.closings += 1
            self.status = RequestStatus.WITHDRAWN

    @rule()
    def submit_newer(self):
        newer = make_request(
            subject_id=self.request.subject_id,
            revision_number=2 + self.voids,
            requester_id=self.side.person(Role.CTO).membership.id,
        )
        if self.status is RequestStatus.PENDING:
            self.version += 1
            self.closings += 1
            self.status = RequestStatus.VOIDED
        self.voids += 1
        services.withdraw(actor=system_actor("tests"), request_id=newer.id, version=1)

    @rule()
    def refresh(self):
        services.refresh_open_steps()

    @invariant()
    def stored_is_as_modelled(self):
        if not hasattr(self, "request"):
            return
        stored = ApprovalRequest.objects.get(id=self.request.id)
        assert (stored.status, stored.version, stored.approved_nanos) == (
            self.status,
            self.version,
            self.cap,
        )
        assert ApprovalDecision.objects.filter(request_id=stored.id).count() == self.decisions
        closed = OutboxMessage.objects.filter(
            topic="approval.decided", payload__request_id=str(stored.id)
        ).count()
        assert closed == self.closings
        steps = selectors.steps_of(stored)
        active = [s.position for s in steps if s.status == StepStatus.ACTIVE]
        assert active == ([self.step + 1] if stored.is_open else [])
        open_people = ApprovalAssignment.objects.filter(request_id=stored.id, is_open=True)
        assert set(open_people.values_list("step__position", flat=True)) <= set(active)
        for role in DECIDERS:
            actor = self.side.actor(role)
            waiting = selectors.waiting_for(actor).count()
            assert selectors.count_waiting_for(actor) == waiting
        if not stored.is_open:
            snapshot = (stored.status, stored.version, stored.closed_at)
            assert self.closed in {None, snapshot}
            self.closed = snapshot


def test_no_sequence_of_acts_reaches_an_illegal_state(world):
    side = world.a
    for role in PEOPLE:
        side.person(role)
    with side.scope():

        class Sided(Machine):
            pass

        Sided.side = side
        run_state_machine_as_test(
            Sided,
            settings=settings(
                max_examples=15,
                stateful_step_count=10,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
