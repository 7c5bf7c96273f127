"""OpenAI's organization API: every usage endpoint, costs, projects, people, keys."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, TypeVar

from apps.connectors.enums import EntryKind
from apps.connectors.providers import openai_rules as rules
from apps.connectors.providers.base import (
    MAX_PAGES,
    ApiClient,
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

DEFAULT_URL = "https://api.openai.com"
HOURS_PER_PAGE = 168
DAYS_PER_PAGE = 31
COST_DAYS_PER_PAGE = 180
LIST_PAGE = 100
_ALL = ("project_id", "api_key_id", "model", "batch", "service_tier")
_PLAIN = ("project_id", "api_key_id", "model")
GROUPS = {"completions": _ALL, "embeddings": _PLAIN, "moderations": _PLAIN, "decisions": _ALL}
"""Endpoints that count tokens, and how they are grouped."""
NEWER = frozenset({"decisions"})
"""Endpoints that an organization may not have yet: 404 there means nothing to read."""
_USAGE, _ORG = "/v1/organization/usage", "/v1/organization"
Params = list[tuple[str, str | int]]
P = TypeVar("P", bound="_Page")
L = TypeVar("L", bound="_List")


class _Page(Documented):
    has_more: bool
    next_page: str | None = None

    unread: ClassVar = frozenset({"object"})


class _Bucket(Documented):
    start_time: int
    end_time: int

    unread: ClassVar = frozenset({"object"})


class TokenBucket(_Bucket, kw_only=True):
    results: list[rules.TokenRow]


class TokenPage(_Page, kw_only=True):
    data: list[TokenBucket]


class CompletionBucket(_Bucket, kw_only=True):
    results: list[rules.CompletionRow]


class CompletionPage(_Page, kw_only=True):
    data: list[CompletionBucket]


class UnitBucket(_Bucket, kw_only=True):
    results: list[rules.UnitRow]


class UnitPage(_Page, kw_only=True):
    data: list[UnitBucket]


class CostBucket(_Bucket, kw_only=True):
    results: list[rules.CostRow]


class CostPage(_Page, kw_only=True):
    data: list[CostBucket]


class _List(Documented):
    has_more: bool = False
    last_id: str | None = None

    unread: ClassVar = frozenset({"object", "first_id"})
    open: ClassVar = True


class Project(Documented):
    id: str
    name: str = ""

    open: ClassVar = True


class ProjectList(_List, kw_only=True):
    data: list[Project]


class Owner(Documented):
    name: str | None = ""
    email: str = ""

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"email"})


class KeyOwner(Documented):
    user: Owner | None = None
    service_account: Owner | None = None
    name: str = ""

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"user", "service_account", "name"})


class Key(Documented):
    id: str
    name: str | None = None
    redacted_value: str = ""
    owner: KeyOwner | None = None

    open: ClassVar = True


class KeyList(_List, kw_only=True):
    data: list[Key]


class Person(Documented):
    id: str
    name: str | None = ""
    email: str = ""
    role: str | None = ""

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"email"})


class PersonList(_List, kw_only=True):
    data: list[Person]


class OpenAIClient(ApiClient):
    """The administration API behind an admin key."""

    def check(self) -> str:
        """One day of usage and one project: an admin key reads both, others neither."""
        start = datetime.now(UTC) - timedelta(days=1)
        params: Params = [("start_time", int(start.timestamp())), ("limit", 1)]
        self._http.get(f"{_USAGE}/completions", params, CompletionPage)
        self._http.get(f"{_ORG}/projects", [("limit", 1)], ProjectList)
        return ""

    def directory(self) -> list[Entry]:
        """Projects, archived ones too, with their keys and service accounts; people; admin keys."""
        entries = []
        archived: Params = [("include_archived", "true")]
        for page in self._lists(f"{_ORG}/projects", ProjectList, archived):
            for project in page.data:
                entries.append(Entry(EntryKind.PROJECT, project.id, project.name or project.id))
                entries += self._of_project(project.id)
        for people in self._lists(f"{_ORG}/users", PersonList):
            entries += [_person(EntryKind.USER, person) for person in people.data]
        for keys in self._lists(f"{_ORG}/admin_api_keys", KeyList):
            entries += [_key(EntryKind.ADMIN_KEY, key) for key in keys.data]
        return entries

    def usage(self, ask: Ask) -> UsageRead:
        """Tokens per hour, project, key, model and served tier; everything else per day."""
        found = UsageRead()
        for endpoint in GROUPS:
            try:
                self._tokens(endpoint, ask, found)
            except ProviderError as error:
                if endpoint not in NEWER or error.code not in ("not_found", "bad_request"):
                    raise
        for endpoint in rules.UNIT_ENDPOINTS:
            self._units(endpoint, ask, found)
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
        for page in self._pages(f"{_ORG}/costs", params, CostPage):
            for bucket in page.data:
                day = rules.instant(bucket.start_time).date()
                try:
                    lines += [rules.cost_of(row, day) for row in bucket.results]
                except (ArithmeticError, ValueError) as error:
                    raise ProviderError(
                        f"The costs of {day} hold an amount that is no number.", code="malformed"
                    ) from error
        return lines

    def _tokens(self, endpoint: str, ask: Ask, found: UsageRead) -> None:
        params: Params = [
            ("start_time", int(ask.start.timestamp())),
            ("end_time", int(ask.end.timestamp())),
            ("bucket_width", "1h"),
            ("limit", HOURS_PER_PAGE),
            *(("group_by[]", name) for name in GROUPS[endpoint]),
        ]
        path = f"{_USAGE}/{endpoint}"
        pages: Iterator[CompletionPage | TokenPage] = (
            self._pages(path, params, CompletionPage)
            if endpoint == "completions"
            else self._pages(path, params, TokenPage)
        )
        for page in pages:
            for bucket in page.data:
                start = rules.instant(bucket.start_time)
                if not ask.start <= start < ask.end:
                    continue
                found.buckets += 1
                for row in bucket.results:
                    found.rows += 1
                    where = f"{start:%Y-%m-%d %H:%M} {row.model}"
                    try:
                        counts = rules.split(row)
                    except RowRefused as error:
                        found.refuse(where, error)
                        continue
                    if counts.problem:
                        found.mismatch(where, counts.problem)
                    found.usage.append(
                        rules.usage_of(
                            row,
                            counts,
                            start=start,
                            account=ask.account,
                            names=ask.names,
                            observed_at=ask.observed_at,
                        )
                    )

    def _units(self, endpoint: str, ask: Ask, found: UsageRead) -> None:
        days = ask.days
        params: Params = [
            ("start_time", _midnight(days[0])),
            ("end_time", _midnight(days[-1] + timedelta(days=1))),
            ("bucket_width", "1d"),
            ("limit", DAYS_PER_PAGE),
            *(("group_by[]", name) for name in rules.UNIT_ENDPOINTS[endpoint].groups),
        ]
        for page in self._pages(f"{_USAGE}/{endpoint}", params, UnitPage):
            for bucket in page.data:
                day = rules.instant(bucket.start_time).date()
                for row in bucket.results if days[0] <= day <= days[-1] else ():
                    try:
                        found.units.append(rules.unit_of(row, endpoint, day))
                    except RowRefused as error:
                        found.refuse(f"{day} {endpoint}", error)

    def _of_project(self, project_id: str) -> Iterator[Entry]:
        base, name = f"{_ORG}/projects/{project_id}", f"{_ORG}/projects/{{id}}"
        for keys in self._lists(f"{base}/api_keys", KeyList, name=f"{name}/api_keys"):
            yield from (_key(EntryKind.API_KEY, key, project_id) for key in keys.data)
        accounts = f"{name}/service_accounts"
        for page in self._lists(f"{base}/service_accounts", PersonList, name=accounts):
            for person in page.data:
                yield _person(EntryKind.SERVICE_ACCOUNT, person, project_id)

    def _pages(self, path: str, params: Params, shape: type[P]) -> Iterator[P]:
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = self._http.get(path, [*params, ("page", token)] if token else params, shape)
            yield page
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                return
        raise too_many_pages(path)

    def _lists(
        self, path: str, shape: type[L], params: Params | None = None, *, name: str = ""
    ) -> Iterator[L]:
        after: str | None = None
        for _ in range(MAX_PAGES):
            asked: Params = [("limit", LIST_PAGE), *(params or [])]
            if after:
                asked.append(("after", after))
            page = self._http.get(path, asked, shape, name=name)
            yield page
            after = page.last_id
            if not page.has_more or not after:
                return
        raise too_many_pages(path)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _key(kind: EntryKind, key: Key, project_id: str = "") -> Entry:
    return Entry(
        kind,
        key.id,
        key.name or key.id,
        parent_id=project_id,
        owner=_owner(key),
        hint=key.redacted_value[:60],
    )


def _person(kind: EntryKind, person: Person, project_id: str = "") -> Entry:
    return Entry(
        kind,
        person.id,
        person.name or person.email or person.id,
        parent_id=project_id,
        owner=person.email,
        hint=(person.role or "")[:60],
    )


def _owner(key: Key) -> str:
    owner = key.owner and (key.owner.user or key.owner.service_account)
    if owner:
        return (owner.email or owner.name or "")[:255]
    return key.owner.name[:255] if key.owner else ""
