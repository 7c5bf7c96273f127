"""GitHub Copilot of one organization: billing, daily reports, seats.

The credential names the organization and its token, joined by a colon: `acme:ghp_…`.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import quote

from apps.connectors.enums import EntryKind
from apps.connectors.providers import copilot_rules as rules
from apps.connectors.providers.base import (
    MAX_PAGES,
    ApiClient,
    Ask,
    CostLine,
    Entry,
    RowRefused,
    SeatLine,
    UsageRead,
    too_many_pages,
)
from apps.connectors.providers.drift import Documented
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import ProviderHTTP

DEFAULT_URL = "https://api.github.com"
VERSION = "2022-11-28"
BILLS = ("premium_request", "ai_credit")
PAGE = 100


class Bill(Documented, rename="camel"):
    usage_items: list[rules.BillItem]

    unread: ClassVar = frozenset({"timePeriod", "organization", "enterprise", "user", "product"})


class Report(Documented):
    download_links: list[str] = []

    open: ClassVar = True


class Seats(Documented):
    seats: list[rules.Seat]
    total_seats: int = 0


class CopilotClient(ApiClient):
    """`organization` comes from the credential: `acme:ghp_…`."""

    def __init__(self, http: ProviderHTTP) -> None:
        super().__init__(http)
        self._organization = http.user

    def check(self) -> str:
        """The first page of seats and the bill of this month: both need an administrator."""
        self._page(1)
        return self._organization

    def usage(self, ask: Ask) -> UsageRead:
        """Units of whole days: premium requests, credits, people's activity. No tokens."""
        found = UsageRead(buckets=len(ask.days))
        for day in ask.days:
            for item in self._items(day):
                found.rows += 1
                try:
                    found.units += rules.units_of(item, day)
                except RowRefused as error:
                    found.refuse(f"{day} {item.sku} {item.model}", error)
            for line in self._report(day):
                found.rows += 1
                try:
                    found.units += rules.activity_of(line)
                except RowRefused as error:
                    found.refuse(f"{day} {line.user_login}", error)
        return found

    def costs(self, start: date, end: date) -> list[CostLine]:
        """What was charged beyond the seats, by day and model."""
        days = ((start + timedelta(days=n)) for n in range((end - start).days))
        return [rules.cost_of(item, day) for day in days for item in self._items(day)]

    def directory(self) -> list[Entry]:
        """The people with a seat."""
        return [
            Entry(EntryKind.USER, seat.person, seat.person, owner=seat.team)
            for seat in self.seats()
        ]

    def seats(self) -> list[SeatLine]:
        found = (rules.seat_of(seat) for seat in self._all_seats())
        return [seat for seat in found if seat is not None]

    def _items(self, day: date) -> Iterator[rules.BillItem]:
        asked = [("year", day.year), ("month", day.month), ("day", day.day)]
        for bill in BILLS:
            path = f"/organizations/{quote(self._organization)}/settings/billing/{bill}/usage"
            try:
                yield from self._http.get(path, asked, Bill, name=f"{bill} usage").usage_items
            except ProviderError as error:
                if error.code != "not_found":
                    raise

    def _report(self, day: date) -> Iterator[rules.ReportLine]:
        path = f"/orgs/{quote(self._organization)}/copilot/metrics/reports/users-1-day"
        try:
            links = self._http.get(path, [("day", day.isoformat())], Report, name="report")
        except ProviderError as error:
            if error.code == "not_found":
                return
            raise
        for link in links.download_links:
            yield from self._http.download(link, rules.ReportLine)

    def _all_seats(self) -> Iterator[rules.Seat]:
        for page in range(1, MAX_PAGES + 1):
            seats = self._page(page).seats
            yield from seats
            if len(seats) < PAGE:
                return
        raise too_many_pages("seats")

    def _page(self, page: int) -> Seats:
        path = f"/orgs/{quote(self._organization)}/copilot/billing/seats"
        return self._http.get(path, [("page", page), ("per_page", PAGE)], Seats, name="seats")
