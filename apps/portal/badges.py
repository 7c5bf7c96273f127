"""Counts beside menu items. Each is one indexed query, asked once per page."""

from django.http import HttpRequest

from apps.approvals.selectors import count_waiting_for


def approvals_waiting(request: HttpRequest) -> int | None:
    """Requests that wait for this person's decision."""
    return count_waiting_for(request.actor) or None
