"""Undoing one's own answer, within the window, while nothing has used it."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.approvals import events, selectors
from apps.approvals.enums import Act, ConditionStatus, RequestStatus, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalCondition,
    ApprovalDecision,
    ApprovalRequest,
    ApprovalStep,
    ApprovalUndo,
)
from apps.approvals.selectors.calendar import settings
from apps.approvals.services.approvers import member_of
from apps.approvals.services.conditions import drop_conditions
from apps.approvals.services.steps import refresh_step
from apps.approvals.services.transition import move, stale_conflict
from apps.approvals.subjects import handler_for
from apps.common import clock
from apps.common.errors import Conflict
from apps.outbox.services import enqueue
from apps.trail.services import record


@transaction.atomic
def undo_decision(
    *, actor: Actor, request_id: UUID, version: int, note: str = ""
) -> ApprovalRequest:
    """Take back the last answer to a request; it waits again for the same step.

    Only by whoever gave it, as the last thing that happened to the request, within the
    organization's window, and while nothing downstream has used it. Raises NotFound, Forbidden,
    Conflict (which of these does not hold). Nothing is written then.
    """
    request = selectors.request_by_id(actor, request_id)
    member = member_of(actor)
    if request.version != version:
        raise stale_conflict()
    decision = _last_answer(request, member)
    refused = undo_refused(request, decision)
    if refused:
        raise Conflict(refused, code="cannot_undo", fix="Ask for a new request instead.")
    closed = not request.is_open
    before = {"status": request.status, "approved_nanos": request.approved_nanos}
    step = ApprovalStep.objects.get(id=decision.step_id)
    memento = request.memento
    move(
        request,
        Act.REOPEN if closed else Act.RETRACT,
        version=version,
        by=actor.name,
        approved_nanos=decision.ceiling_nanos,
        current_step=step.position,
        due_at=step.due_at,
        memento={},
    )
    ApprovalUndo.objects.create(
        request_id=request.id,
        decision_id=decision.id,
        membership_id=member,
        name=actor.name[:200],
        note=note.strip(),
        undone_at=clock.now(),
    )
    drop_conditions(request=request, version=decision.request_version)
    _reopen(request, step, decision.request_version)
    refresh_step(step.id)
    if closed:
        request.memento = memento
        handler_for(request.subject_type).on_undone(actor=actor, request=request)
        request.memento = {}
    record(
        actor=actor,
        action=events.APPROVAL_UNDONE,
        obj=request,
        before=before,
        after={"status": request.status, "step": step.name, "decision": str(decision.id)},
        reason=note.strip(),
    )
    enqueue(
        events.TOPIC_UNDONE,
        key=f"approval:{request.id}",
        payload={
            "request_id": str(request.id),
            "decision_id": str(decision.id),
            "reopened": "yes" if closed else "no",
        },
    )
    return request


def can_undo(actor: Actor, request: ApprovalRequest) -> bool:
    """For the button: whether the actor's answer is the last word and may still be taken back."""
    if actor.membership_id is None:
        return False
    decision = (
        selectors.live_decisions()
        .filter(
            request_id=request.id,
            membership_id=actor.membership_id,
            request_version=request.version - 1,
        )
        .first()
    )
    return decision is not None and not undo_refused(request, decision)


def undo_refused(request: ApprovalRequest, decision: ApprovalDecision) -> str:
    """Why an answer cannot be undone any more; empty when it can."""
    hours = settings().undo_hours
    if clock.now() > decision.decided_at + timedelta(hours=hours):
        return f"An answer can be undone for {hours} hours." if hours else "Answers stand here."
    done = ApprovalCondition.objects.filter(
        request_id=request.id,
        decision_version=decision.request_version,
        status__in=[ConditionStatus.MET, ConditionStatus.WAIVED],
    )
    if done.exists():
        return "A condition of this approval was met or waived since."
    if request.status == RequestStatus.PENDING:
        return ""
    return handler_for(request.subject_type).undo_refused(request=request)


def _last_answer(request: ApprovalRequest, member: UUID) -> ApprovalDecision:
    decision = (
        selectors.live_decisions()
        .filter(request_id=request.id, request_version=request.version - 1)
        .first()
    )
    if decision is None or decision.membership_id != member:
        raise Conflict(
            "Your answer is not the last thing that happened to this request.",
            code="not_last",
            fix="Ask whoever acted last.",
        )
    return decision


def _reopen(request: ApprovalRequest, step: ApprovalStep, version: int) -> None:
    """The step waits again for whom it waited before the answer; later ones have not begun."""
    later = ApprovalStep.objects.filter(request_id=request.id, position__gt=step.position)
    ApprovalAssignment.objects.filter(step_id__in=later.values("id")).delete()
    later.update(
        status=StepStatus.WAITING,
        opened_at=None,
        due_at=None,
        closed_at=None,
        reminded_at=None,
        overdue_at=None,
        escalated_at=None,
    )
    step.status, step.closed_at = StepStatus.ACTIVE, None
    step.save(update_fields=["status", "closed_at"])
    ApprovalAssignment.objects.filter(step_id=step.id, closed_version=version).update(
        is_open=True, closed_version=None
    )
