"""Opening steps: who decides, by when, and keeping that true while roles and deputies change."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction

from apps.access.roles import Role
from apps.approvals import events, selectors
from apps.approvals.enums import AssignmentVia, Decision, StepMode, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules.seats import Given, Place, covered, enough
from apps.approvals.rules.transitions import approvals_needed
from apps.approvals.rules.working_days import due_at
from apps.approvals.selectors.calendar import calendar
from apps.approvals.selectors.deputies import deputies_for
from apps.common import clock
from apps.organizations.selectors import membership_names, organization
from apps.outbox.services import enqueue

BY_ROLE = frozenset({AssignmentVia.ROLE, AssignmentVia.FALLBACK})


def open_step(request: ApprovalRequest, step: ApprovalStep) -> None:
    """Make a step the current one: resolve its people, set its due time, announce it."""
    excluded = excluded_people(request.id, step)
    approvers = selectors.resolve_approvers(step, request.unit_id, excluded)
    now = clock.now()
    step.status = StepStatus.ACTIVE
    step.opened_at = now
    step.due_at = due_at(now, step.due_working_days, organization().timezone, calendar(now))
    step.needed = approvals_needed(StepMode(step.mode), step.quorum, len(approvers))
    step.save(update_fields=["status", "opened_at", "due_at", "needed"])
    rows = [seat_of(request, step, approver) for approver in approvers]
    rows += _deputies(request, step, rows, excluded)
    ApprovalAssignment.objects.bulk_create(rows)
    ApprovalRequest.objects.filter(id=request.id).update(
        current_step=step.position, due_at=step.due_at
    )
    request.current_step, request.due_at = step.position, step.due_at
    announce_step(request, step)


def announce_step(request: ApprovalRequest, step: ApprovalStep) -> None:
    """Tell the outbox that a step waits; people who know are not told again."""
    enqueue(
        events.TOPIC_REQUESTED,
        key=f"approval:{request.id}",
        payload={"request_id": str(request.id), "step_id": str(step.id)},
    )


def close_step(step: ApprovalStep, status: StepStatus, *, version: int) -> None:
    """End a step by the answer given on `version`; nobody's answer to it counts from now on."""
    step.status, step.closed_at = status, clock.now()
    step.save(update_fields=["status", "closed_at"])
    ApprovalAssignment.objects.filter(step_id=step.id, is_open=True).update(
        is_open=False, closed_version=version
    )


def void_open_steps(request: ApprovalRequest) -> None:
    """Close what is left of the route of a request that needs no more answers."""
    ApprovalStep.objects.filter(
        request_id=request.id, status__in=[StepStatus.ACTIVE, StepStatus.WAITING]
    ).update(status=StepStatus.VOIDED, closed_at=clock.now())
    ApprovalAssignment.objects.filter(request_id=request.id, is_open=True).update(is_open=False)


def excluded_people(request_id: UUID, step: ApprovalStep) -> frozenset[UUID]:
    """Memberships that may not decide the step: parties to the request, and on a distinct step
    whoever answered another one.
    """
    parties = ApprovalParty.objects.filter(request_id=request_id)
    found = frozenset(parties.values_list("membership_id", flat=True))
    if not step.is_distinct:
        return found
    others = selectors.live_decisions().filter(request_id=request_id).exclude(step_id=step.id)
    return found | frozenset(others.values_list("membership_id", flat=True))


def handed_seats(rows: Iterable[ApprovalAssignment]) -> frozenset[UUID]:
    """Seats whose holder has handed this one request to somebody else."""
    return frozenset(a.seat for a in rows if a.is_by_hand and a.on_behalf_of_id and a.is_open)


def places(rows: Iterable[ApprovalAssignment]) -> list[Place]:
    return [
        Place(a.membership_id, a.seat, a.is_required, added=a.via == AssignmentVia.ADDED)
        for a in rows
    ]


def approvals_given(step: ApprovalStep) -> list[Given]:
    """Approvals of a step that count."""
    found = selectors.live_decisions().filter(step_id=step.id, decision=Decision.APPROVE)
    return [
        Given(d.membership_id, frozenset(UUID(s) for s in d.seats) or frozenset({d.membership_id}))
        for d in found
    ]


def refresh_open_steps() -> int:
    """Bring the people of open steps up to date with today's roles and delegations; how many rows
    changed.

    New holders of a role join, people who lost it leave, deputies come and go with their dates,
    and a step nobody could decide gets its approvers. Steps that all must approve keep the seats
    they were opened with.
    """
    return sum(refresh_step(step_id) for step_id in selectors.open_step_ids())


@transaction.atomic
def refresh_step(step_id: UUID) -> int:
    """One step, behind the lock of its request: a decision in the same moment goes first."""
    step = ApprovalStep.objects.get(id=step_id)
    request = ApprovalRequest.objects.select_for_update().get(id=step.request_id)
    step.refresh_from_db()
    if step.status != StepStatus.ACTIVE:
        return 0
    rows = list(ApprovalAssignment.objects.filter(step_id=step.id))
    given = approvals_given(step)
    if given and enough(StepMode(step.mode), step.needed, places(rows), given):
        return 0
    excluded = excluded_people(request.id, step)
    answered, done = {g.person for g in given} | excluded, covered(given)
    handed = handed_seats(rows)
    joined, opened, left = [], [], []
    own = {a.membership_id: a for a in rows if a.on_behalf_of_id is None}
    if not (step.mode == StepMode.ALL and own):
        wanted = {
            a.membership_id: a for a in selectors.resolve_approvers(step, request.unit_id, excluded)
        }
        joined = [seat_of(request, step, a) for m, a in wanted.items() if m not in own]
        by_role = [a for a in own.values() if a.via in BY_ROLE]
        left = [a for a in by_role if a.is_open and a.membership_id not in wanted]
        opened = [
            a
            for a in by_role
            if not a.is_open
            and a.membership_id in wanted
            and a.membership_id not in answered | handed
        ]
    kept = [a for a in own.values() if a not in left and (a.is_open or a in opened)]
    seats = [a for a in [*kept, *joined] if a.seat not in done]
    pairs = _deputies(request, step, seats, excluded)
    present: dict[tuple[UUID, UUID | None], ApprovalAssignment] = {
        (a.membership_id, a.on_behalf_of_id): a for a in rows if a.on_behalf_of_id
    }
    for row in pairs:
        known = present.pop((row.membership_id, row.on_behalf_of_id), None)
        if known is None:
            joined.append(row)
        elif not known.is_open and known.membership_id not in answered:
            opened.append(known)
    left += [a for a in present.values() if a.is_open and not a.is_by_hand]
    ApprovalAssignment.objects.bulk_create(joined, ignore_conflicts=True)
    people = ApprovalAssignment.objects.filter(step_id=step.id)
    changed = people.filter(id__in=[a.id for a in left]).update(is_open=False)
    changed += people.filter(id__in=[a.id for a in opened]).update(is_open=True)
    if joined:
        if not rows:
            step.needed = approvals_needed(
                StepMode(step.mode), step.quorum, len({a.seat for a in joined})
            )
            step.save(update_fields=["needed"])
        announce_step(request, step)
    return changed + len(joined)


def seat_of(
    request: ApprovalRequest, step: ApprovalStep, approver: selectors.Approver
) -> ApprovalAssignment:
    """A place of one's own."""
    return ApprovalAssignment(
        request_id=request.id,
        step_id=step.id,
        membership_id=approver.membership_id,
        name=approver.name[:200],
        role=Role(approver.role).value,
        roles=list(approver.roles or (approver.role,)),
        via=approver.via,
    )


def _deputies(
    request: ApprovalRequest,
    step: ApprovalStep,
    seats: Sequence[ApprovalAssignment],
    excluded: frozenset[UUID],
) -> list[ApprovalAssignment]:
    """Places of those who stand in for the seats today."""
    by_seat = {a.membership_id: a for a in seats if a.on_behalf_of_id is None}
    pairs = deputies_for(request, by_seat, excluded)
    names = membership_names([deputy for deputy, _ in pairs]) if pairs else {}
    return [
        ApprovalAssignment(
            request_id=request.id,
            step_id=step.id,
            membership_id=deputy,
            on_behalf_of_id=seat,
            on_behalf_name=by_seat[seat].name,
            name=names[deputy][:200],
            role=by_seat[seat].role,
            roles=by_seat[seat].roles,
            via=AssignmentVia.DELEGATED,
        )
        for deputy, seat in pairs
    ]
