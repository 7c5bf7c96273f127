"""The working week, its holidays, and how long answers can be undone."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import events
from apps.approvals.models import ApprovalHoliday, ApprovalSettings
from apps.approvals.selectors.calendar import settings
from apps.common.errors import FieldError, Invalid, NotFound
from apps.organizations.refs import organization_ref
from apps.organizations.selectors import organization
from apps.trail.services import record

MOST = 200
LONGEST_UNDO = 168


@transaction.atomic
def change_calendar(
    *, actor: Actor, workdays: Iterable[int], closes_at: time, undo_hours: int
) -> ApprovalSettings:
    """Change the week. Steps that are open keep the due time they have.

    Raises Forbidden, Invalid.
    """
    require(actor, P.APPROVAL_POLICY_MANAGE)
    days = sorted(set(workdays))
    errors = []
    if not days or any(not 0 <= day <= 6 for day in days):
        errors.append(FieldError("workdays", "A week has a working day.", "Choose one or more."))
    if not 0 <= undo_hours <= LONGEST_UNDO:
        errors.append(FieldError("undo_hours", "Out of range.", f"Use 0 to {LONGEST_UNDO} hours."))
    if errors:
        raise Invalid("The calendar cannot be saved like this.", errors=errors)
    before = settings()
    bits = sum(1 << day for day in days)
    row, _ = ApprovalSettings.objects.update_or_create(
        defaults={"workdays": bits, "closes_at": closes_at, "undo_hours": undo_hours}
    )
    record(
        actor=actor,
        action=events.CALENDAR_CHANGED,
        obj=organization_ref(organization()),
        before=_described(before),
        after=_described(row),
    )
    return row


@transaction.atomic
def add_holidays(*, actor: Actor, days: Sequence[tuple[date, str]]) -> int:
    """Add days off; a day that is there gets the new name. The number of days given.

    Raises Forbidden, Invalid (none, too many, a name missing or too long).
    """
    require(actor, P.APPROVAL_POLICY_MANAGE)
    if not 1 <= len(days) <= MOST:
        raise Invalid(f"Give 1 to {MOST} days.", field="days", fix="One line each.")
    for _, name in days:
        if not 1 <= len(name.strip()) <= 80:
            raise Invalid(
                "A day off has a name of 1 to 80 characters.",
                field="days",
                fix="2026-12-25 Christmas",
            )
    for day, name in days:
        ApprovalHoliday.objects.update_or_create(day=day, defaults={"name": name.strip()})
    record(
        actor=actor,
        action=events.CALENDAR_CHANGED,
        obj=organization_ref(organization()),
        after={"days_off": {day.isoformat(): name.strip() for day, name in days}},
    )
    return len(days)


@transaction.atomic
def remove_holiday(*, actor: Actor, holiday_id: UUID) -> None:
    """Raises Forbidden, NotFound."""
    require(actor, P.APPROVAL_POLICY_MANAGE)
    row = ApprovalHoliday.objects.filter(id=holiday_id).first()
    if row is None:
        raise NotFound("There is no such day off.", code="holiday_not_found")
    record(
        actor=actor,
        action=events.CALENDAR_CHANGED,
        obj=organization_ref(organization()),
        before={"days_off": {row.day.isoformat(): row.name}},
    )
    row.delete()


def _described(row: ApprovalSettings) -> dict[str, object]:
    return {
        "workdays": row.workdays,
        "closes_at": row.closes_at.isoformat("minutes"),
        "undo_hours": row.undo_hours,
    }
