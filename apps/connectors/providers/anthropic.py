"""Anthropic's Admin API: messages usage, cost report, workspaces and keys."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from apps.connectors.enums import EntryKind
from apps.connectors.providers import anthropic_rules as rules
from apps.connectors.providers.base import CostLine, Entry, Names, UsageRead
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import Meter, ProviderHTTP
from apps.connectors.providers.openai import next_token

DEFAULT_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"
HOURS_PER_PAGE = 168
COST_DAYS_PER_PAGE = 31
LIST_PAGE = 1000
MAX_PAGES = 1000
GROUPS = ("api_key_id", "workspace_id", "model", "service_tier", "context_window")
Params = list[tuple[str, str | int]]


class UsageBucket(msgspec.Struct):
    starting_at: datetime
    ending_at: datetime
    results: list[rules.MessagesRow]


class UsagePage(msgspec.Struct):
    data: list[UsageBucket]
    has_more: bool
    next_page: str | None = None


class CostBucket(msgspec.Struct):
    starting_at: datetime
    ending_at: datetime
    results: list[rules.CostRow]


class CostPage(msgspec.Struct):
    data: list[CostBucket]
    has_more: bool
    next_page: str | None = None


class Organization(msgspec.Struct):
    id: str
    name: str = ""


class Workspace(msgspec.Struct):
    id: str
    name: str = ""


class WorkspaceList(msgspec.Struct):
    data: list[Workspace]
    has_more: bool = False
    last_id: str | None = None


class Key(msgspec.Struct):
    id: str
    name: str = ""
    workspace_id: str | None = None
    partial_key_hint: str | None = None


class KeyList(msgspec.Struct):
    data: list[Key]
    has_more: bool = False
    last_id: str | None = None


class AnthropicClient:
    """The Admin API behind an admin key."""

    def __init__(self, http: ProviderHTTP) -> None:
        self._http = http

    @property
    def meter(self) -> Meter:
        return self._http.meter

    def close(self) -> None:
        self._http.__exit__(None, None, None)

    def check(self) -> str:
        """One day of usage, and the organization's id."""
        params: Params = [
            ("starting_at", _rfc3339(datetime.now(UTC) - timedelta(days=1))),
            ("limit", 1),
        ]
        self._http.get("/v1/organizations/usage_report/messages", params, UsagePage)
        return self._http.get("/v1/organizations/me", [], Organization).id

    def directory(self) -> list[Entry]:
        """Workspaces, archived ones too, and all keys."""
        entries = [
            Entry(EntryKind.PROJECT, item.id, item.name or item.id) for item in self._workspaces()
        ]
        entries += [
            Entry(
                EntryKind.API_KEY,
                key.id,
                key.name or key.id,
                parent_id=key.workspace_id or rules.DEFAULT_WORKSPACE,
                hint=(key.partial_key_hint or "")[:60],
            )
            for key in self._keys()
        ]
        return entries

    def usage(
        self, start: datetime, end: datetime, *, account: str, names: Names, observed_at: datetime
    ) -> UsageRead:
        """Messages per hour, key, workspace, model, served tier and context window."""
        found = UsageRead()
        for bucket in self._usage_buckets(start, end):
            found.buckets += 1
            bucket_start = bucket.starting_at.astimezone(UTC)
            for row in bucket.results:
                found.rows += 1
                try:
                    found.usage.append(
                        rules.usage_of(
                            row,
                            start=bucket_start,
                            account=account,
                            names=names,
                            observed_at=observed_at,
                        )
                    )
                except rules.RowRefused as error:
                    found.refused += 1
                    found.note(f"{bucket_start:%Y-%m-%d %H:%M} {row.model}: refused, {error}")
        return found

    def costs(self, start: date, end: date) -> list[CostLine]:
        """Cents per day, workspace and description. The priority tier is not in this report."""
        path = "/v1/organizations/cost_report"
        params: Params = [
            ("starting_at", f"{start.isoformat()}T00:00:00Z"),
            ("ending_at", f"{end.isoformat()}T00:00:00Z"),
            ("bucket_width", "1d"),
            ("limit", COST_DAYS_PER_PAGE),
            ("group_by[]", "workspace_id"),
            ("group_by[]", "description"),
        ]
        lines = []
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(path, [*params, ("page", token)] if token else params, CostPage)
            for bucket in page.data:
                day = bucket.starting_at.astimezone(UTC).date()
                try:
                    lines += [rules.cost_of(row, day) for row in bucket.results]
                except (ArithmeticError, ValueError) as error:
                    raise ProviderError(
                        f"The costs of {day} hold an amount that is no number.", code="malformed"
                    ) from error
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                break
        return lines

    def _usage_buckets(self, start: datetime, end: datetime) -> Iterator[UsageBucket]:
        path = "/v1/organizations/usage_report/messages"
        params: Params = [
            ("starting_at", _rfc3339(start)),
            ("ending_at", _rfc3339(end)),
            ("bucket_width", "1h"),
            ("limit", HOURS_PER_PAGE),
            *(("group_by[]", name) for name in GROUPS),
        ]
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(path, [*params, ("page", token)] if token else params, UsagePage)
            for bucket in page.data:
                if bucket.starting_at.tzinfo is None:
                    raise ProviderError(f"{path} gave an instant without zone.", code="malformed")
                if start <= bucket.starting_at < end:
                    yield bucket
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                return
        raise ProviderError(f"{path} has more than {MAX_PAGES} pages.", code="malformed")

    def _workspaces(self) -> Iterator[Workspace]:
        after: str | None = None
        for _ in range(MAX_PAGES):
            params: Params = [("limit", LIST_PAGE), ("include_archived", "true")]
            if after:
                params.append(("after_id", after))
            page = self._http.get("/v1/organizations/workspaces", params, WorkspaceList)
            yield from page.data
            after = page.last_id
            if not page.has_more or not after:
                return

    def _keys(self) -> Iterator[Key]:
        after: str | None = None
        for _ in range(MAX_PAGES):
            params: Params = [("limit", LIST_PAGE)]
            if after:
                params.append(("after_id", after))
            page = self._http.get("/v1/organizations/api_keys", params, KeyList)
            yield from page.data
            after = page.last_id
            if not page.has_more or not after:
                return


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
