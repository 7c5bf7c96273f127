"""Counts beside menu items. Each is one indexed query, asked once per page."""

from django.http import HttpRequest


def approvals_waiting(request: HttpRequest) -> int | None:
    """Requests that wait for this person's decision."""
    return None
