"""What every provider's client gives a run, whatever its API looks like."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from apps.common.tokens import TokenCounts
from apps.connectors.enums import EntryKind
from apps.connectors.providers.drift import Finding
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import Meter, ProviderHTTP
from apps.ledger.schema import UsageIn

MAX_PAGES = 1000
MAX_NOTES = 20
"""A run keeps the first oddities as text; the rest are only counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A project, workspace, key or person as the provider's directory names it."""

    kind: EntryKind
    external_id: str
    name: str
    parent_id: str = ""
    owner: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of the provider's own bill, in nanos of `currency`."""

    day: date
    project_id: str
    line_item: str
    amount_nanos: int
    currency: str
    model: str = ""
    quantity: int | None = None
    quantity_unit: str = ""


@dataclass(frozen=True, slots=True)
class UnitLine:
    """Usage of a UTC day that is not tokens: images, seconds, characters, sessions, calls, bytes.

    `what` is the provider's word for the usage (`images`, `web_search_calls`); `detail` splits it
    further (an image size). A `gauge` is a level, not a flow: its days are never added.
    """

    day: date
    what: str
    unit: str
    quantity: int
    requests: int | None = None
    project_id: str = ""
    api_key_id: str = ""
    model: str = ""
    detail: str = ""
    gauge: bool = False


@dataclass(frozen=True, slots=True)
class SeatLine:
    """A seat as the provider lists it. `person` is a login or an e-mail address."""

    person: str
    plan: str
    name: str = ""
    team: str = ""
    since: date | None = None
    ends: date | None = None
    last_active: date | None = None


@dataclass(slots=True)
class Names:
    """Display names by provider id; an id without a name shows itself."""

    projects: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Names":
        found = cls()
        for entry in entries:
            found.add(entry.kind, entry.external_id, entry.name)
        return found

    def add(self, kind: str, external_id: str, name: str) -> None:
        if kind == EntryKind.PROJECT:
            self.projects[external_id] = name
        elif kind == EntryKind.API_KEY:
            self.keys[external_id] = name


@dataclass(frozen=True, slots=True)
class Ask:
    """What a run wants to know: usage of [start, end), whole buckets, with names to show."""

    start: datetime
    end: datetime
    account: str
    names: Names
    observed_at: datetime

    @property
    def days(self) -> list[date]:
        """The UTC days the window touches."""
        first, last = self.start.date(), (self.end - timedelta(microseconds=1)).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(slots=True)
class UsageRead:
    """Everything read from one window. `mismatches` counts rows whose parts were not the total.

    `compared` are rows that another channel reports too, although the source is one of record:
    they never count. `units` is what is not tokens; `rows` does not count it. `complete_through`
    is the watermark of a source that states one: nothing after it was kept.
    """

    usage: list[UsageIn] = field(default_factory=list)
    compared: list[UsageIn] = field(default_factory=list)
    units: list[UnitLine] = field(default_factory=list)
    complete_through: datetime | None = None
    buckets: int = 0
    rows: int = 0
    mismatches: int = 0
    refused: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(text)

    def refuse(self, where: str, reason: object) -> None:
        """Count a row that cannot be true, and say which."""
        self.refused += 1
        self.note(f"{where}: refused, {reason}")

    def mismatch(self, where: str, problem: str) -> None:
        """Count a row whose parts are not its total, and say how."""
        self.mismatches += 1
        self.note(f"{where}: {problem}")


def with_counts(record: UsageIn, counts: TokenCounts) -> UsageIn:
    """The record with its tokens."""
    for kind, count in counts.as_dict().items():
        setattr(record, kind, count)
    return record


class RowRefused(ValueError):
    """A row whose counts cannot be true."""


class ApiClient:
    """A provider's API behind one credential. Subclasses read; they never write.

    A client gets its HTTP and nothing else; everything about time is in the Ask. `check` and
    `usage` are required; a provider without a bill or a directory keeps these empty ones.
    """

    def __init__(self, http: ProviderHTTP) -> None:
        self._http = http

    @property
    def meter(self) -> Meter:
        return self._http.meter

    @property
    def drift(self) -> dict[str, set[Finding]]:
        """Undocumented and lacking fields by endpoint."""
        return self._http.drift

    def close(self) -> None:
        self._http.__exit__(None, None, None)

    def check(self) -> str:
        """Prove that the credential reads usage; the account's name or id, "" when unknown."""
        raise NotImplementedError

    def usage(self, ask: Ask) -> UsageRead:
        """Usage of the window."""
        raise NotImplementedError

    def directory(self) -> list[Entry]:
        """All projects, keys and people."""
        return []

    def costs(self, start: date, end: date) -> list[CostLine]:
        """The provider's bill for the UTC days [start, end)."""
        return []

    def seats(self) -> list[SeatLine] | None:
        """Every seat of the subscription now; None for a provider that sells none."""
        return None


def next_token(path: str, has_more: bool | None, token: str | None, used: str | None) -> str | None:
    """The next page's token, or None at the end. A promise without a new token is an error."""
    if not has_more:
        return None
    if not token or token == used:
        raise ProviderError(f"{path} promises a next page without naming it.", code="malformed")
    return token


def too_many_pages(path: str) -> ProviderError:
    """For an answer that never ends."""
    return ProviderError(f"{path} has more than {MAX_PAGES} pages.", code="malformed")
