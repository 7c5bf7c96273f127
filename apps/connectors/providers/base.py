"""What every provider's client gives a run, whatever its API looks like."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from apps.connectors.enums import EntryKind
from apps.connectors.providers.http import Meter
from apps.ledger.schema import UsageIn

MAX_NOTES = 20
"""A run keeps the first oddities as text; the rest are only counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A project, workspace or key as the provider's directory names it."""

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


@dataclass(slots=True)
class Names:
    """Display names by provider id; an id without a name shows itself."""

    projects: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: list[Entry]) -> "Names":
        found = cls()
        for entry in entries:
            table = found.projects if entry.kind == EntryKind.PROJECT else found.keys
            table[entry.external_id] = entry.name
        return found


@dataclass(slots=True)
class UsageRead:
    """Everything read from one window. `mismatches` counts rows whose parts were not the total."""

    usage: list[UsageIn] = field(default_factory=list)
    buckets: int = 0
    rows: int = 0
    mismatches: int = 0
    refused: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(text)


class Client(Protocol):
    """A provider's administration API behind one credential."""

    @property
    def meter(self) -> Meter: ...

    def close(self) -> None: ...

    def check(self) -> str:
        """Prove that the credential reads usage; the account's name or id, "" when unknown."""
        ...

    def directory(self) -> list[Entry]:
        """All projects and keys."""
        ...

    def usage(
        self, start: datetime, end: datetime, *, account: str, names: Names, observed_at: datetime
    ) -> UsageRead:
        """Hourly usage of [start, end), both on the hour."""
        ...

    def costs(self, start: date, end: date) -> list[CostLine]:
        """The provider's bill for the UTC days [start, end)."""
        ...
