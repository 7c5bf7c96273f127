"""The budget tree, derived from scopes: organization > unit > ... > capability > story."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.budgets.enums import Scope
from apps.budgets.rules.periods import Period

Key = tuple[Scope, UUID | None]


@dataclass(frozen=True, slots=True)
class Node:
    """Where a budget stands."""

    id: UUID
    scope: Scope
    unit_id: UUID | None = None
    capability_id: UUID | None = None
    story_id: UUID | None = None

    @property
    def key(self) -> Key:
        target = {
            Scope.ORGANIZATION: None,
            Scope.UNIT: self.unit_id,
            Scope.CAPABILITY: self.capability_id,
            Scope.STORY: self.story_id,
        }
        return self.scope, target[self.scope]


def enclosing(node: Node, unit_parents: Mapping[UUID, UUID | None]) -> list[Key]:
    """Scopes that contain a budget's own, nearest first."""
    keys: list[Key] = []
    if node.scope is Scope.STORY and node.capability_id is not None:
        keys.append((Scope.CAPABILITY, node.capability_id))
    unit = node.unit_id
    if node.scope is Scope.UNIT and unit is not None:
        unit = unit_parents.get(unit)
    seen: set[UUID] = set()
    while unit is not None and unit not in seen:
        seen.add(unit)
        keys.append((Scope.UNIT, unit))
        unit = unit_parents.get(unit)
    if node.scope is not Scope.ORGANIZATION:
        keys.append((Scope.ORGANIZATION, None))
    return keys


def parents_of(
    nodes: Iterable[Node], unit_parents: Mapping[UUID, UUID | None]
) -> dict[UUID, list[UUID]]:
    """For each budget those of the nearest enclosing scope that has any (often one)."""
    nodes = list(nodes)
    by_key: dict[Key, list[UUID]] = {}
    for node in nodes:
        by_key.setdefault(node.key, []).append(node.id)
    found = {}
    for node in nodes:
        nearest = next((k for k in enclosing(node, unit_parents) if k in by_key), None)
        found[node.id] = list(by_key[nearest]) if nearest is not None else []
    return found


def children_of(parents: Mapping[UUID, list[UUID]]) -> dict[UUID, list[UUID]]:
    """The inverse of `parents_of`."""
    children: dict[UUID, list[UUID]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    return children


def share_within(limit: int, of: Period, within: Period) -> int:
    """What a limit of one period commits in another: by days shared, rounded down.

    A month inside a quarter commits all of itself; a year commits 31/365 in a January.
    """
    days = (min(of.end, within.end) - max(of.start, within.start)).days
    return limit * days // of.days if days > 0 else 0
