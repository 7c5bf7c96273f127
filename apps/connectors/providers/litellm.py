"""LiteLLM proxy: daily activity to compare with, or the spend log of every call to count.

One date may span two pages of the activity, so days are merged before they are used. The spend
log caps its total, so a window that holds too many calls is halved.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from apps.connectors.enums import EntryKind
from apps.connectors.providers import litellm_rules as rules
from apps.connectors.providers.base import (
    MAX_PAGES,
    ApiClient,
    Ask,
    CostLine,
    Entry,
    RowRefused,
    UsageRead,
    too_many_pages,
)
from apps.connectors.providers.drift import Documented
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import ProviderHTTP

ROWS_PER_PAGE = 1000
ACTIVITY, LOGS = "/user/daily/activity", "/spend/logs/v2"
SMALLEST_SLICE = timedelta(seconds=1)
Params = list[tuple[str, str | int]]


class ActivityTotals(Documented):
    total_pages: int = 1
    has_more: bool = False

    open: ClassVar = True


class ActivityPage(Documented):
    results: list[rules.DayActivity]
    metadata: ActivityTotals


class LogPage(Documented):
    data: list[rules.Call]
    total: int
    total_is_capped: bool = False

    unread: ClassVar = frozenset({"page", "page_size", "total_pages"})
    may_lack: ClassVar = frozenset({"total_is_capped"})


class Team(Documented):
    team_id: str
    team_alias: str | None = None

    open: ClassVar = True


class LiteLLMClient(ApiClient):
    """The proxy's administration behind its master key. `calls`: every call, not days."""

    def __init__(self, http: ProviderHTTP, *, calls: bool) -> None:
        super().__init__(http)
        self._calls = calls

    def check(self) -> str:
        """Yesterday's activity."""
        day = (datetime.now(UTC) - timedelta(days=1)).date()
        next(self._activity(day, day))
        return ""

    def directory(self) -> list[Entry]:
        """Teams. Keys are named by what they were used for."""
        teams = self._http.get("/team/list", [], list[Team])
        return [
            Entry(EntryKind.PROJECT, team.team_id, team.team_alias or team.team_id)
            for team in teams
        ]

    def usage(self, ask: Ask) -> UsageRead:
        """Days per model and key, or each call."""
        return self._read_calls(ask) if self._calls else self._read_days(ask)

    def costs(self, start: date, end: date) -> list[CostLine]:
        """What LiteLLM itself says each model cost."""
        lines = []
        for page in self._activity(start, end - timedelta(days=1)):
            for day in page.results:
                if start <= day.date < end:
                    lines += [
                        rules.bill_of(day.date, model, part.metrics)
                        for model, part in day.breakdown.models.items()
                    ]
        return lines

    def _read_days(self, ask: Ask) -> UsageRead:
        found = UsageRead()
        days = ask.days
        for page in self._activity(days[0], days[-1]):
            for day in page.results:
                if days[0] <= day.date <= days[-1]:
                    found.buckets += 1
                    for model, part in day.breakdown.models.items():
                        self._read_model(day.date, model, part, ask, found)
        return found

    def _read_model(
        self, day: date, model: str, part: rules.ModelPart, ask: Ask, found: UsageRead
    ) -> None:
        keys = part.api_key_breakdown or {"": rules.KeyPart(part.metrics)}
        total = sum(item.metrics.total_tokens for item in keys.values())
        if total != part.metrics.total_tokens:
            problem = f"keys add up to {total}, the model to {part.metrics.total_tokens}"
            found.mismatch(f"{day} {model}", problem)
        for key, item in keys.items():
            found.rows += 1
            if problem := rules.problem_of(item.metrics):
                found.mismatch(f"{day} {model}", problem)
            try:
                found.usage.append(rules.day_of(day, model, key, item, ask))
            except RowRefused as error:
                found.refuse(f"{day} {model}", error)

    def _read_calls(self, ask: Ask) -> UsageRead:
        found = UsageRead()
        seen: set[str] = set()
        for call in self._logs(ask.start, ask.end):
            started = rules.started_at(call)
            if call.request_id in seen or not ask.start <= started < ask.end:
                continue
            seen.add(call.request_id)
            found.rows += 1
            if not rules.is_counted(call):
                continue
            where = f"{started:%Y-%m-%d %H:%M} {call.model}"
            try:
                record, problem = rules.call_of(call, ask)
            except RowRefused as error:
                found.refuse(where, error)
                continue
            if problem:
                found.mismatch(where, problem)
            found.usage.append(record)
        return found

    def _activity(self, first: date, last: date) -> Iterator[ActivityPage]:
        params: Params = [
            ("start_date", first.isoformat()),
            ("end_date", last.isoformat()),
            ("page_size", ROWS_PER_PAGE),
        ]
        for number in range(1, MAX_PAGES + 1):
            page = self._http.get(ACTIVITY, [*params, ("page", number)], ActivityPage)
            yield page
            if not page.metadata.has_more and number >= page.metadata.total_pages:
                return
        raise too_many_pages(ACTIVITY)

    def _logs(self, start: datetime, end: datetime) -> Iterator[rules.Call]:
        params: Params = [
            ("start_date", f"{start:%Y-%m-%d %H:%M:%S}"),
            ("end_date", f"{end:%Y-%m-%d %H:%M:%S}"),
            ("page_size", ROWS_PER_PAGE),
        ]
        for number in range(1, MAX_PAGES + 1):
            page = self._http.get(LOGS, [*params, ("page", number)], LogPage)
            if page.total_is_capped:
                half = (end - start) / 2
                if half < SMALLEST_SLICE:
                    raise ProviderError(
                        f"{LOGS} holds more calls of one second than it can list.", code="malformed"
                    )
                middle = (start + half).replace(microsecond=0)
                yield from self._logs(start, middle)
                yield from self._logs(middle, end)
                return
            yield from page.data
            if number * ROWS_PER_PAGE >= page.total:
                return
        raise too_many_pages(LOGS)
