"""Conditions of approvals: asked with the answer, tracked until met or waived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.approvals import events, selectors
from apps.approvals.enums import ConditionStatus
from apps.approvals.models import ApprovalCondition, ApprovalRequest
from apps.approvals.selectors.conditions import may_meet, may_waive
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.organizations.selectors import membership_by_id
from apps.outbox.services import enqueue
from apps.trail.services import record


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition as it is asked: without an owner the requester owes it."""

    text: str
    due_on: date | None = None
    owner_id: UUID | None = None


def add_conditions(
    *, request: ApprovalRequest, version: int, asked: Sequence[Asked], by: str
) -> list[ApprovalCondition]:
    """Rows for the conditions of the answer that was given on `version`."""
    rows = []
    for each in asked:
        owner = each.owner_id or request.requester_id
        rows.append(
            ApprovalCondition(
                request_id=request.id,
                decision_version=version,
                subject_type=request.subject_type,
                subject_id=request.subject_id,
                text=" ".join(each.text.split()),
                owner_id=owner,
                owner_name=str(membership_by_id(owner))[:200] if owner else "",
                due_on=each.due_on,
                asked_by_name=by[:200],
            )
        )
    ApprovalCondition.objects.bulk_create(rows)
    for row in rows:
        announce_condition(row)
    return rows


@transaction.atomic
def meet_condition(*, actor: Actor, condition_id: UUID, note: str) -> ApprovalCondition:
    """Say that a condition is met, and by what.

    Raises NotFound, Forbidden (neither the owner nor a decider), Invalid (no note), Conflict
    (closed already).
    """
    condition = selectors.condition_by_id(actor, condition_id)
    if not may_meet(actor, condition):
        raise Forbidden(
            "Who owes the condition says that it is met.",
            code="not_owner",
            fix=f"Ask {condition.owner_name or 'somebody who decides for the team'}.",
        )
    return _close(actor, condition, ConditionStatus.MET, note, events.CONDITION_MET)


@transaction.atomic
def waive_condition(*, actor: Actor, condition_id: UUID, note: str) -> ApprovalCondition:
    """Let a condition go. Only somebody who decides for the unit and does not owe it themselves.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    condition = selectors.condition_by_id(actor, condition_id)
    if not may_waive(actor, condition):
        raise Forbidden(
            "Somebody who decides for the team, and does not owe it, waives a condition.",
            code="may_not_waive",
            fix="Ask one of the approvers.",
        )
    return _close(actor, condition, ConditionStatus.WAIVED, note, events.CONDITION_WAIVED)


def drop_conditions(*, request: ApprovalRequest, version: int) -> None:
    """Conditions of an answer that was undone go with it."""
    rows = ApprovalCondition.objects.filter(
        request_id=request.id, decision_version=version, status=ConditionStatus.OPEN
    )
    for row in list(rows):
        row.status = ConditionStatus.DROPPED
        announce_condition(row)
    rows.update(status=ConditionStatus.DROPPED, closed_at=clock.now())


def announce_condition(condition: ApprovalCondition) -> None:
    enqueue(
        events.TOPIC_CONDITION,
        key=f"approval:{condition.request_id}",
        payload={
            "request_id": str(condition.request_id),
            "condition_id": str(condition.id),
            "status": ConditionStatus(condition.status).value,
        },
    )


def _close(
    actor: Actor, condition: ApprovalCondition, status: ConditionStatus, note: str, action: str
) -> ApprovalCondition:
    if not note.strip():
        raise Invalid(
            "Say what shows it." if status is ConditionStatus.MET else "Say why it may go.",
            field="note",
            fix="One sentence, or a link.",
        )
    changed = ApprovalCondition.objects.filter(id=condition.id, status=ConditionStatus.OPEN).update(
        status=status,
        closed_at=clock.now(),
        closed_by_name=actor.name[:200],
        closed_note=note.strip(),
    )
    if not changed:
        raise Conflict(
            "This condition is closed already.", code="condition_closed", fix="Load it again."
        )
    condition.refresh_from_db()
    record(
        actor=actor,
        action=action,
        obj=condition,
        before={"status": ConditionStatus.OPEN.value},
        after={"status": status.value, "request": str(condition.request_id)},
        reason=note.strip(),
    )
    announce_condition(condition)
    return condition
