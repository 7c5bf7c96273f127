"""Every (state, action, part) cell of the table, done with the real services."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import transaction

from apps.access.roles import Role
from apps.approvals import services
from apps.approvals.docs import PAGE, approvals_markdown
from apps.approvals.enums import RequestStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.cells import Action, Part, Verdict, cells, verdict
from apps.common.errors import Conflict, Forbidden
from tests.factories.approvals import make_request, set_route

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROLES = {
    Part.REQUESTER: Role.UNIT_LEAD,
    Part.APPROVER: Role.CFO,
    Part.DEPUTY: Role.CTO,
    Part.ADDED: Role.CDO,
    Part.DECIDER: Role.EA,
    Part.READER: Role.AUDITOR,
}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def stored(request):
    return ApprovalRequest.objects.get(id=request.id)


def built(side, state):
    """A request in a state, with an approver, a deputy, an added approver and a question."""
    lead, cfo = side.person(Role.UNIT_LEAD), side.actor(Role.CFO)
    set_route({"name": "Money", "roles": ["cfo"], "fallback_roles": ["owner"]})
    services.create_delegation(
        actor=cfo,
        deputy_id=side.person(Role.CTO).membership.id,
        starts_on=NOW.date(),
        ends_on=NOW.date(),
    )
    request = make_request(
        actor=lead.actor,
        requester_id=lead.membership.id,
        unit_id=side.units["platform"].id,
        funder_ids=[side.person(Role.CFO, "platform").membership.id],
    )
    services.add_approver(
        actor=cfo,
        request_id=request.id,
        version=1,
        person_id=side.person(Role.CDO).membership.id,
    )
    question = services.ask_question(actor=cfo, request_id=request.id, text="Why?")

    def decide(role, decision):
        services.decide(
            actor=side.actor(role),
            request_id=request.id,
            version=stored(request).version,
            decision=decision,
            note="Because.",
        )

    if state is RequestStatus.APPROVED:
        decide(Role.CDO, "approve")
        decide(Role.CFO, "approve")
    elif state is RequestStatus.REJECTED:
        decide(Role.CFO, "reject")
    elif state is RequestStatus.CHANGES_REQUESTED:
        decide(Role.CFO, "request_changes")
    elif state is RequestStatus.WITHDRAWN:
        services.withdraw(actor=lead.actor, request_id=request.id, version=2)
    elif state is RequestStatus.VOIDED:
        make_request(subject_id=request.subject_id, revision_number=2)
    assert stored(request).status == state
    return stored(request), question


def attempt(side, request, question, action, actor) -> Callable[[], object]:
    seen = {"actor": actor, "request_id": request.id, "version": request.version}
    other = side.person(Role.CIO).membership.id
    decisions = {
        Action.APPROVE: {"decision": "approve"},
        Action.LOWER: {"decision": "approve", "cap_nanos": 1},
        Action.REQUEST_CHANGES: {"decision": "request_changes", "note": "x"},
        Action.REJECT: {"decision": "reject", "note": "x"},
    }
    if action in decisions:
        return lambda: services.decide(**seen, **decisions[action])
    return {
        Action.WITHDRAW: lambda: services.withdraw(**seen),
        Action.HAND_OVER: lambda: services.delegate_request(**seen, to_id=other),
        Action.ADD_APPROVER: lambda: services.add_approver(**seen, person_id=other),
        Action.STEP_BACK: lambda: services.recuse(**seen, note="x"),
        Action.ASK: lambda: services.ask_question(actor=actor, request_id=request.id, text="x"),
        Action.ANSWER: lambda: services.answer_question(
            actor=actor, question_id=question.id, text="x"
        ),
        Action.UNDO: lambda: services.undo_decision(**seen),
    }[action]


def outcome(run):
    """What the services answer; nothing is kept."""
    with transaction.atomic():
        try:
            run()
        except Forbidden:
            found = Verdict.FORBIDDEN
        except Conflict:
            found = Verdict.CONFLICT
        else:
            found = Verdict.DONE
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("state", list(RequestStatus))
def test_every_cell(people, state):
    people.person(Role.AUDITOR)
    actors = {part: people.actor(role) for part, role in ROLES.items()}
    actors[Part.FUNDER] = people.actor(Role.CFO, "platform")
    actors[Part.PROGRAM] = people.key_actor
    wrong = []
    with people.scope():
        request, question = built(people, state)
        before = (request.status, request.version)
        for action in Action:
            for part in Part:
                found = outcome(attempt(people, request, question, action, actors[part]))
                if found is not verdict(state, action, part):
                    wrong.append((action.value, part.value, found.value))
        after = stored(request)
    assert wrong == []
    assert (after.status, after.version) == before


def test_the_table_has_every_cell():
    assert len(list(cells())) == len(RequestStatus) * len(Action) * len(Part) == 528


def test_the_page_is_what_the_rules_say():
    text = (Path(settings.BASE_DIR) / PAGE).read_text(encoding="utf-8")
    assert text == approvals_markdown(), "run: python manage.py write_approvals_doc"
