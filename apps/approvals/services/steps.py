"""Opening steps: who decides, by when, and keeping that true while roles change."""

from uuid import UUID

from django.db import transaction

from apps.access.roles import Role
from apps.approvals import events, selectors
from apps.approvals.enums import AssignmentVia, StepMode, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules.transitions import approvals_needed
from apps.approvals.rules.working_days import due_at
from apps.common import clock
from apps.organizations.selectors import organization
from apps.outbox.services import enqueue


def open_step(request: ApprovalRequest, step: ApprovalStep) -> None:
    """Make a step the current one: resolve its people, set its due time, announce it."""
    approvers = selectors.resolve_approvers(step, request.unit_id, excluded_people(request.id))
    now = clock.now()
    step.status = StepStatus.ACTIVE
    step.opened_at = now
    step.due_at = due_at(now, step.due_working_days, organization().timezone)
    step.needed = approvals_needed(StepMode(step.mode), step.quorum, len(approvers))
    step.save(update_fields=["status", "opened_at", "due_at", "needed"])
    ApprovalAssignment.objects.bulk_create(
        [_assignment(request, step, approver) for approver in approvers]
    )
    ApprovalRequest.objects.filter(id=request.id).update(
        current_step=step.position, due_at=step.due_at
    )
    request.current_step, request.due_at = step.position, step.due_at
    enqueue(
        events.TOPIC_REQUESTED,
        key=f"approval:{request.id}",
        payload={"request_id": str(request.id), "step_id": str(step.id)},
    )


def close_step(step: ApprovalStep, status: StepStatus) -> None:
    """End a step; nobody's answer to it counts from now on."""
    step.status, step.closed_at = status, clock.now()
    step.save(update_fields=["status", "closed_at"])
    ApprovalAssignment.objects.filter(step_id=step.id, is_open=True).update(is_open=False)


def void_open_steps(request: ApprovalRequest) -> None:
    """Close what is left of the route of a request that needs no more answers."""
    ApprovalStep.objects.filter(
        request_id=request.id, status__in=[StepStatus.ACTIVE, StepStatus.WAITING]
    ).update(status=StepStatus.VOIDED, closed_at=clock.now())
    ApprovalAssignment.objects.filter(request_id=request.id, is_open=True).update(is_open=False)


def excluded_people(request_id: UUID) -> frozenset[UUID]:
    """Memberships that may not decide the request."""
    return frozenset(
        ApprovalParty.objects.filter(request_id=request_id).values_list("membership_id", flat=True)
    )


def refresh_open_steps() -> int:
    """Bring the people of open steps up to date with today's roles; how many rows changed.

    New holders of a role join, people who lost it leave, and a step nobody could decide gets its
    approvers. Steps that all must approve keep the people they were opened with.
    """
    return sum(_refresh(step_id) for step_id in selectors.open_step_ids())


@transaction.atomic
def _refresh(step_id: UUID) -> int:
    """One step, behind the lock of its request: a decision in the same moment goes first."""
    step = ApprovalStep.objects.get(id=step_id)
    request = ApprovalRequest.objects.select_for_update().get(id=step.request_id)
    step.refresh_from_db()
    if step.status != StepStatus.ACTIVE:
        return 0
    present = {a.membership_id: a for a in ApprovalAssignment.objects.filter(step_id=step.id)}
    if step.mode == StepMode.ALL and present:
        return 0
    wanted = {
        approver.membership_id: approver
        for approver in selectors.resolve_approvers(
            step, request.unit_id, excluded_people(request.id)
        )
    }
    answered = set(
        ApprovalDecision.objects.filter(step_id=step.id).values_list("membership_id", flat=True)
    )
    joined = [_assignment(request, step, a) for m, a in wanted.items() if m not in present]
    ApprovalAssignment.objects.bulk_create(joined, ignore_conflicts=True)
    by_role = {AssignmentVia.ROLE, AssignmentVia.FALLBACK}
    left = [m for m, a in present.items() if a.is_open and a.via in by_role and m not in wanted]
    back = [m for m, a in present.items() if not a.is_open and m in wanted and m not in answered]
    people = ApprovalAssignment.objects.filter(step_id=step.id)
    changed = people.filter(membership_id__in=left).update(is_open=False)
    changed += people.filter(membership_id__in=back).update(is_open=True)
    if joined and not present:
        needed = approvals_needed(StepMode(step.mode), step.quorum, len(wanted))
        ApprovalStep.objects.filter(id=step.id).update(needed=needed)
        enqueue(
            events.TOPIC_REQUESTED,
            key=f"approval:{request.id}",
            payload={"request_id": str(request.id), "step_id": str(step.id)},
        )
    return changed + len(joined)


def _assignment(
    request: ApprovalRequest, step: ApprovalStep, approver: selectors.Approver
) -> ApprovalAssignment:
    return ApprovalAssignment(
        request_id=request.id,
        step_id=step.id,
        membership_id=approver.membership_id,
        name=approver.name[:200],
        role=Role(approver.role).value,
        via=approver.via,
    )
