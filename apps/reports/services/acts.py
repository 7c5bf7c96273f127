"""Pausing, resuming, leaving and deleting."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict
from apps.organizations.selectors import organization
from apps.reports import events, rules, selectors
from apps.reports.models import ReportRecipient, ReportSchedule
from apps.reports.services.saving import described, require_change, stale
from apps.trail.services import record


@transaction.atomic
def pause_schedule(*, actor: Actor, schedule_id: UUID, version: int) -> ReportSchedule:
    """Send nothing until it is resumed. Raises NotFound, Forbidden, Conflict."""
    schedule = selectors.schedule_by_id(actor, schedule_id)
    require_change(actor, schedule)
    rows = ReportSchedule.objects.filter(id=schedule.id, version=version, due_at__isnull=False)
    if not rows.update(due_at=None, version=F("version") + 1, updated_at=clock.now()):
        raise stale()
    schedule.refresh_from_db()
    record(actor=actor, action=events.PAUSED, obj=schedule)
    return schedule


@transaction.atomic
def resume_schedule(*, actor: Actor, schedule_id: UUID, version: int) -> ReportSchedule:
    """Send again from the next time on; what was due meanwhile is not sent.

    Raises NotFound, Forbidden, Conflict.
    """
    schedule = selectors.schedule_by_id(actor, schedule_id)
    require_change(actor, schedule)
    due = rules.next_due(schedule.timing, clock.now(), organization().timezone)
    rows = ReportSchedule.objects.filter(id=schedule.id, version=version, due_at__isnull=True)
    if not rows.update(due_at=due, version=F("version") + 1, updated_at=clock.now()):
        raise stale()
    schedule.refresh_from_db()
    record(actor=actor, action=events.RESUMED, obj=schedule)
    return schedule


@transaction.atomic
def delete_schedule(*, actor: Actor, schedule_id: UUID, version: int) -> None:
    """Forget it and the list of what it sent; the trail keeps both. Copies that wait are not sent.

    Raises NotFound, Forbidden, Conflict.
    """
    schedule = selectors.schedule_by_id(actor, schedule_id)
    require_change(actor, schedule)
    held = ReportSchedule.objects.select_for_update().filter(id=schedule.id, version=version)
    row = held.first()
    if row is None:
        raise stale()
    before = described(row, selectors.recipients(row))
    record(actor=actor, action=events.DELETED, obj=row, before=before)
    row.delete()


@transaction.atomic
def leave_schedule(*, actor: Actor, schedule_id: UUID) -> None:
    """Get a schedule's reports no longer. Raises NotFound, Conflict for who gets none."""
    schedule = selectors.schedule_by_id(actor, schedule_id)
    mine = ReportRecipient.objects.filter(schedule=schedule)
    if (
        actor.membership_id is None
        or not mine.filter(membership_id=actor.membership_id).delete()[0]
    ):
        raise Conflict("You do not get this report.", code="not_a_recipient")
    record(actor=actor, action=events.LEFT, obj=schedule)
