"""Langfuse: sums per day to compare with (metrics API v2), or every generation and embedding
(observations v2).

The credential is the public and the secret key, joined by a colon.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

import msgspec

from apps.connectors.providers import langfuse_rules as rules
from apps.connectors.providers.base import (
    MAX_PAGES,
    ApiClient,
    Ask,
    RowRefused,
    UsageRead,
    too_many_pages,
)
from apps.connectors.providers.drift import Documented
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import ProviderHTTP

DEFAULT_URL = "https://cloud.langfuse.com"
ROWS = 1000
METRICS, OBSERVATIONS = "/api/public/v2/metrics", "/api/public/v2/observations"
TYPES = ("GENERATION", "EMBEDDING")
"""Observations that use a model. The list of single ones takes one type at a time."""
MEASURES = (
    ("inputTokens", "sum"),
    ("outputTokens", "sum"),
    ("totalTokens", "sum"),
    ("totalCost", "sum"),
    ("count", "count"),
)
_GENERATIONS = {
    "column": "type",
    "operator": "any of",
    "value": list(TYPES),
    "type": "stringOptions",
}
Params = list[tuple[str, str | int]]


class MetricsPage(Documented):
    data: list[rules.MetricsRow]


class Cursor(Documented):
    cursor: str | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"cursor"})


class ObservationPage(Documented):
    data: list[rules.Observation]
    meta: Cursor


class LangfuseClient(ApiClient):
    """The public API of one project. `calls`: every generation, not days."""

    def __init__(self, http: ProviderHTTP, *, calls: bool) -> None:
        super().__init__(http)
        self._calls = calls

    def check(self) -> str:
        """Yesterday's sums."""
        self._sums((datetime.now(UTC) - timedelta(days=1)).date())
        return ""

    def usage(self, ask: Ask) -> UsageRead:
        """Days per model and environment, or each generation."""
        return self._read_calls(ask) if self._calls else self._read_days(ask)

    def _read_days(self, ask: Ask) -> UsageRead:
        found = UsageRead()
        for day in ask.days:
            found.buckets += 1
            for row in self._sums(day):
                found.rows += 1
                where = f"{day} {row.model}"
                try:
                    if rules.day_of(row) != day:
                        continue
                    record, problem = rules.usage_of(row, day, ask)
                except RowRefused as error:
                    found.refuse(where, error)
                    continue
                if problem:
                    found.mismatch(where, problem)
                found.usage.append(record)
        return found

    def _read_calls(self, ask: Ask) -> UsageRead:
        found = UsageRead()
        for row in self._observations(ask.start, ask.end):
            found.rows += 1
            where = f"{row.start_time:%Y-%m-%d %H:%M} {row.provided_model_name or row.model}"
            try:
                record, problem = rules.call_of(row, ask)
            except RowRefused as error:
                found.refuse(where, error)
                continue
            if problem:
                found.mismatch(where, problem)
            if ask.start <= record.occurred_at < ask.end:
                found.usage.append(record)
        return found

    def _sums(self, day: date) -> list[rules.MetricsRow]:
        """All rows of a UTC day. The API does not page: too many rows are an error, not a loss."""
        start = datetime.combine(day, time(), UTC)
        query = {
            "view": "observations",
            "dimensions": [{"field": "providedModelName"}, {"field": "environment"}],
            "metrics": [{"measure": name, "aggregation": how} for name, how in MEASURES],
            "filters": [_GENERATIONS],
            "timeDimension": {"granularity": "day"},
            "fromTimestamp": start.isoformat().replace("+00:00", "Z"),
            "toTimestamp": (start + timedelta(days=1)).isoformat().replace("+00:00", "Z"),
            "config": {"row_limit": ROWS},
        }
        params: Params = [("query", msgspec.json.encode(query).decode())]
        rows = self._http.get(METRICS, params, MetricsPage).data
        if len(rows) >= ROWS:
            raise ProviderError(
                f"{METRICS} has more than {ROWS} models and environments on {day}.",
                code="malformed",
            )
        return rows

    def _observations(self, start: datetime, end: datetime) -> Iterator[rules.Observation]:
        for kind in TYPES:
            yield from self._of_type(kind, start, end)

    def _of_type(self, kind: str, start: datetime, end: datetime) -> Iterator[rules.Observation]:
        params: Params = [
            ("fromStartTime", start.isoformat().replace("+00:00", "Z")),
            ("toStartTime", end.isoformat().replace("+00:00", "Z")),
            ("type", kind),
            ("fields", "core,basic,model,usage"),
            ("limit", ROWS),
        ]
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            asked: Params = [*params, ("cursor", cursor)] if cursor else params
            page = self._http.get(OBSERVATIONS, asked, ObservationPage)
            yield from page.data
            after, cursor = cursor, page.meta.cursor
            if not cursor:
                return
            if cursor == after:
                raise ProviderError(f"{OBSERVATIONS} repeats its page.", code="malformed")
        raise too_many_pages(OBSERVATIONS)
