"""How schedules and their copies read."""

from typing import Any

from django.utils.safestring import SafeString

from apps.common import fmt
from apps.common.templatetags.ui import chip
from apps.reports import kinds
from apps.reports.enums import WEEKDAYS, Cadence, DeliveryState
from apps.reports.models import ReportDelivery, ReportIssue, ReportSchedule
from apps.savedviews.selectors import readable
from apps.tenancy.urls import org_url

TONES = {
    DeliveryState.SENT: "ok",
    DeliveryState.WITHHELD: "warn",
    DeliveryState.FAILED: "bad",
}


def when(schedule: ReportSchedule) -> str:
    """Every Monday at 07:00; each 1st of a month at 07:00."""
    hour = f"{schedule.hour:02d}:00"
    if schedule.cadence == Cadence.WEEKLY:
        return f"Every {dict(WEEKDAYS)[schedule.weekday]} at {hour}"
    if schedule.cadence == Cadence.MONTHLY:
        return f"Every month on the {ordinal(schedule.month_day)} at {hour}"
    return f"Every day at {hour}"


def ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}th" if 11 <= number % 100 <= 13 else f"{number}{ending}"


def holds(schedule: ReportSchedule) -> str:
    files = [name for name, on in (("CSV", schedule.with_csv), ("PDF", schedule.with_pdf)) if on]
    return ", ".join(["E-mail", *files])


def due(schedule: ReportSchedule, zone: str) -> SafeString | str:
    return chip("Paused", "warn") if schedule.due_at is None else fmt.moment(schedule.due_at, zone)


def last(schedule: Any) -> SafeString | str:
    """How the newest copy that is decided ended; a failure that is tried again says so."""
    if not schedule.last_state:
        return fmt.DASH
    return state_chip(schedule.last_state, schedule.last_reason)


def state_chip(state: str, reason: str) -> SafeString:
    if state == DeliveryState.WAITING:
        return chip("Trying again" if reason else "On its way", "warn" if reason else "")
    return chip(DeliveryState(state).label, TONES[DeliveryState(state)])


def copy_state(copy: ReportDelivery) -> SafeString:
    return state_chip(copy.state, copy.reason)


def days(issue: ReportIssue) -> str:
    return fmt.day_range(issue.period_start, issue.period_end)


def cut(schedule: ReportSchedule, request: Any) -> tuple[str, str]:
    """What is sent: its page's name and address with the filters."""
    kind = kinds.kind_of(schedule.kind)
    if kind is None:
        return schedule.kind, ""
    base = org_url(request, kind.url_name)
    query = readable(request.actor, schedule.kind, schedule.query)
    return kind.label, f"{base}?{query}" if query else base


def period_words(cadence: str) -> str:
    """Which days an issue reports on."""
    return {
        Cadence.DAILY: "the day before",
        Cadence.WEEKLY: "the last whole week, from Monday",
        Cadence.MONTHLY: "the last whole month",
    }[Cadence(cadence)]
