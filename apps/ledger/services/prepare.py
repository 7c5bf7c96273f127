"""Filling the dictionary: new dimension sets are stored, known ones read."""

from collections.abc import Sequence
from uuid import UUID

from apps.ledger.rules import keys
from apps.ledger.rules.axes import Assignment
from apps.ledger.services import register, rulebook, state
from apps.ledger.services.dimensions import (
    Borrowed,
    Dictionary,
    DimSet,
    Outdated,
    adopt,
    build_set,
)
from apps.pricing.selectors import price_book

Found = list[tuple[keys.DimKey, DimSet, list[Assignment]]]


def find(book: Dictionary, source_id: UUID, dim_keys: Sequence[keys.DimKey]) -> Found:
    """Sets of these keys that the dictionary does not know yet, stored. Needs a scope.

    Give them to `adopt` after the commit. Raises Outdated for a dictionary of older prices or
    attribution: another thread may hold numbers of its sets, so it is left as it is.
    """
    settings, prices = state.lock(), price_book()
    if not book.begin(settings.attribution_version, prices.version):
        raise Borrowed if book.borrowed else Outdated
    missing = [key for key in dim_keys if (source_id, key) not in book.index]
    if not missing:
        return []
    if book.borrowed:
        raise Borrowed
    entries = [build_set(source_id, key, prices) for key in missing]
    spans = register.register(entries, rulebook.current())
    return [(key, entry, spans[entry.id]) for key, entry in zip(missing, entries, strict=True)]


def load(book: Dictionary, ids: Sequence[int]) -> None:
    """Make stored sets known by their ids (the old side of a restatement)."""
    missing = sorted({i for i in ids if i not in book.by_id})
    if not missing:
        return
    prices = price_book()
    spans = register.stored_spans(missing)
    keyed = {
        set_id: (key, build_set(source_id, key, prices))
        for set_id, (key, source_id) in zip(missing, register.load_sets(missing), strict=True)
    }
    register.recall({set_id: entry for set_id, (_, entry) in keyed.items()})
    adopt(book, [(key, entry, spans[set_id]) for set_id, (key, entry) in keyed.items()])
