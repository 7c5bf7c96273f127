"""Starting an issue: once per schedule and period, its copies through the outbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor, system_actor
from apps.access.services import require_anywhere
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.organizations.selectors import organization
from apps.outbox.services import enqueue
from apps.reports import events, kinds, rules, selectors
from apps.reports.enums import DeliveryState
from apps.reports.models import ReportDelivery, ReportIssue, ReportRecipient, ReportSchedule
from apps.trail.services import record

KEPT = timedelta(days=400)
"""How long the list of what was sent goes back."""


def start_due(now: datetime | None = None) -> int:
    """Start the issues whose hour has come; their number. Safe to repeat, and to race.

    After an outage the last period is sent, not every one that was missed.
    """
    now = now or clock.now()
    return sum(_start(due, now) for due in selectors.due_schedules(now))


@transaction.atomic
def _start(due: selectors.Due, now: datetime) -> bool:
    """Whoever moves the due instant on has the issue to make; the unique key holds it besides."""
    zone = organization().timezone
    schedule = ReportSchedule.objects.filter(id=due.id, due_at=due.due_at).first()
    if schedule is None:
        return False
    following = rules.next_due(schedule.timing, now, zone)
    moved = ReportSchedule.objects.filter(id=due.id, due_at=due.due_at).update(due_at=following)
    if not moved:
        return False
    start, end = rules.period_of(schedule.timing, rules.last_due(schedule.timing, now, zone), zone)
    issue = ReportIssue(schedule=schedule, period_start=start, period_end=end)
    known = ReportIssue.objects.filter(
        schedule=schedule, period_start=start, period_end=end, asked_by_id__isnull=True
    )
    ReportIssue.objects.bulk_create([issue], ignore_conflicts=True)
    if not known.filter(id=issue.id).exists():
        return False
    people = ReportRecipient.objects.filter(schedule=schedule).values_list(
        "membership_id", flat=True
    )
    if not people:
        return False
    _copies(issue, list(people))
    record(
        actor=system_actor("reports"),
        action=events.ISSUED,
        obj=schedule,
        after={"from": start.isoformat(), "to": end.isoformat(), "recipients": len(people)},
    )
    return True


@transaction.atomic
def ask_for_one(*, actor: Actor, schedule_id: UUID) -> ReportIssue:
    """The last period's report, now, to the actor alone; the schedule stays as it is.

    Raises NotFound, Forbidden (a program, who may not see such figures), Conflict while one waits.
    """
    schedule = selectors.schedule_by_id(actor, schedule_id)
    if actor.membership_id is None:
        raise Forbidden("Only people are mailed.", code="not_a_person")
    known = kinds.kind_of(schedule.kind)
    if known is None:
        raise Invalid("This page is not sent any more.", fix="Delete the schedule.")
    require_anywhere(actor, known.permission)
    # Two clicks at once: the second sees the copy of the first.
    ReportSchedule.objects.select_for_update().get(id=schedule.id)
    waiting = ReportDelivery.objects.filter(
        schedule=schedule,
        membership_id=actor.membership_id,
        issue__asked_by_id=actor.membership_id,
        state=DeliveryState.WAITING,
    )
    if waiting.exists():
        raise Conflict("One is on its way to you.", code="report_waiting")
    zone = organization().timezone
    due = rules.last_due(schedule.timing, clock.now(), zone)
    start, end = rules.period_of(schedule.timing, due, zone)
    issue = ReportIssue.objects.create(
        schedule=schedule, period_start=start, period_end=end, asked_by_id=actor.membership_id
    )
    _copies(issue, [actor.membership_id])
    return issue


def _copies(issue: ReportIssue, people: Sequence[UUID]) -> None:
    """A copy for each, and its message, in the caller's transaction."""
    copies = ReportDelivery.objects.bulk_create(
        [
            ReportDelivery(issue=issue, schedule_id=issue.schedule_id, membership_id=person)
            for person in sorted(people)
        ]
    )
    for copy in copies:
        enqueue(events.TOPIC, key=f"report:{copy.id}", payload={"delivery_id": str(copy.id)})


def prune_issues() -> int:
    """Forget issues older than KEPT, with their copies; the number of rows."""
    return ReportIssue.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]
