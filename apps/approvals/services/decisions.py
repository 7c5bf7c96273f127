"""Deciding: one person's answer to the current step, about the revision they saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.approvals import events, selectors
from apps.approvals.enums import (
    Decision,
    RejectReason,
    RequestStatus,
    StepMode,
    StepStatus,
)
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules import seats as seat_rules
from apps.approvals.rules.transitions import (
    STEP_OUTCOME,
    act_of,
    condition_errors,
    decision_errors,
    reason_errors,
)
from apps.approvals.selectors.places import approvals_given, places
from apps.approvals.services.approvers import (
    AnsweringPlace,
    current_step,
    member_of,
    place_of,
    require_may_decide,
    require_no_party,
)
from apps.approvals.services.conditions import Asked, add_conditions
from apps.approvals.services.requests import announce_closed
from apps.approvals.services.steps import (
    close_step,
    open_step,
    refresh_step,
    void_open_steps,
)
from apps.approvals.services.transition import closed_conflict, move, stale_conflict
from apps.approvals.subjects import Outcome, handler_for
from apps.common import clock
from apps.common.errors import FieldError, Invalid
from apps.outbox.services import enqueue
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
    reason: str = "",
    conditions: Sequence[Asked] = (),
) -> Receipt:
    """Answer the current step of an open request.

    `version` is the version the person saw: the answer binds to it and to its revision. An
    approval may lower the cap, never raise it, and may carry conditions; the other answers need a
    note, declining also has a `reason` (RejectReason; none counts as another reason).

    Raises NotFound, Forbidden (no permission; asked for it or wrote it; not an approver of this
    step), Invalid (which field, and how to mend it), Conflict (closed, changed since, or answered
    already, by the person or by a deputy). Nothing is written then.
    """
    request = selectors.request_by_id(actor, request_id)
    require_may_decide(actor, request)
    answer = _parse(decision)
    errors = decision_errors(
        answer,
        note,
        cap_nanos,
        request.approved_nanos,
        no_cap=handler_for(request.subject_type).no_cap,
    )
    errors += condition_errors(answer, [c.text for c in conditions])
    errors += reason_errors(answer, reason)
    if errors:
        raise Invalid("The answer is not complete.", errors=errors)
    request = _locked(request, version)
    member = member_of(actor)
    require_no_party(request, member)
    step = current_step(request)
    refresh_step(step.id)
    step.refresh_from_db(fields=["needed"])
    place = place_of(actor, member, request, step)
    if answer is Decision.REJECT:
        reason = reason or RejectReason.OTHER.value
    return _apply(
        actor,
        request,
        step,
        _Answer(answer, note.strip(), cap_nanos, member, place, reason, tuple(conditions)),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: Decision
    note: str
    cap_nanos: int | None
    member: UUID
    place: AnsweringPlace
    reason: str = ""
    conditions: tuple[Asked, ...] = ()


def _locked(request: ApprovalRequest, version: int) -> ApprovalRequest:
    """The request as it is now, behind its lock: whoever waited here sees what was done meanwhile.

    The subject is locked first, as every act on a subject does it.
    """
    if not request.is_open:
        raise closed_conflict(request)
    if request.version != version:
        raise stale_conflict()
    handler_for(request.subject_type).lock(request.subject_id)
    now = ApprovalRequest.objects.select_for_update().get(id=request.id)
    if now.version != version:
        raise stale_conflict()
    return now


def _apply(actor: Actor, request: ApprovalRequest, step: ApprovalStep, answer: _Answer) -> Receipt:
    """Claim the version, then write everything that follows from it."""
    version, ceiling = request.version, request.approved_nanos
    rows = list(ApprovalAssignment.objects.filter(step_id=step.id))
    given = approvals_given(step)
    if answer.decision is Decision.APPROVE:
        given.append(seat_rules.Given(answer.member, answer.place.seats))
    known = places(rows)
    enough = seat_rules.enough(StepMode(step.mode), step.needed, known, given)
    approves = answer.decision is Decision.APPROVE
    finished = approves and enough and not seat_rules.missing(known, given)
    next_step = (
        ApprovalStep.objects.filter(
            request_id=request.id, position__gt=step.position, status=StepStatus.WAITING
        )
        .order_by("position")
        .first()
    )
    act = act_of(answer.decision, step_finished=finished, last_step=next_step is None)
    changes: dict[str, Any] = {"closed_reason": answer.reason}
    if answer.cap_nanos is not None:
        changes["approved_nanos"] = answer.cap_nanos
    before = {"status": request.status, "approved_nanos": request.approved_nanos}
    status = move(request, act, version=version, by=actor.name, note=answer.note, **changes)
    stored = _store(actor, request, step, answer, version=version, ceiling=ceiling)
    conditions = add_conditions(
        request=request, version=version, asked=answer.conditions, by=actor.name
    )
    _close_places(rows, answer, given=given, enough=enough and approves, version=version)
    if finished or not approves:
        close_step(step, STEP_OUTCOME[answer.decision], version=version)
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
        tuple(c.text for c in conditions),
        step.position,
        answer.place.role,
        answer.place.on_behalf,
        stored.id,
    )
    record(
        actor=actor,
        action=events.APPROVAL_DECIDED,
        obj=request,
        before=before,
        after=_described(request, step, answer, outcome),
        reason=answer.note,
    )
    enqueue(
        events.TOPIC_ANSWERED,
        key=f"approval:{request.id}",
        payload={
            "request_id": str(request.id),
            "step_id": str(step.id),
            "decision_id": str(stored.id),
            "decision": answer.decision.value,
        },
    )
    handler = handler_for(request.subject_type)
    memento = handler.on_decided(actor=actor, request=request, outcome=outcome)
    if outcome.final:
        remember(request, memento)
        announce_closed(request)
    return Receipt(request, stored, outcome)


def remember(request: ApprovalRequest, memento: Any) -> None:
    """Keep what the subject needs to undo the answer that closed its request."""
    request.memento = dict(memento or {})
    ApprovalRequest.objects.filter(id=request.id).update(memento=request.memento)


def _described(
    request: ApprovalRequest, step: ApprovalStep, answer: _Answer, outcome: Outcome
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": request.status,
        "approved_nanos": request.approved_nanos,
        "decision": answer.decision.value,
        "step": step.name,
        "revision": str(request.revision_id),
    }
    if answer.reason:
        told["reason"] = answer.reason
    if answer.place.on_behalf:
        told["on_behalf_of"] = list(answer.place.on_behalf)
    if len(answer.place.roles) > 1:
        told["roles"] = list(answer.place.roles)
    if outcome.conditions:
        told["conditions"] = list(outcome.conditions)
    return told


def _store(
    actor: Actor,
    request: ApprovalRequest,
    step: ApprovalStep,
    answer: _Answer,
    *,
    version: int,
    ceiling: int | None,
) -> ApprovalDecision:
    earlier = ApprovalDecision.objects.filter(step_id=step.id, membership_id=answer.member)
    return ApprovalDecision.objects.create(
        request_id=request.id,
        step_id=step.id,
        membership_id=answer.member,
        name=actor.name[:200],
        role=answer.place.role,
        roles=list(answer.place.roles),
        seats=sorted(str(seat) for seat in answer.place.seats),
        on_behalf_names=", ".join(answer.place.on_behalf)[:400],
        decision=answer.decision,
        note=answer.note,
        reason=answer.reason,
        cap_nanos=answer.cap_nanos,
        ceiling_nanos=ceiling,
        attempt=earlier.count() + 1,
        revision_id=request.revision_id,
        request_version=version,
        decided_at=clock.now(),
    )


def _close_places(
    rows: Sequence[ApprovalAssignment],
    answer: _Answer,
    *,
    given: Sequence[seat_rules.Given],
    enough: bool,
    version: int,
) -> None:
    """The person's places and those of the seats they spoke for; the rest when only approvers
    who were added by hand are still needed.
    """
    done = seat_rules.covered(given)
    closed = [
        a.id
        for a in rows
        if a.is_open
        and (a.membership_id == answer.member or a.seat in done or (enough and not a.is_required))
    ]
    ApprovalAssignment.objects.filter(id__in=closed).update(is_open=False, closed_version=version)


def _parse(decision: str) -> Decision:
    try:
        return Decision(decision)
    except ValueError:
        allowed = ", ".join(d.value for d in Decision)
        raise Invalid(
            "The answer is not one of the choices.",
            errors=[FieldError("decision", f"{decision!r} is not an answer.", f"Use {allowed}.")],
        ) from None
