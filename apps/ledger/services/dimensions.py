"""The dictionary of dimension sets: what a worker process remembers between batches.

A set is written, and attributed, once. It is remembered only after the transaction that wrote it
has committed: a remembered id whose row was rolled back would keep records and lose their cells.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from uuid import UUID

import numpy as np

from apps.ledger.enums import Axis
from apps.ledger.rules import keys
from apps.ledger.rules.axes import (
    Assignment,
    Labelled,
    Names,
    SliceRef,
    axis_values,
    slice_of,
    tier_name,
)
from apps.pricing.book import PriceBook
from apps.pricing.rules import Schedule

MAX_SETS = 100_000
"""Sets remembered per organization, about 2 kB each; beyond it the memory starts afresh."""
MAX_ORGANIZATIONS = 8
NEW = -1
"""The attribution version of a dictionary that nobody has used yet."""


@dataclass(slots=True)
class DimSet:
    """One distinct combination as the pipeline needs it."""

    id: int
    digest: UUID
    identity: int
    source_id: UUID
    dims: dict[str, str]
    tags: dict[str, str]
    names: Names
    schedule: Schedule | None
    spans: list[tuple[Assignment, int]] = field(default_factory=list)
    """Assignments with the index of their slice, by start."""

    @property
    def values(self) -> dict[Axis, Labelled]:
        """The textual values of its axes."""
        return axis_values(self.dims, self.names)


@dataclass(slots=True)
class Dictionary:
    """Dimension sets and slices of one organization, by small integers."""

    organization_id: UUID
    attribution_version: int = NEW
    price_version: str = ""
    index: dict[tuple[UUID, keys.DimKey], int] = field(default_factory=dict)
    by_id: dict[int, int] = field(default_factory=dict)
    sets: list[DimSet] = field(default_factory=list)
    slice_index: dict[int, int] = field(default_factory=dict)
    slices: list[SliceRef] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    borrowed: bool = False

    def begin(self, attribution_version: int, price_version: str) -> bool:
        """Whether it is of these versions. A new one becomes so, once and for all."""
        with self.lock:
            if self.attribution_version == NEW and not self.borrowed:
                self.attribution_version, self.price_version = attribution_version, price_version
            return (self.attribution_version, self.price_version) == (
                attribution_version,
                price_version,
            )

    def add(self, entry: DimSet, key: keys.DimKey) -> int:
        """Remember a set; its index."""
        number = self.by_id.get(entry.id)
        if number is None:
            number = len(self.sets)
            self.sets.append(entry)
            self.by_id[entry.id] = number
        self.index[(entry.source_id, key)] = number
        return number

    def slice_number(self, ref: SliceRef) -> int:
        """The index of a slice, remembered on first sight."""
        number = self.slice_index.get(ref.detail_id)
        if number is None:
            number = self.slice_index[ref.detail_id] = len(self.slices)
            self.slices.append(ref)
        return number

    def set_spans(self, entry: DimSet, assignments: Iterable[Assignment]) -> None:
        """Give a set its assignments over time."""
        entry.spans = [
            (
                assignment,
                self.slice_number(
                    slice_of(self.organization_id, entry.values, entry.source_id, assignment)
                ),
            )
            for assignment in sorted(assignments, key=lambda a: a.start)
        ]

    def numbers(self, ids: np.ndarray, guess: np.ndarray) -> np.ndarray:
        """The index of each stored set id; `guess` is right for most of them."""
        own = np.array([entry.id for entry in self.sets], np.int64)
        result = guess.copy()
        wrong = np.flatnonzero(own[guess] != ids)
        by_id = self.by_id
        result[wrong] = [by_id[i] for i in ids[wrong].tolist()]
        return result

    def slice_numbers(self, sets: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The slice of each (set index, day) pair."""
        result = np.empty(len(sets), np.int64)
        entries = self.sets
        for position, (number, day) in enumerate(zip(sets.tolist(), days.tolist(), strict=True)):
            spans = entries[number].spans
            for assignment, found in spans:
                if assignment.start <= day < assignment.end:
                    result[position] = found
                    break
            else:
                raise LookupError(f"no attribution of set {entries[number].id} on day {day}")
        return result


class Outdated(Exception):
    """The dictionary is of older prices or attribution: forget it and start again."""


class Borrowed(Exception):
    """A borrowed dictionary does not suffice: start again with one of your own."""


def borrow(book: Dictionary) -> Dictionary:
    """The same dictionary for reading only: adding to it raises Borrowed."""
    with book.lock:
        return replace(book, borrowed=True)


_remembered: OrderedDict[UUID, Dictionary] = OrderedDict()
_guard = Lock()


def remembered(organization_id: UUID) -> Dictionary:
    """This process's dictionary of an organization."""
    with _guard:
        book = _remembered.get(organization_id)
        if book is None or len(book.sets) > MAX_SETS:
            book = _remembered[organization_id] = Dictionary(organization_id)
        _remembered.move_to_end(organization_id)
        while len(_remembered) > MAX_ORGANIZATIONS:
            _remembered.popitem(last=False)
        return book


def forget(organization_id: UUID) -> None:
    """Start afresh: attribution or prices changed."""
    with _guard:
        _remembered.pop(organization_id, None)


def forget_all() -> None:
    """Start afresh for every organization (tests)."""
    with _guard:
        _remembered.clear()


def build_set(source_id: UUID, key: keys.DimKey, prices: PriceBook) -> DimSet:
    """A set from what a source says: hashes, catalogue names, price schedule."""
    dims = dict(zip(keys.DIM_FIELDS, key[0], strict=True))
    digest = keys.dimension_digest(source_id, key)
    provider, model = prices.canonical(dims["provider"], dims["model"])
    return DimSet(
        id=keys.signed64(digest),
        digest=UUID(bytes=digest),
        identity=keys.dimension_identity(source_id, key),
        source_id=source_id,
        dims=dims,
        tags=dict(key[1]),
        names=Names(provider, model, tier_name(dims["service_tier"])),
        schedule=prices.schedule(
            dims["provider"],
            dims["model"],
            account=dims["account"],
            service_tier=dims["service_tier"],
        ),
    )


def adopt(book: Dictionary, found: Sequence[tuple[keys.DimKey, DimSet, list[Assignment]]]) -> None:
    """Remember sets whose rows are committed."""
    if found and book.borrowed:
        raise Borrowed
    with book.lock:
        for key, entry, assignments in found:
            number = book.add(entry, key)
            book.set_spans(book.sets[number], assignments)
