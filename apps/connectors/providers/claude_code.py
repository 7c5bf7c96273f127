"""Claude Code analytics: tokens and estimated cost per person, model and UTC day.

For comparison only. The tokens of keys are in the Admin API's usage already, those of a
subscription cost nothing more.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from apps.connectors.providers import claude_code_rules as rules
from apps.connectors.providers.anthropic import Organization
from apps.connectors.providers.base import (
    MAX_PAGES,
    ApiClient,
    Ask,
    RowRefused,
    UsageRead,
    next_token,
    too_many_pages,
)
from apps.connectors.providers.drift import Documented

ROWS_PER_PAGE = 1000
PATH = "/v1/organizations/usage_report/claude_code"
Params = list[tuple[str, str | int]]


class Page(Documented):
    data: list[rules.DayRow]
    has_more: bool
    next_page: str | None = None


class ClaudeCodeClient(ApiClient):
    """The analytics endpoint behind an admin key."""

    def check(self) -> str:
        """One row of yesterday, and the organization's id."""
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
        self._http.get(PATH, [("starting_at", yesterday.isoformat()), ("limit", 1)], Page)
        return self._http.get("/v1/organizations/me", [], Organization).id

    def usage(self, ask: Ask) -> UsageRead:
        """Whole UTC days, one request or more for each."""
        found = UsageRead()
        for day in ask.days:
            found.buckets += 1
            for row in self._rows(day):
                for part in row.model_breakdown:
                    found.rows += 1
                    try:
                        found.usage.append(rules.usage_of(row, part, ask=ask))
                    except RowRefused as error:
                        found.refuse(f"{day} {part.model}", error)
        return found

    def _rows(self, day: date) -> Iterator[rules.DayRow]:
        params: Params = [("starting_at", day.isoformat()), ("limit", ROWS_PER_PAGE)]
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(PATH, [*params, ("page", token)] if token else params, Page)
            yield from (row for row in page.data if row.date.astimezone(UTC).date() == day)
            token = next_token(PATH, page.has_more, page.next_page, token)
            if token is None:
                return
        raise too_many_pages(PATH)
