"""The slice of usage a page looks at: the actor's reach and the chosen filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.http import QueryDict

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.ledger.query import Change, Query, Result, Row, run, why
from apps.organizations.selectors import unit_choices, unit_subtree_ids
from apps.portal.rules.words import KIND_CHOICES

_ENTITIES = frozenset({"unit", "capability", "story", "source"})
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Slice:
    """`chosen` is what the person picked per axis; a unit stands for all units below it."""

    unit_ids: frozenset[UUID] | None
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, list[str]]:
        found = {axis: list(values) for axis, values in self.chosen.items() if values}
        if "unit" in found:
            below = {str(i) for value in found["unit"] for i in _subtree(value)}
            found["unit"] = sorted(below)
        return found

    @property
    def narrowed(self) -> bool:
        return any(self.chosen.values())

    def ask(self, start: date, end: date, **parts: Any) -> Result:
        """One question to the ledger inside this slice."""
        return run(
            Query(start=start, end=end, filters=self.filters, unit_ids=self.unit_ids, **parts)
        )

    def why(self, start: date, end: date, before: tuple[date, date]) -> Change:
        """Why the days [start, end) cost more or less than the days before, inside this slice."""
        query = Query(start=start, end=end, filters=self.filters, unit_ids=self.unit_ids)
        return why(query, before)


def _subtree(value: str) -> frozenset[Any]:
    return unit_subtree_ids(UUID(value)) if value else frozenset([""])


def read_slice(actor: Actor, params: QueryDict, axes: Sequence[str]) -> Slice:
    """The slice a query string describes. Values that cannot be ids are left out."""
    chosen = {axis: _clean(axis, params.getlist(axis)) for axis in axes}
    return Slice(
        visible_unit_ids(actor, P.USAGE_VIEW), {a: values for a, values in chosen.items() if values}
    )


def _clean(axis: str, values: Sequence[str]) -> list[str]:
    found = []
    for value in dict.fromkeys(values):
        if axis in _ENTITIES and value:
            try:
                UUID(value)
            except ValueError:
                continue
        if value and len(value) <= 200 and "\x00" not in value:
            found.append(value)
    return found[:MOST_CHOICES]


def choices(axis: str, chosen: Slice, start: date, end: date) -> list[tuple[str, str]]:
    """What the filter of one axis offers: what was used in the days [start, end)."""
    if axis == "kind":
        return list(KIND_CHOICES)
    if axis == "unit":
        return unit_choices(chosen.unit_ids)
    reach = Slice(chosen.unit_ids)
    rows = reach.ask(start, end, group_by=(axis,), limit=MOST_CHOICES).rows
    found = [(row.keys[0], row.labels[0]) for row in rows if row.keys[0]]
    known = {key for key, _ in found}
    found += [(value, value) for value in chosen.chosen.get(axis, ()) if value not in known]
    return [(str(key), label) for key, label in found]


def cost(row: Row) -> int:
    """The known cost, for sums and orders; what has no price is counted apart."""
    return row.cost_nanos or 0
