"""The life of a request as data, and what a decision must bring with it."""

from collections.abc import Mapping, Sequence

from apps.approvals.enums import Act, Decision, RejectReason, RequestStatus, StepMode, StepStatus
from apps.common.errors import FieldError

TRANSITIONS: Mapping[tuple[RequestStatus, Act], RequestStatus] = {
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
"""Every legal move. A pair that is not here is a Conflict."""

STEP_OUTCOME: Mapping[Decision, StepStatus] = {
    Decision.APPROVE: StepStatus.APPROVED,
    Decision.REQUEST_CHANGES: StepStatus.CHANGES_REQUESTED,
    Decision.REJECT: StepStatus.REJECTED,
}

NOTE_LIMIT = 4000
"""Characters of a decision's note."""
CONDITIONS_MOST = 10
CONDITION_LIMIT = 300


def next_status(status: RequestStatus, act: Act) -> RequestStatus | None:
    """The status after an act, or None when the act is not legal there."""
    return TRANSITIONS.get((status, act))


def is_open(status: RequestStatus) -> bool:
    return status is RequestStatus.PENDING


def approvals_needed(mode: StepMode, quorum: int, approvers: int) -> int:
    """How many approvals finish a step with this many approvers; always at least one.

    A quorum larger than the number of approvers is capped: it could never be reached.
    """
    if mode is StepMode.ANY:
        return 1
    if mode is StepMode.ALL:
        return max(approvers, 1)
    return max(1, min(quorum, approvers))


def condition_errors(decision: Decision, texts: Sequence[str]) -> list[FieldError]:
    """What is wrong with the conditions of an answer."""
    if texts and decision is not Decision.APPROVE:
        return [
            FieldError("conditions", "Only an approval carries conditions.", "Leave them empty.")
        ]
    if len(texts) > CONDITIONS_MOST:
        return [
            FieldError("conditions", f"At most {CONDITIONS_MOST} conditions.", "Ask for changes.")
        ]
    if any(not text.strip() or len(text) > CONDITION_LIMIT for text in texts):
        return [
            FieldError(
                "conditions", f"A condition has 1 to {CONDITION_LIMIT} characters.", "Shorten it."
            )
        ]
    return []


def reason_errors(decision: Decision, reason: str) -> list[FieldError]:
    """Only declining has a reason from the list; without one it counts as another reason."""
    if reason and decision is not Decision.REJECT:
        return [FieldError("reason", "Only declining has a reason.", "Leave it empty.")]
    if reason and reason not in {r.value for r in RejectReason}:
        known = ", ".join(r.value for r in RejectReason)
        return [FieldError("reason", f"{reason!r} is not a reason.", f"Use {known}.")]
    return []


def act_of(decision: Decision, *, step_finished: bool, last_step: bool) -> Act:
    """What a decision does to the request, given what it does to its step."""
    if decision is Decision.REJECT:
        return Act.REJECT
    if decision is Decision.REQUEST_CHANGES:
        return Act.REQUEST_CHANGES
    return Act.APPROVE_LAST if step_finished and last_step else Act.APPROVE_STEP


def cap_refused(ceiling_nanos: int | None, subject_says: str = "") -> str:
    """Why an approval cannot carry a lower cap; empty when it can. Pages and the API ask here.

    `ceiling_nanos` is the cap in force, `subject_says` why the subject's amount is not one to
    lower (`SubjectHandler.no_cap`).
    """
    if subject_says:
        return subject_says
    return "No amount was asked for." if ceiling_nanos is None else ""


def decision_errors(
    decision: Decision,
    note: str,
    cap_nanos: int | None,
    ceiling_nanos: int | None,
    *,
    no_cap: str = "",
) -> list[FieldError]:
    """What is missing from an answer, or contradicts it.

    `ceiling_nanos` is the cap in force: what was asked for, or what an earlier step lowered it to.
    `no_cap` says why the subject's amount is not one to lower.
    """
    errors = []
    if decision is not Decision.APPROVE and not note.strip():
        message = (
            "A refusal needs a reason."
            if decision is Decision.REJECT
            else "A request for changes needs a reason."
        )
        errors.append(FieldError("note", message, "Say what would have to change."))
    if len(note) > NOTE_LIMIT:
        errors.append(
            FieldError("note", f"The note is longer than {NOTE_LIMIT} characters.", "Shorten it.")
        )
    if cap_nanos is not None:
        errors += _cap_errors(decision, cap_nanos, ceiling_nanos, no_cap)
    return errors


NO_CAP_FIX = "Approve without a cap, request changes, or decline."


def _cap_errors(
    decision: Decision, cap_nanos: int, ceiling_nanos: int | None, no_cap: str
) -> list[FieldError]:
    if decision is not Decision.APPROVE:
        return [FieldError("cap", "Only an approval carries a cap.", "Leave the cap empty.")]
    refused = cap_refused(ceiling_nanos, no_cap)
    if refused or ceiling_nanos is None:
        return [FieldError("cap", refused, NO_CAP_FIX)]
    if cap_nanos < 0:
        return [FieldError("cap", "A cap cannot be negative.", "Enter 0 or more.")]
    if cap_nanos > ceiling_nanos:
        return [
            FieldError(
                "cap", "The cap is above what was asked for.", "Enter an amount at or below it."
            )
        ]
    return []
