"""Reminders, overdue notices and escalation: each once per step, however often the clock runs.

Each is claimed by `UPDATE ... WHERE <instant> IS NULL` in the transaction that writes the
notifications, and the notification's own key says it once per person.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from apps.access.actors import system_actor
from apps.approvals import events, selectors
from apps.approvals.enums import AssignmentVia, ConditionStatus, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalCondition,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules.working_days import Calendar, due_at, working_days_until
from apps.approvals.selectors.calendar import calendar
from apps.approvals.selectors.places import excluded_people, seat_of
from apps.approvals.services.steps import announce_step
from apps.common import clock
from apps.notifications.services import notify
from apps.organizations.selectors import organization
from apps.outbox.services import enqueue
from apps.tenancy.urls import org_url
from apps.trail.services import record

ACTOR = "approvals.deadlines"


def run_deadlines() -> Counter[str]:
    """Everything that is due now; how many of each were done by this run."""
    now, zone, known = clock.now(), organization().timezone, calendar()
    done: Counter[str] = Counter()
    for step in _candidates(now):
        assert step.due_at is not None  # noqa: S101 -- the query asks for it
        late = now > step.due_at
        if not late and step.reminded_at is None and _remind_now(step, now, zone, known):
            done["reminded"] += _remind(step, now)
        if late and step.overdue_at is None:
            done["overdue"] += _overdue(step, now)
        if late and step.escalated_at is None and _escalate_now(step, now, zone, known):
            done["escalated"] += _escalate(step, now)
    done["conditions"] += _conditions(now, zone)
    return done


def _candidates(now: datetime) -> Iterable[ApprovalStep]:
    undone = Q(reminded_at__isnull=True, remind_working_days__gt=0, due_at__gte=now)
    undone |= Q(overdue_at__isnull=True, due_at__lt=now)
    undone |= Q(escalated_at__isnull=True, escalate_working_days__isnull=False, due_at__lt=now)
    return ApprovalStep.objects.filter(
        undone, status=StepStatus.ACTIVE, due_at__isnull=False
    ).order_by("due_at", "id")


def _remind_now(step: ApprovalStep, now: datetime, zone: str, known: Calendar) -> bool:
    assert step.due_at is not None  # noqa: S101 -- the query asks for it
    left = working_days_until(now, step.due_at, zone, known)
    return step.remind_working_days > 0 and left <= step.remind_working_days


def _escalate_now(step: ApprovalStep, now: datetime, zone: str, known: Calendar) -> bool:
    if step.escalate_working_days is None or step.due_at is None:
        return False
    return now > due_at(step.due_at, step.escalate_working_days, zone, known)


@transaction.atomic
def _remind(step: ApprovalStep, now: datetime) -> int:
    if not _claim(step, "reminded_at", now):
        return 0
    request = ApprovalRequest.objects.get(id=step.request_id)
    _tell(
        request,
        _waiting(step),
        "approval.reminder",
        f"{_key(request, step)}:remind",
        f"{_name(request)} still waits for your decision",
        f"Due {step.due_at:%Y-%m-%d}." if step.due_at else "",
    )
    return 1


@transaction.atomic
def _overdue(step: ApprovalStep, now: datetime) -> int:
    if not _claim(step, "overdue_at", now):
        return 0
    request = ApprovalRequest.objects.get(id=step.request_id)
    people = _waiting(step)
    if request.requester_id:
        people.append(request.requester_id)
    _tell(
        request,
        people,
        "approval.overdue",
        f"{_key(request, step)}:overdue",
        f"{_name(request)} is overdue at {step.name}",
        "",
    )
    enqueue(
        events.TOPIC_OVERDUE,
        key=f"approval:{request.id}",
        payload={"request_id": str(request.id), "step_id": str(step.id)},
    )
    return 1


@transaction.atomic
def _escalate(step: ApprovalStep, now: datetime) -> int:
    """Holders of the step's escalation roles join it; who was asked before may still answer."""
    request = ApprovalRequest.objects.select_for_update().get(id=step.request_id)
    if not _claim(step, "escalated_at", now):
        return 0
    present = set(
        ApprovalAssignment.objects.filter(step_id=step.id, on_behalf_of__isnull=True).values_list(
            "membership_id", flat=True
        )
    )
    joining = selectors.Holders(request.unit_id, excluded_people(request.id, step)).of_roles(
        step.escalate_roles, AssignmentVia.ESCALATED
    )
    new = [seat_of(request, step, a) for a in joining if a.membership_id not in present]
    ApprovalAssignment.objects.bulk_create(new, ignore_conflicts=True)
    record(
        actor=system_actor(ACTOR),
        action=events.APPROVAL_ESCALATED,
        obj=request,
        after={"step": step.name, "joined": [a.name for a in new]},
    )
    enqueue(
        events.TOPIC_ESCALATED,
        key=f"approval:{request.id}",
        payload={"request_id": str(request.id), "step_id": str(step.id)},
    )
    announce_step(request.id, step.id)
    return 1


def _conditions(now: datetime, zone: str) -> int:
    """The owner of an open condition is told once when its day has come."""
    today = now.astimezone(ZoneInfo(zone)).date()
    done = 0
    rows = ApprovalCondition.objects.filter(
        status=ConditionStatus.OPEN,
        due_on__lte=today,
        reminded_at__isnull=True,
        owner__isnull=False,
    ).select_related("request")
    for row in rows.order_by("due_on", "id"):
        with transaction.atomic():
            claimed = ApprovalCondition.objects.filter(
                id=row.id, reminded_at__isnull=True, status=ConditionStatus.OPEN
            ).update(reminded_at=now)
            if claimed and row.owner_id:
                _tell(
                    row.request,
                    [row.owner_id],
                    "approval.condition_due",
                    f"condition:{row.id}:due",
                    f"Due: {row.text}",
                    f"A condition of {_name(row.request)}.",
                )
                done += 1
    return done


def _claim(step: ApprovalStep, field: str, now: datetime) -> bool:
    return bool(
        ApprovalStep.objects.filter(
            id=step.id, status=StepStatus.ACTIVE, **{f"{field}__isnull": True}
        ).update(**{field: now})
    )


def _waiting(step: ApprovalStep) -> list[UUID]:
    return list(
        ApprovalAssignment.objects.filter(step_id=step.id, is_open=True).values_list(
            "membership_id", flat=True
        )
    )


def _tell(
    request: ApprovalRequest, people: Iterable[UUID], kind: str, key: str, title: str, body: str
) -> None:
    notify(
        recipients=people,
        kind=kind,
        key=key,
        title=title,
        body=body,
        path=org_url(organization().slug, "approvals:detail", request_id=request.id),
    )


def _key(request: ApprovalRequest, step: ApprovalStep) -> str:
    return f"approval:{request.id}:{step.position}"


def _name(request: ApprovalRequest) -> str:
    return f"{request.subject_ref} {request.title}".strip()
