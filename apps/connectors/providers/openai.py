"""OpenAI's organization API: usage of completions and embeddings, costs, projects and keys."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from apps.connectors.enums import EntryKind
from apps.connectors.providers import openai_rules as rules
from apps.connectors.providers.base import CostLine, Entry, Names, UsageRead
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import Meter, ProviderHTTP

DEFAULT_URL = "https://api.openai.com"
HOURS_PER_PAGE = 168
COST_DAYS_PER_PAGE = 180
MAX_PAGES = 1000
GROUPS = {
    "completions": ("project_id", "api_key_id", "model", "batch", "service_tier"),
    "embeddings": ("project_id", "api_key_id", "model"),
}
Params = list[tuple[str, str | int]]


class UsageBucket(msgspec.Struct):
    start_time: int
    end_time: int
    results: list[rules.CompletionRow]


class UsagePage(msgspec.Struct):
    data: list[UsageBucket]
    has_more: bool
    next_page: str | None = None


class CostBucket(msgspec.Struct):
    start_time: int
    end_time: int
    results: list[rules.CostRow]


class CostPage(msgspec.Struct):
    data: list[CostBucket]
    has_more: bool
    next_page: str | None = None


class Project(msgspec.Struct):
    id: str
    name: str = ""


class ProjectList(msgspec.Struct):
    data: list[Project]
    has_more: bool = False
    last_id: str | None = None


class Owner(msgspec.Struct):
    name: str = ""
    email: str = ""


class KeyOwner(msgspec.Struct):
    user: Owner | None = None
    service_account: Owner | None = None


class ProjectKey(msgspec.Struct):
    id: str
    name: str | None = None
    redacted_value: str = ""
    owner: KeyOwner | None = None


class KeyList(msgspec.Struct):
    data: list[ProjectKey]
    has_more: bool = False
    last_id: str | None = None


class OpenAIClient:
    """The administration API behind an admin key."""

    def __init__(self, http: ProviderHTTP) -> None:
        self._http = http

    @property
    def meter(self) -> Meter:
        return self._http.meter

    def close(self) -> None:
        self._http.__exit__(None, None, None)

    def check(self) -> str:
        """One day of usage and one project: an admin key reads both, others neither."""
        start = datetime.now(UTC) - timedelta(days=1)
        params: Params = [("start_time", int(start.timestamp())), ("limit", 1)]
        self._http.get("/v1/organization/usage/completions", params, UsagePage)
        self._http.get("/v1/organization/projects", [("limit", 1)], ProjectList)
        return ""

    def directory(self) -> list[Entry]:
        """Projects, archived ones too, and the keys of each."""
        entries = []
        for project in self._projects():
            entries.append(Entry(EntryKind.PROJECT, project.id, project.name or project.id))
            entries += [
                Entry(
                    EntryKind.API_KEY,
                    key.id,
                    key.name or key.id,
                    parent_id=project.id,
                    owner=_owner(key),
                    hint=key.redacted_value[:60],
                )
                for key in self._keys(project.id)
            ]
        return entries

    def usage(
        self, start: datetime, end: datetime, *, account: str, names: Names, observed_at: datetime
    ) -> UsageRead:
        """Completions and embeddings per hour, project, key, model and served tier."""
        found = UsageRead()
        for endpoint, groups in GROUPS.items():
            for bucket in self._usage_buckets(endpoint, groups, start, end):
                found.buckets += 1
                bucket_start = rules.instant(bucket.start_time)
                for row in bucket.results:
                    found.rows += 1
                    try:
                        counts = rules.split(row)
                    except rules.RowRefused as error:
                        found.refused += 1
                        found.note(f"{bucket_start:%Y-%m-%d %H:%M} {row.model}: refused, {error}")
                        continue
                    if counts.problem:
                        found.mismatches += 1
                        found.note(f"{bucket_start:%Y-%m-%d %H:%M} {row.model}: {counts.problem}")
                    found.usage.append(
                        rules.usage_of(
                            row,
                            counts,
                            start=bucket_start,
                            account=account,
                            names=names,
                            observed_at=observed_at,
                        )
                    )
        return found

    def costs(self, start: date, end: date) -> list[CostLine]:
        """Dollars per day, project and line item. A day appears hours after it ended."""
        params: Params = [
            ("start_time", _midnight(start)),
            ("end_time", _midnight(end)),
            ("bucket_width", "1d"),
            ("limit", COST_DAYS_PER_PAGE),
            ("group_by[]", "project_id"),
            ("group_by[]", "line_item"),
        ]
        lines = []
        for page in self._cost_pages(params):
            for bucket in page.data:
                day = rules.instant(bucket.start_time).date()
                try:
                    lines += [rules.cost_of(row, day) for row in bucket.results]
                except (ArithmeticError, ValueError) as error:
                    raise ProviderError(
                        f"The costs of {day} hold an amount that is no number.", code="malformed"
                    ) from error
        return lines

    def _usage_buckets(
        self, endpoint: str, groups: tuple[str, ...], start: datetime, end: datetime
    ) -> Iterator[UsageBucket]:
        params: Params = [
            ("start_time", int(start.timestamp())),
            ("end_time", int(end.timestamp())),
            ("bucket_width", "1h"),
            ("limit", HOURS_PER_PAGE),
            *(("group_by[]", name) for name in groups),
        ]
        path = f"/v1/organization/usage/{endpoint}"
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(path, [*params, ("page", token)] if token else params, UsagePage)
            for bucket in page.data:
                if start.timestamp() <= bucket.start_time < end.timestamp():
                    yield bucket
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                return
        raise ProviderError(f"{path} has more than {MAX_PAGES} pages.", code="malformed")

    def _cost_pages(self, params: Params) -> Iterator[CostPage]:
        path = "/v1/organization/costs"
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(path, [*params, ("page", token)] if token else params, CostPage)
            yield page
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                return

    def _projects(self) -> Iterator[Project]:
        after: str | None = None
        for _ in range(MAX_PAGES):
            params: Params = [("limit", 100), ("include_archived", "true")]
            if after:
                params.append(("after", after))
            page = self._http.get("/v1/organization/projects", params, ProjectList)
            yield from page.data
            after = page.last_id
            if not page.has_more or not after:
                return

    def _keys(self, project_id: str) -> Iterator[ProjectKey]:
        path, after = f"/v1/organization/projects/{project_id}/api_keys", None
        for _ in range(MAX_PAGES):
            params: Params = [("limit", 100)]
            if after:
                params.append(("after", after))
            page = self._http.get(path, params, KeyList)
            yield from page.data
            after = page.last_id
            if not page.has_more or not after:
                return


def next_token(path: str, has_more: bool, token: str | None, used: str | None) -> str | None:
    """The next page's token, or None at the end. A promise without a new token is an error."""
    if not has_more:
        return None
    if not token or token == used:
        raise ProviderError(f"{path} promises a next page without naming it.", code="malformed")
    return token


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _owner(key: ProjectKey) -> str:
    owner = key.owner and (key.owner.user or key.owner.service_account)
    return (owner.email or owner.name)[:255] if owner else ""
