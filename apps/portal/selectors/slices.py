"""The slice of usage a page looks at: the actor's reach and the chosen filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import QueryDict

from apps.access.actors import Actor
from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.ledger.query import (
    AXES,
    Change,
    Costs,
    Query,
    Result,
    Row,
    costs,
    costs_by,
    crossed,
    labels,
    run,
    side_by_side,
    side_by_side_by,
    used,
    values,
    why,
)
from apps.ledger.query.persons import NOBODY
from apps.organizations.selectors import unit_choices, unit_subtree_ids
from apps.portal.rules.words import KIND_CHOICES

ENTITIES = frozenset({"unit", "capability", "story", "source"})
MOST_CHOICES = 200
CHOICE_DAYS = 31


@dataclass(frozen=True, slots=True)
class Slice:
    """`chosen` is what the person picked per axis; a unit stands for all units below it. `people`:
    whether the actor may see who the people in it are; `refused`: a filter by a person was left out
    because they may not."""

    unit_ids: frozenset[UUID] | None
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    people: bool = False
    refused: bool = False

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
        return run(self._query(start, end, **parts))

    def side_by_side(self, windows: Sequence[tuple[date, date]], **parts: Any) -> list[list[Row]]:
        """The rows of one question over several windows of days, in one reading."""
        return side_by_side(self._query(date.min, date.min, **parts), windows)

    def side_by_side_by(
        self, windows: Sequence[tuple[date, date]], groups: Sequence[str], **parts: Any
    ) -> dict[str, list[list[Row]]]:
        """The same by each of several groupings."""
        return side_by_side_by(self._query(date.min, date.min, **parts), windows, groups)

    def crossed(self, windows: Sequence[tuple[date, date]], **parts: Any) -> list[list[Row]]:
        """The same by more than two groupings."""
        return crossed(self._query(date.min, date.min, **parts), windows)

    def values(
        self, start: date, end: date, names: Sequence[str], **parts: Any
    ) -> dict[tuple[str | None, ...], tuple[tuple[str, ...], dict[Any, int]]]:
        """Some measures added up and nothing else, by group and period."""
        return values(self._query(start, end, **parts), names)

    def costs(self, start: date, end: date, **parts: Any) -> Costs:
        """The known cost alone, by group and period."""
        return costs(self._query(start, end, **parts))

    def costs_by(
        self, start: date, end: date, groups: Sequence[str], **parts: Any
    ) -> dict[str, Costs]:
        """The known cost by each of several groupings."""
        return costs_by(self._query(start, end, **parts), groups)

    def why(self, start: date, end: date, before: tuple[date, date]) -> Change:
        """Why the days [start, end) cost more or less than the days before, inside this slice."""
        return why(self._query(start, end), before)

    def _query(self, start: date, end: date, **parts: Any) -> Query:
        return Query(
            start=start,
            end=end,
            filters=self.filters,
            unit_ids=self.unit_ids,
            people=self.people,
            **parts,
        )


def _subtree(value: str) -> frozenset[Any]:
    return unit_subtree_ids(UUID(value)) if value else frozenset([""])


def read_slice(actor: Actor, params: QueryDict, axes: Sequence[str]) -> Slice:
    """The slice a query string describes. Values that cannot be ids are left out, and people for
    those who may not see them."""
    units = visible_unit_ids(actor, P.USAGE_VIEW)
    chosen = {axis: found for axis in axes if (found := _clean(axis, params.getlist(axis)))}
    people = may_see_people(actor, None) or may_see_people(
        actor, reached_units(Slice(units, chosen))
    )
    named = [value for value in chosen.get("user", ()) if value not in NOBODY]
    if people or not named:
        return Slice(units, chosen, people)
    chosen["user"] = [value for value in chosen["user"] if value in NOBODY]
    return Slice(units, {a: values for a, values in chosen.items() if values}, refused=True)


def reached_units(chosen: Slice) -> frozenset[UUID] | None:
    """Units whose usage the slice holds; None: everybody's and nobody's."""
    if "unit" not in chosen.filters:
        return chosen.unit_ids
    picked = frozenset(UUID(unit) for unit in chosen.filters["unit"])
    return picked if chosen.unit_ids is None else picked & chosen.unit_ids


def _clean(axis: str, values: Sequence[str]) -> list[str]:
    found = []
    for value in dict.fromkeys(values):
        if axis in ENTITIES and value:
            try:
                UUID(value)
            except ValueError:
                continue
        if value and len(value) <= 200 and "\x00" not in value:
            found.append(value)
    return found[:MOST_CHOICES]


def choices(
    axes: Sequence[str], chosen: Slice, start: date, end: date
) -> dict[str, list[tuple[str, str]]]:
    """What the filters of some axes offer: what was used in [start, end), in its last days where
    it is longer; what is chosen already is always among it."""
    start = max(start, end - timedelta(days=CHOICE_DAYS))
    asked = [axis for axis in axes if axis not in ("kind", "unit")]
    if not chosen.people:
        asked = [axis for axis in asked if axis != "user"]
    if chosen.unit_ids is None:
        found = used(asked, start, end, MOST_CHOICES)
    else:
        found = {axis: _seen(axis, chosen, start, end) for axis in asked}
    for axis, offered in found.items():
        known = {value for value, _ in offered}
        picked = [value for value in chosen.chosen.get(axis, ()) if value not in known]
        found[axis] = [*offered, *_named(axis, picked)]
    if "kind" in axes:
        found["kind"] = list(KIND_CHOICES)
    if "unit" in axes:
        found["unit"] = unit_choices(chosen.unit_ids)
    return found


def _seen(axis: str, chosen: Slice, start: date, end: date) -> list[tuple[str, str]]:
    """For those who see some units only: what these used."""
    rows = (
        Slice(chosen.unit_ids, people=chosen.people)
        .ask(start, end, group_by=(axis,), limit=MOST_CHOICES)
        .rows
    )
    return [(row.keys[0], row.labels[0]) for row in rows if row.keys[0]]


def _named(axis: str, values: Sequence[str]) -> list[tuple[str, str]]:
    if axis not in ENTITIES or not values:
        return [(value, value) for value in values]
    names = labels.names_of(AXES[axis], [UUID(value) for value in values])
    return [(str(key), label) for key, (_, label) in names.items()]


def cost(row: Row) -> int:
    """The known cost, for sums and orders; what has no price is counted apart."""
    return row.cost_nanos or 0
