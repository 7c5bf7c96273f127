"""The transition table, cell by cell, and what an answer must bring."""

import pytest

from apps.approvals.enums import Act, Decision, RequestStatus, StepMode
from apps.approvals.rules import transitions

LEGAL = {
    (RequestStatus.PENDING, Act.APPROVE_STEP): RequestStatus.PENDING,
    (RequestStatus.PENDING, Act.APPROVE_LAST): RequestStatus.APPROVED,
    (RequestStatus.PENDING, Act.REQUEST_CHANGES): RequestStatus.CHANGES_REQUESTED,
    (RequestStatus.PENDING, Act.REJECT): RequestStatus.REJECTED,
    (RequestStatus.PENDING, Act.WITHDRAW): RequestStatus.WITHDRAWN,
    (RequestStatus.PENDING, Act.VOID): RequestStatus.VOIDED,
    (RequestStatus.PENDING, Act.AUTO_APPROVE): RequestStatus.APPROVED,
    (RequestStatus.PENDING, Act.CHANGE_PEOPLE): RequestStatus.PENDING,
    (RequestStatus.PENDING, Act.RETRACT): RequestStatus.PENDING,
    (RequestStatus.APPROVED, Act.REOPEN): RequestStatus.PENDING,
    (RequestStatus.CHANGES_REQUESTED, Act.REOPEN): RequestStatus.PENDING,
    (RequestStatus.REJECTED, Act.REOPEN): RequestStatus.PENDING,
}


@pytest.mark.parametrize("status", list(RequestStatus))
@pytest.mark.parametrize("act", list(Act))
def test_every_cell_of_the_table(status, act):
    assert transitions.next_status(status, act) == LEGAL.get((status, act))


def test_only_pending_is_open():
    assert [s for s in RequestStatus if transitions.is_open(s)] == [RequestStatus.PENDING]


@pytest.mark.parametrize(
    ("mode", "quorum", "approvers", "needed"),
    [
        (StepMode.ANY, 1, 5, 1),
        (StepMode.ANY, 3, 0, 1),
        (StepMode.ALL, 1, 3, 3),
        (StepMode.ALL, 1, 0, 1),
        (StepMode.QUORUM, 2, 5, 2),
        (StepMode.QUORUM, 4, 3, 3),
        (StepMode.QUORUM, 2, 0, 1),
    ],
)
def test_approvals_needed(mode, quorum, approvers, needed):
    assert transitions.approvals_needed(mode, quorum, approvers) == needed


@pytest.mark.parametrize(
    ("decision", "finished", "last", "act"),
    [
        (Decision.APPROVE, True, True, Act.APPROVE_LAST),
        (Decision.APPROVE, True, False, Act.APPROVE_STEP),
        (Decision.APPROVE, False, True, Act.APPROVE_STEP),
        (Decision.REQUEST_CHANGES, False, True, Act.REQUEST_CHANGES),
        (Decision.REJECT, True, False, Act.REJECT),
    ],
)
def test_act_of(decision, finished, last, act):
    assert transitions.act_of(decision, step_finished=finished, last_step=last) == act


def errors(*args):
    return [(e.field, e.message) for e in transitions.decision_errors(*args)]


def test_reject_and_request_changes_need_a_note():
    assert errors(Decision.REJECT, "  ", None, None) == [("note", "A refusal needs a reason.")]
    assert errors(Decision.REQUEST_CHANGES, "", None, 10) == [
        ("note", "A request for changes needs a reason.")
    ]
    assert errors(Decision.REJECT, "Too dear.", None, 10) == []
    assert errors(Decision.APPROVE, "", None, 10) == []


@pytest.mark.parametrize(
    ("decision", "cap", "ceiling", "fields"),
    [
        (Decision.APPROVE, 0, 10, []),
        (Decision.APPROVE, 10, 10, []),
        (Decision.APPROVE, 11, 10, ["cap"]),
        (Decision.APPROVE, -1, 10, ["cap"]),
        (Decision.APPROVE, 5, None, ["cap"]),
        (Decision.REJECT, 5, 10, ["cap"]),
    ],
)
def test_the_cap_may_be_lowered_never_raised(decision, cap, ceiling, fields):
    assert [field for field, _ in errors(decision, "because", cap, ceiling)] == fields


def test_a_note_has_a_limit():
    long = "x" * (transitions.NOTE_LIMIT + 1)
    assert [field for field, _ in errors(Decision.APPROVE, long, None, None)] == ["note"]


SPENT = "The amount is what the month has cost already: there is nothing left to lower."


@pytest.mark.parametrize(
    ("ceiling", "says", "refused"),
    [
        (4_000, "", ""),
        (0, "", ""),
        (None, "", "No amount was asked for."),
        (4_000, SPENT, SPENT),
        (None, SPENT, SPENT),
    ],
)
def test_one_rule_says_whether_a_cap_can_be_lowered(ceiling, says, refused):
    assert transitions.cap_refused(ceiling, says) == refused
    (*found,) = transitions.decision_errors(Decision.APPROVE, "", 0, ceiling, no_cap=says)
    assert [(e.field, e.message, e.fix) for e in found] == (
        [("cap", refused, "Approve without a cap, request changes, or decline.")] if refused else []
    )
    assert transitions.decision_errors(Decision.APPROVE, "", None, ceiling, no_cap=says) == []
