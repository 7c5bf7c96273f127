"""Anthropic's analytics of usage and cost (beta): every product, with a watermark.

`data_refreshed_at` says how far the data goes: buckets that end after it are incomplete and are
not read. A page token expires when the data is refreshed (410), and the run is then made again.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from apps.connectors.providers import anthropic
from apps.connectors.providers import claude_analytics_rules as rules
from apps.connectors.providers.anthropic import rfc3339
from apps.connectors.providers.base import (
    MAX_PAGES,
    Ask,
    CostLine,
    Entry,
    RowRefused,
    UsageRead,
    next_token,
    too_many_pages,
)
from apps.connectors.providers.drift import Documented
from apps.connectors.providers.errors import ProviderError

BETA = "analytics-usage-cost-2026-08-24"
ROWS_PER_PAGE = 1000
USAGE_GROUPS = ("workspace_id", "api_key_id", "model", "service_tier", "context_window")
COST_GROUPS = ("workspace_id", "model", "service_tier")
_PATH = "/v1/organizations/analytics"
Params = list[tuple[str, str | int]]
P = TypeVar("P", bound="_Page")


class _Page(Documented):
    has_more: bool
    data_refreshed_at: datetime | None
    next_page: str | None = None


class UsagePage(_Page, kw_only=True):
    data: list[rules.UsageRow]


class CostPage(_Page, kw_only=True):
    data: list[rules.CostRow]


class ClaudeAnalyticsClient(anthropic.AnthropicClient):
    """The analytics endpoints behind an admin key, or a key with the scope read:analytics."""

    def check(self) -> str:
        """One day of usage; the account is not told."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        params = _params(now - timedelta(days=1), now, "1d", USAGE_GROUPS)
        self._http.get(f"{_PATH}/usage", [*params, ("limit", 1)], UsagePage)
        return ""

    def directory(self) -> list[Entry]:
        """As the Admin API names them; nothing for a key that reads analytics only."""
        try:
            return super().directory()
        except ProviderError as error:
            if error.code != "credential_refused":
                raise
            return []

    def usage(self, ask: Ask) -> UsageRead:
        """Usage per hour, workspace, key, model, tier and context window, up to the watermark."""
        found = UsageRead()
        params = _params(ask.start, ask.end, "1h", USAGE_GROUPS)
        marks: list[datetime | None] = []
        seen: list[rules.UsageRow] = []
        for page in self._report("usage", params, UsagePage):
            marks.append(page.data_refreshed_at)
            seen += page.data
        stated = [mark for mark in marks if mark is not None]
        watermark = min(stated) if stated and len(stated) == len(marks) else None
        complete = ask.start if watermark is None else watermark.astimezone(UTC)
        complete = complete.replace(minute=0, second=0, microsecond=0)
        found.complete_through = max(ask.start, min(complete, ask.end))
        buckets: set[datetime] = set()
        for row in seen:
            start = row.starting_at.astimezone(UTC)
            if not ask.start <= start or row.ending_at > found.complete_through:
                continue
            buckets.add(start)
            found.rows += 1
            where = f"{start:%Y-%m-%d %H:%M} {row.group.model}"
            try:
                record, problem = rules.usage_of(row, start=start, ask=ask)
            except RowRefused as error:
                found.refuse(where, error)
                continue
            if problem:
                found.mismatch(where, problem)
            found.usage.append(record)
        found.buckets = len(buckets)
        return found

    def costs(self, start: date, end: date) -> list[CostLine]:
        """Cents per day, workspace, model and tier, for the days that the watermark covers."""
        params = _params(_midnight(start), _midnight(end), "1d", COST_GROUPS)
        lines = []
        for page in self._report("cost", params, CostPage):
            for row in page.data:
                if page.data_refreshed_at is None or row.ending_at > page.data_refreshed_at:
                    continue
                day = row.starting_at.astimezone(UTC).date()
                try:
                    lines.append(rules.cost_of(row, day))
                except (ArithmeticError, ValueError) as error:
                    raise ProviderError(
                        f"The costs of {day} hold an amount that is no number.", code="malformed"
                    ) from error
        return lines

    def _report(self, name: str, params: Params, shape: type[P]) -> Iterator[P]:
        path = f"{_PATH}/{name}"
        asked: Params = [*params, ("limit", ROWS_PER_PAGE)]
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(path, [*asked, ("page", token)] if token else asked, shape)
            yield page
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                return
        raise too_many_pages(path)


def _params(start: datetime, end: datetime, width: str, groups: tuple[str, ...]) -> Params:
    return [
        ("starting_at", rfc3339(start)),
        ("ending_at", rfc3339(end)),
        ("time_bucket_width", width),
        ("order_by", "time"),
        ("order", "asc"),
        *(("group_by[]", name) for name in groups),
    ]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
