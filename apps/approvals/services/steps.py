"""Opening steps: who decides, by when, and keeping that true while roles and deputies change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from django.db import transaction

from apps.approvals import events, selectors
from apps.approvals.enums import StepMode, StepStatus
from apps.approvals.models import ApprovalAssignment, ApprovalRequest, ApprovalStep
from apps.approvals.rules.transitions import approvals_needed
from apps.approvals.rules.working_days import due_at
from apps.approvals.selectors.calendar import calendar
from apps.approvals.selectors.deputies import StandIns
from apps.approvals.selectors.places import (
    Staffing,
    Standing,
    deputy_seats,
    excluded_people,
    seat_of,
    steps_touched_by,
)
from apps.common import clock
from apps.common.ids import uuid7
from apps.organizations.ports import PeopleChange
from apps.organizations.selectors import organization, roles_of
from apps.outbox.services import enqueue

TOGETHER = 500
"""Steps read at once."""
ONE_BY_ONE = 5
"""Somebody who joins more steps than these in one go is told once, not for each."""


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
    rows += deputy_seats(request, step, rows, excluded, StandIns())
    ApprovalAssignment.objects.bulk_create(rows)
    ApprovalRequest.objects.filter(id=request.id).update(
        current_step=step.position, due_at=step.due_at
    )
    request.current_step, request.due_at = step.position, step.due_at
    announce_step(request.id, step.id)


def announce_step(request_id: UUID, step_id: UUID) -> None:
    """Tell the outbox that a step waits; people who know are not told again."""
    enqueue(
        events.TOPIC_REQUESTED,
        key=f"approval:{request_id}",
        payload={"request_id": str(request_id), "step_id": str(step_id)},
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


def follow_people(change: PeopleChange) -> int:
    """Bring open steps up to date with a change of roles or of the tree, in its own transaction;
    how many places changed.

    The policy a request was submitted under names roles: who holds them is asked at each moment.
    """
    if change.membership_id is None:
        return refresh_open_steps()
    roles = frozenset(change.roles) or roles_of(change.membership_id)
    return refresh_steps(steps_touched_by(change.membership_id, roles))


def refresh_open_steps() -> int:
    """Bring the people of every open step up to date with today's roles and delegations; how many
    places changed. What happens in this site is followed at once: this is for what begins and ends
    by its date.
    """
    return refresh_steps(selectors.open_step_ids())


def refresh_step(step_id: UUID) -> int:
    """The same for one step."""
    return refresh_steps([step_id])


def refresh_steps(step_ids: Sequence[UUID]) -> int:
    """The same for these steps.

    Only what differs is locked, request by request in one order, and looked at again behind the
    lock: a decision in the same moment goes first.
    """
    changed = 0
    joined: dict[ApprovalStep, frozenset[UUID]] = {}
    for start in range(0, len(step_ids), TOGETHER):
        steps = _active(step_ids[start : start + TOGETHER])
        stale = _differing(steps) if steps else {}
        if not stale:
            continue
        with transaction.atomic():
            locked = ApprovalRequest.objects.filter(id__in=[step.request_id for step in stale])
            list(locked.order_by("id").select_for_update().values_list("id", flat=True))
            found = _differing(_active([step.id for step in stale]))
            _apply(found)
        changed += sum(staffing.size for staffing in found.values())
        for step, staffing in found.items():
            if staffing.joined:
                joined[step] = frozenset(row.membership_id for row in staffing.joined)
    _announce(joined)
    return changed


def _active(step_ids: Sequence[UUID]) -> list[ApprovalStep]:
    return list(ApprovalStep.objects.filter(id__in=step_ids, status=StepStatus.ACTIVE))


def _differing(steps: Sequence[ApprovalStep]) -> dict[ApprovalStep, Staffing]:
    """Those of the steps whose people are not those of now."""
    standing = Standing(steps)
    found = {step: standing.staffing(step) for step in standing.steps}
    return {
        step: each
        for step, each in found.items()
        if each.size or each.renamed or each.needed != step.needed
    }


def _apply(found: Mapping[ApprovalStep, Staffing]) -> None:
    joined = [row for each in found.values() for row in each.joined]
    ApprovalAssignment.objects.bulk_create(joined, ignore_conflicts=True)
    people = ApprovalAssignment.objects
    left = [row.id for each in found.values() for row in each.left]
    opened = [row.id for each in found.values() for row in each.opened]
    if left:
        people.filter(id__in=left).update(is_open=False, is_required=False)
    if opened:
        people.filter(id__in=opened).update(is_open=True)
    renamed = [row for each in found.values() for row in each.renamed]
    people.bulk_update(renamed, ["via", "role", "roles"])
    moved = [step for step, each in found.items() if each.needed != step.needed]
    for step in moved:
        step.needed = found[step].needed
    ApprovalStep.objects.bulk_update(moved, ["needed"])


def _announce(joined: Mapping[ApprovalStep, AbstractSet[UUID]]) -> None:
    """Tell who joined: of each request, or once when there are many."""
    waits = Counter(member for people in joined.values() for member in people)
    many = {member for member, count in waits.items() if count > ONE_BY_ONE}
    for member in sorted(many):
        enqueue(
            events.TOPIC_JOINED,
            key=f"approval:joined:{member}",
            payload={
                "membership_id": str(member),
                "count": waits[member],
                "change": str(uuid7()),
            },
        )
    for step, people in joined.items():
        if not people <= many:
            announce_step(step.request_id, step.id)
