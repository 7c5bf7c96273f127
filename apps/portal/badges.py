"""Counts beside menu items. Each is one indexed query, asked once per page."""

from django.http import HttpRequest

from apps.approvals.selectors import count_waiting_for
from apps.ledger.quality.selectors import count_open
from apps.notifications.selectors import unread_count


def approvals_waiting(request: HttpRequest) -> int | None:
    """Requests that wait for this person's decision."""
    return count_waiting_for(request.actor) or None


def unread(request: HttpRequest) -> int | None:
    """Notifications the person has not opened."""
    return unread_count(request.actor) or None


def open_alerts(request: HttpRequest) -> int | None:
    """Reasons to doubt figures that nobody has taken up."""
    return count_open() or None
