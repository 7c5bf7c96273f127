"""Anthropic's Admin API: messages usage, cost report, workspaces, people and keys."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, TypeVar

from apps.connectors.enums import EntryKind
from apps.connectors.providers import anthropic_rules as rules
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
from apps.connectors.providers.http import ProviderHTTP

DEFAULT_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"
HOURS_PER_PAGE = 168
COST_DAYS_PER_PAGE = 31
LIST_PAGE = 1000
GROUPS = ("api_key_id", "workspace_id", "model", "service_tier", "context_window")
BETA = "fast-mode-2026-02-01"
"""The beta header behind which the usage report knows speeds."""
LEVELS: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
    (("inference_geo", "speed"), {"anthropic-beta": BETA}),
    (("inference_geo",), {}),
    ((), {}),
)
"""Groupings beside GROUPS with the headers they need, best first: what an account's API does not
know yet it answers with 400."""
UNTOLD = (
    "",
    "The usage report does not tell speeds for this account: fast mode has the standard price here",
    "The usage report tells neither speeds nor where inference ran for this account: fast mode and "
    "inference in the US only have the standard price here",
)
"""What is lost at each level."""
_ORG = "/v1/organizations"
Params = list[tuple[str, str | int]]
P = TypeVar("P", bound="_Page")
L = TypeVar("L", bound="_List")


class _Page(Documented):
    has_more: bool
    next_page: str | None = None


class UsageBucket(Documented):
    starting_at: datetime
    ending_at: datetime
    results: list[rules.MessagesRow]


class UsagePage(_Page, kw_only=True):
    data: list[UsageBucket]


class CostBucket(Documented):
    starting_at: datetime
    ending_at: datetime
    results: list[rules.CostRow]


class CostPage(_Page, kw_only=True):
    data: list[CostBucket]


class Organization(Documented):
    id: str
    name: str = ""

    open: ClassVar = True


class _List(Documented):
    has_more: bool = False
    last_id: str | None = None

    open: ClassVar = True


class Workspace(Documented):
    id: str
    name: str = ""

    open: ClassVar = True


class WorkspaceList(_List, kw_only=True):
    data: list[Workspace]


class Creator(Documented):
    id: str = ""

    open: ClassVar = True


class Key(Documented):
    id: str
    name: str = ""
    workspace_id: str | None = None
    partial_key_hint: str | None = None
    created_by: Creator | None = None

    open: ClassVar = True


class KeyList(_List, kw_only=True):
    data: list[Key]


class Person(Documented):
    id: str
    name: str | None = ""
    email: str = ""
    role: str | None = ""

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"email", "role"})


class PersonList(_List, kw_only=True):
    data: list[Person]


class AnthropicClient(ApiClient):
    """The Admin API behind an admin key."""

    def __init__(self, http: ProviderHTTP) -> None:
        super().__init__(http)
        self._level = 0
        self._why = ""

    def check(self) -> str:
        """One day of usage, and the organization's id."""
        params: Params = [
            ("starting_at", rfc3339(datetime.now(UTC) - timedelta(days=1))),
            ("limit", 1),
        ]
        self._http.get(f"{_ORG}/usage_report/messages", params, UsagePage)
        return self._http.get(f"{_ORG}/me", [], Organization).id

    def directory(self) -> list[Entry]:
        """Workspaces, archived ones too; all keys with who made them; people; service accounts."""
        entries = []
        archived: Params = [("include_archived", "true")]
        for page in self._lists("workspaces", WorkspaceList, archived):
            entries += [
                Entry(EntryKind.PROJECT, item.id, item.name or item.id) for item in page.data
            ]
        people: dict[str, str] = {}
        for users in self._lists("users", PersonList):
            entries += [_person(EntryKind.USER, person) for person in users.data]
            people |= {person.id: person.email for person in users.data}
        for keys in self._lists("api_keys", KeyList):
            entries += [_key(key, people) for key in keys.data]
        try:
            for accounts in self._lists("service_accounts", PersonList):
                entries += [_person(EntryKind.SERVICE_ACCOUNT, item) for item in accounts.data]
        except ProviderError as error:
            if error.code != "not_found":
                raise
        return entries

    def usage(self, ask: Ask) -> UsageRead:
        """Messages per hour, key, workspace, model, served tier, context window, and where and how
        fast they were served, as far as the account's API tells."""
        found = UsageRead()
        searches = []
        unpriced: dict[str, int] = {}
        for bucket in self._usage_buckets(ask.start, ask.end):
            found.buckets += 1
            start = bucket.starting_at.astimezone(UTC)
            for row in bucket.results:
                found.rows += 1
                try:
                    found.usage.append(
                        rules.usage_of(
                            row,
                            start=start,
                            account=ask.account,
                            names=ask.names,
                            observed_at=ask.observed_at,
                        )
                    )
                except RowRefused as error:
                    found.refuse(f"{start:%Y-%m-%d %H:%M} {row.model}", error)
                    continue
                searches.append(rules.searches_of(row, start.date()))
                if row.no_price:
                    unpriced[row.no_price] = unpriced.get(row.no_price, 0) + 1
        found.usage = rules.merged(found.usage)
        found.units = [line for line in searches if line is not None]
        for reason, rows in sorted(unpriced.items()):
            found.note(f"{rows} rows without a cost: no price is documented for {reason}.")
        if self._level:
            found.note(f"{UNTOLD[self._level]}. It answered: {self._why}")
        return found

    def costs(self, start: date, end: date) -> list[CostLine]:
        """Cents per day, workspace and description. The priority tier is not in this report."""
        path = f"{_ORG}/cost_report"
        params: Params = [
            ("starting_at", f"{start.isoformat()}T00:00:00Z"),
            ("ending_at", f"{end.isoformat()}T00:00:00Z"),
            ("bucket_width", "1d"),
            ("limit", COST_DAYS_PER_PAGE),
            ("group_by[]", "workspace_id"),
            ("group_by[]", "description"),
        ]
        lines = []
        for page in self._pages(path, params, CostPage):
            for bucket in page.data:
                day = bucket.starting_at.astimezone(UTC).date()
                try:
                    lines += [rules.cost_of(row, day) for row in bucket.results]
                except (ArithmeticError, ValueError) as error:
                    raise ProviderError(
                        f"The costs of {day} hold an amount that is no number.", code="malformed"
                    ) from error
        return lines

    def _usage_buckets(self, start: datetime, end: datetime) -> Iterator[UsageBucket]:
        path = f"{_ORG}/usage_report/messages"
        params: Params = [
            ("starting_at", rfc3339(start)),
            ("ending_at", rfc3339(end)),
            ("bucket_width", "1h"),
            ("limit", HOURS_PER_PAGE),
            *(("group_by[]", name) for name in GROUPS),
        ]
        for page in self._told_pages(path, params):
            for bucket in page.data:
                if bucket.starting_at.tzinfo is None:
                    raise ProviderError(f"{path} gave an instant without zone.", code="malformed")
                if start <= bucket.starting_at < end:
                    yield bucket

    def _told_pages(self, path: str, params: Params) -> Iterator[UsagePage]:
        """Pages with the best groupings that the API accepts. A refusal is remembered for the run;
        one that even the plain question gets has another reason and is raised."""
        while True:
            groups, headers = LEVELS[self._level]
            asked: Params = [*params, *(("group_by[]", name) for name in groups)]
            pages = self._pages(path, asked, UsagePage, headers)
            try:
                first = next(pages)
            except ProviderError as error:
                if error.code != "bad_request" or self._level == len(LEVELS) - 1:
                    raise
                self._level += 1
                self._why = error.message
                continue
            yield first
            yield from pages
            return

    def _pages(
        self, path: str, params: Params, shape: type[P], headers: dict[str, str] | None = None
    ) -> Iterator[P]:
        token: str | None = None
        for _ in range(MAX_PAGES):
            asked: Params = [*params, ("page", token)] if token else params
            page = self._http.get(path, asked, shape, headers=headers)
            yield page
            token = next_token(path, page.has_more, page.next_page, token)
            if token is None:
                return
        raise too_many_pages(path)

    def _lists(self, name: str, shape: type[L], params: Params | None = None) -> Iterator[L]:
        path, after = f"{_ORG}/{name}", None
        for _ in range(MAX_PAGES):
            asked: Params = [("limit", LIST_PAGE), *(params or [])]
            if after:
                asked.append(("after_id", after))
            page = self._http.get(path, asked, shape)
            yield page
            after = page.last_id
            if not page.has_more or not after:
                return
        raise too_many_pages(path)


def _key(key: Key, people: dict[str, str]) -> Entry:
    return Entry(
        EntryKind.API_KEY,
        key.id,
        key.name or key.id,
        parent_id=key.workspace_id or rules.DEFAULT_WORKSPACE,
        owner=people.get(key.created_by.id, "") if key.created_by else "",
        hint=(key.partial_key_hint or "")[:60],
    )


def _person(kind: EntryKind, person: Person) -> Entry:
    name = person.name or person.email or person.id
    return Entry(kind, person.id, name, owner=person.email, hint=(person.role or "")[:60])


def rfc3339(moment: datetime) -> str:
    """An instant as Anthropic writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
