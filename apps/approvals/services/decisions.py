"""Deciding: one person's answer to the current step, about the revision they saw."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import events, selectors
from apps.approvals.enums import (
    AssignmentVia,
    Decision,
    PartyReason,
    RequestStatus,
    StepMode,
    StepStatus,
)
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules.transitions import STEP_OUTCOME, act_of, decision_errors
from apps.approvals.services.requests import announce_closed
from apps.approvals.services.steps import close_step, open_step, void_open_steps
from apps.approvals.services.transition import closed_conflict, move, stale_conflict
from apps.approvals.subjects import Outcome, handler_for
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.trail.services import record


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an answer did."""

    request: ApprovalRequest
    decision: ApprovalDecision
    outcome: Outcome


@transaction.atomic
def decide(
    *,
    actor: Actor,
    request_id: UUID,
    version: int,
    decision: str,
    note: str = "",
    cap_nanos: int | None = None,
) -> Receipt:
    """Answer the current step of an open request.

    `version` is the version the person saw: the answer binds to it and to its revision. An
    approval may lower the cap, never raise it; the other answers need a note.

    Raises NotFound, Forbidden (no permission; asked for it or wrote it; not an approver of this
    step), Invalid (which field, and how to mend it), Conflict (closed, changed since, or answered
    already). Nothing is written then.
    """
    request = selectors.request_by_id(actor, request_id)
    require(actor, P.APPROVAL_DECIDE, unit_id=request.unit_id)
    answer = _parse(decision)
    errors = decision_errors(answer, note, cap_nanos, request.approved_nanos)
    if errors:
        raise Invalid("The answer is not complete.", errors=errors)
    if not request.is_open:
        raise closed_conflict(request)
    if request.version != version:
        raise stale_conflict()
    member = _member(actor)
    _require_no_party(request, member)
    step = ApprovalStep.objects.get(request_id=request.id, position=request.current_step)
    role = _role_for(actor, member, request, step)
    return _apply(actor, request, step, _Answer(answer, note.strip(), cap_nanos, member, role))


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: Decision
    note: str
    cap_nanos: int | None
    member: UUID
    role: str


def _apply(actor: Actor, request: ApprovalRequest, step: ApprovalStep, answer: _Answer) -> Receipt:
    """Claim the version, then write everything that follows from it."""
    version = request.version
    finished = _finishes(step, answer.decision)
    following = ApprovalStep.objects.filter(
        request_id=request.id, position__gt=step.position, status=StepStatus.WAITING
    ).order_by("position")
    next_step = following.first()
    act = act_of(answer.decision, step_finished=finished, last_step=next_step is None)
    changes = {} if answer.cap_nanos is None else {"approved_nanos": answer.cap_nanos}
    before = {"status": request.status, "approved_nanos": request.approved_nanos}
    status = move(request, act, version=version, by=actor.name, note=answer.note, **changes)
    stored = ApprovalDecision.objects.create(
        request_id=request.id,
        step_id=step.id,
        membership_id=answer.member,
        name=actor.name[:200],
        role=answer.role,
        decision=answer.decision,
        note=answer.note,
        cap_nanos=answer.cap_nanos,
        revision_id=request.revision_id,
        request_version=version,
        decided_at=clock.now(),
    )
    ApprovalAssignment.objects.filter(step_id=step.id, membership_id=answer.member).update(
        is_open=False
    )
    if finished or answer.decision is not Decision.APPROVE:
        close_step(step, STEP_OUTCOME[answer.decision])
    if status is RequestStatus.PENDING:
        if finished and next_step is not None:
            open_step(request, next_step)
    else:
        void_open_steps(request)
    outcome = Outcome(
        status,
        status is not RequestStatus.PENDING,
        answer.decision,
        answer.note,
        request.approved_nanos,
    )
    record(
        actor=actor,
        action=events.APPROVAL_DECIDED,
        obj=request,
        before=before,
        after={
            "status": request.status,
            "approved_nanos": request.approved_nanos,
            "decision": answer.decision.value,
            "step": step.name,
            "revision": str(request.revision_id),
        },
        reason=answer.note,
    )
    handler_for(request.subject_type).on_decided(actor=actor, request=request, outcome=outcome)
    if outcome.final:
        announce_closed(request)
    return Receipt(request, stored, outcome)


def _finishes(step: ApprovalStep, decision: Decision) -> bool:
    """Would this approval be the last one the step needs?

    Counting before the claim is safe: another answer in between moves the version, and the claim
    then finds nothing.
    """
    if decision is not Decision.APPROVE:
        return False
    given = ApprovalDecision.objects.filter(step_id=step.id, decision=Decision.APPROVE).count()
    return given + 1 >= step.needed


def _parse(decision: str) -> Decision:
    try:
        return Decision(decision)
    except ValueError:
        allowed = ", ".join(d.value for d in Decision)
        raise Invalid(
            "The answer is not one of the choices.",
            errors=[FieldError("decision", f"{decision!r} is not an answer.", f"Use {allowed}.")],
        ) from None


def _member(actor: Actor) -> UUID:
    if actor.kind != "user" or actor.membership_id is None:
        raise Forbidden("Only people decide; programs and support do not.", code="not_a_person")
    return actor.membership_id


def _require_no_party(request: ApprovalRequest, member: UUID) -> None:
    """Separation of duties: whoever asked, wrote or funds it does not decide."""
    party = ApprovalParty.objects.filter(request_id=request.id, membership_id=member).first()
    if party is not None:
        raise Forbidden(
            f"You cannot decide this: {selectors.PARTY_WORDS[PartyReason(party.reason)]}.",
            code="separation_of_duties",
            fix="Somebody else on the route decides.",
        )


def _role_for(actor: Actor, member: UUID, request: ApprovalRequest, step: ApprovalStep) -> str:
    """As what the person decides. A role they no longer hold does not count any more."""
    answered = ApprovalDecision.objects.filter(step_id=step.id, membership_id=member).exists()
    if answered:
        raise Conflict(
            "You have already answered this step.", code="already_decided", fix="Others decide now."
        )
    held = {b.role.value for b in actor.bindings if b.covers(request.unit_id)}
    assignment = ApprovalAssignment.objects.filter(step_id=step.id, membership_id=member).first()
    if assignment is not None:
        if assignment.via in {AssignmentVia.ADDED, AssignmentVia.DELEGATED}:
            return assignment.role
        if assignment.role in held:
            return assignment.role
    joined = next((role for role in step.roles if role in held), None)
    if joined is None or (step.mode == StepMode.ALL and assignment is None):
        raise Forbidden(
            f"You are not an approver of the step {step.name}.",
            code="not_an_approver",
            fix="The people shown on the route decide.",
        )
    return joined
