"""Who may do what in which state: every cell of the table, as data.

The page docs/approvals.md is written from it, and a test does each cell with the real services.
"""

from collections.abc import Iterator

from apps.approvals.enums import RequestStatus
from apps.common.choices import Choice

S = RequestStatus


class Part(Choice):
    """What a person is to a request."""

    REQUESTER = "requester", "Requester"
    APPROVER = "approver", "Approver of the step"
    DEPUTY = "deputy", "Deputy of an approver"
    ADDED = "added", "Added approver"
    FUNDER = "funder", "Approver who funds it alone"
    DECIDER = "decider", "Decides elsewhere"
    READER = "reader", "Reads only"
    PROGRAM = "program", "Program"


class Action(Choice):
    """What may be tried."""

    APPROVE = "approve", "Approve"
    LOWER = "lower", "Approve with a lower cap"
    REQUEST_CHANGES = "request_changes", "Request changes"
    REJECT = "reject", "Decline"
    WITHDRAW = "withdraw", "Withdraw"
    HAND_OVER = "hand_over", "Hand over"
    ADD_APPROVER = "add_approver", "Add an approver"
    STEP_BACK = "step_back", "Step back"
    ASK = "ask", "Ask a question"
    ANSWER = "answer", "Answer a question"
    UNDO = "undo", "Undo the last answer"


class Verdict(Choice):
    """What the service answers."""

    DONE = "done", "done"
    FORBIDDEN = "forbidden", "403"
    CONFLICT = "conflict", "409"


DECIDING = frozenset({Action.APPROVE, Action.LOWER, Action.REQUEST_CHANGES, Action.REJECT})
PEOPLE = frozenset({Action.HAND_OVER, Action.ADD_APPROVER, Action.STEP_BACK})
ON_STEP = frozenset({Part.APPROVER, Part.DEPUTY, Part.ADDED})
MAY_DECIDE = ON_STEP | {Part.DECIDER, Part.FUNDER}
ANSWERED = frozenset({S.APPROVED, S.CHANGES_REQUESTED, S.REJECTED})


def verdict(state: RequestStatus, action: Action, part: Part) -> Verdict:
    """One cell. An approver is taken to have given the answer that closed the request."""
    if part is Part.PROGRAM:
        return Verdict.FORBIDDEN
    if action is Action.ANSWER:
        return Verdict.DONE if part is Part.REQUESTER else Verdict.FORBIDDEN
    if action is Action.UNDO:
        mine = state in ANSWERED and part is Part.APPROVER
        return Verdict.DONE if mine else Verdict.CONFLICT
    if part not in _TRIED_BY.get(action, frozenset(Part)):
        return Verdict.FORBIDDEN
    if state is not S.PENDING:
        return Verdict.CONFLICT
    return Verdict.DONE if part in _DONE_BY[action] else Verdict.FORBIDDEN


_TRIED_BY = {
    **dict.fromkeys(DECIDING, MAY_DECIDE),
    Action.WITHDRAW: frozenset({Part.REQUESTER}),
    Action.ASK: MAY_DECIDE,
}
"""Who gets as far as the state: the others are refused whatever it is."""

_DONE_BY = {
    **dict.fromkeys(DECIDING | PEOPLE, ON_STEP),
    Action.WITHDRAW: frozenset({Part.REQUESTER}),
    Action.ASK: MAY_DECIDE,
}


def cells() -> Iterator[tuple[RequestStatus, Action, Part, Verdict]]:
    """All of them, state by state."""
    for state in RequestStatus:
        for action in Action:
            for part in Part:
                yield state, action, part, verdict(state, action, part)
