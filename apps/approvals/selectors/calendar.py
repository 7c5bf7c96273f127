"""The organization's working calendar and how long an answer can be undone."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.approvals.models import ApprovalHoliday, ApprovalSettings
from apps.approvals.rules.working_days import Calendar, weekdays_of
from apps.common import clock

BEFORE, AFTER = timedelta(days=100), timedelta(days=400)
"""Holidays around now that due times can need."""


def settings() -> ApprovalSettings:
    """The stored settings, or the standard ones; never written by reading."""
    return ApprovalSettings.objects.first() or ApprovalSettings()


def holidays() -> QuerySet[ApprovalHoliday]:
    return ApprovalHoliday.objects.order_by("day")


def calendar(around: datetime | None = None) -> Calendar:
    """The calendar around an instant, by default now."""
    day = (around or clock.now()).date()
    days = ApprovalHoliday.objects.filter(day__range=(day - BEFORE, day + AFTER))
    known = settings()
    return Calendar(
        frozenset(days.values_list("day", flat=True)),
        weekdays_of(known.workdays),
        known.closes_at,
    )
