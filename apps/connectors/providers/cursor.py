"""Cursor's admin API: usage events, members and their seats, what they spent beyond them.

HTTP Basic with the key as the user. About 20 requests a minute and team: it is read hourly.
"""

from typing import ClassVar

from apps.connectors.enums import EntryKind
from apps.connectors.providers import cursor_rules as rules
from apps.connectors.providers.base import (
    MAX_PAGES,
    ApiClient,
    Ask,
    Entry,
    RowRefused,
    SeatLine,
    UsageRead,
    too_many_pages,
)
from apps.connectors.providers.drift import Documented

DEFAULT_URL = "https://api.cursor.com"
EVENTS = "/teams/filtered-usage-events"
MEMBERS = "/teams/members"
PAGE = 500
SEAT = "Cursor seat"


class Pagination(Documented, rename="camel"):
    has_next_page: bool
    current_page: int = 1

    unread: ClassVar = frozenset({"numPages", "pageSize", "hasPreviousPage"})
    may_lack: ClassVar = frozenset({"current_page"})


class Events(Documented, rename="camel"):
    """The dashboard calls the list `usageEventsDisplay`: both are read."""

    pagination: Pagination
    usage_events: list[rules.Event] = []
    usage_events_display: list[rules.Event] = []

    unread: ClassVar = frozenset({"totalUsageEventsCount", "period"})
    may_lack: ClassVar = frozenset({"usage_events", "usage_events_display"})


class Member(Documented, rename="camel"):
    email: str
    name: str = ""
    role: str = ""
    is_removed: bool = False

    unread: ClassVar = frozenset({"id"})
    may_lack: ClassVar = frozenset({"name", "role", "is_removed"})


class Members(Documented, rename="camel"):
    team_members: list[Member]


class CursorClient(ApiClient):
    """The admin API of one team."""

    def check(self) -> str:
        """The members: a key without administration is refused there."""
        self._members()
        return ""

    def usage(self, ask: Ask) -> UsageRead:
        """Single events of the window."""
        found = UsageRead(buckets=len(ask.days))
        for event, number in rules.numbered(self._events(ask)):
            try:
                at = rules.instant_of(event)
                if not ask.start <= at < ask.end:
                    continue
                found.rows += 1
                found.usage.append(rules.usage_of(event, number, ask))
                found.units.append(rules.unit_of(event, at))
            except RowRefused as error:
                found.refuse(f"{event.timestamp} {event.model}", error)
        return found

    def _events(self, ask: Ask) -> list[rules.Event]:
        start, end = (int(at.timestamp() * 1000) for at in (ask.start, ask.end))
        events: list[rules.Event] = []
        for page in range(1, MAX_PAGES + 1):
            asked = {"startDate": start, "endDate": end - 1, "page": page, "pageSize": PAGE}
            answer = self._http.post(EVENTS, asked, Events)
            events += answer.usage_events or answer.usage_events_display
            if not answer.pagination.has_next_page:
                return events
        raise too_many_pages(EVENTS)

    def directory(self) -> list[Entry]:
        """The team's people."""
        return [Entry(EntryKind.USER, m.email, m.name or m.email) for m in self._members()]

    def seats(self) -> list[SeatLine]:
        """One seat for each member who was not removed."""
        return [
            SeatLine(person=m.email, plan=SEAT, name=m.name)
            for m in self._members()
            if not m.is_removed
        ]

    def _members(self) -> list[Member]:
        return self._http.get(MEMBERS, (), Members).team_members
