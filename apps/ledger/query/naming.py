"""Readable keys and labels for sums."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from apps.ledger.enums import NO_KEY, Axis
from apps.ledger.models import MEASURES
from apps.ledger.query import labels
from apps.ledger.query.persons import FEW, FEW_LABEL, alias
from apps.ledger.query.plan import Plan
from apps.ledger.query.read import Key, Measures, Period, Sum
from apps.ledger.query.types import KIND
from apps.ledger.rules.persons import SMALLEST_GROUP
from apps.portfolio.enums import CapabilityKind
from apps.portfolio.models import Capability

Group = tuple[str | None, ...]
Words = tuple[str, ...]
Named = tuple[Period, Group, Words, Measures]
"""Sums with readable keys and labels."""
_ZERO = (0,) * len(MEASURES)


def named_sums(planned: Plan, found: list[Sum]) -> list[Named]:
    """The sums of a plan by what their keys are called. Groups that read the same are added up."""
    hidden = Axis.USER in planned.axes and not planned.query.people
    if hidden:
        found = _told_apart(found, planned.axes.index(Axis.USER))
    distinct = {group for _, group, _ in found}
    spoken: list[dict[Key, tuple[str | None, str]]] = []
    names: dict[Key, tuple[str | None, str]]
    for position, axis in enumerate(planned.axes):
        ids = {group[position] for group in distinct} - {NO_KEY}
        if planned.query.group_by[position] == KIND:
            names = _kinds(ids)
        elif hidden and axis == Axis.USER:
            names = {FEW: (FEW, FEW_LABEL)}
            names |= {key: alias(key) for key in ids - {FEW}}
        else:
            known = labels.names_of(axis, [UUID(key) for key in ids])
            names = {str(key): known[key] for key in known}
        names |= {key: (key, key) for key in ids - names.keys()}
        names[NO_KEY] = (None, labels.missing(axis))
        spoken.append(names)
    keys_of: dict[tuple[Key, ...], Group] = {}
    words: dict[Group, Words] = {}
    for group in distinct:
        pairs = [names[key] for names, key in zip(spoken, group, strict=True)]
        keys = keys_of[group] = tuple(key for key, _ in pairs)
        words[keys] = tuple(label for _, label in pairs)
    if len(words) == len(distinct):
        return [
            (period, keys := keys_of[group], words[keys], measures)
            for period, group, measures in found
        ]
    merged: dict[tuple[Period, Group], list[Measures]] = defaultdict(list)
    for period, group, measures in found:
        merged[period, keys_of[group]].append(measures)
    return [(period, keys, words[keys], added(parts)) for (period, keys), parts in merged.items()]


def _told_apart(found: list[Sum], place: int) -> list[Sum]:
    """The sums with the persons at a place of their keys put together where they are fewer than
    five within what the other keys say, over all periods of the answer."""
    persons: dict[tuple[Key, ...], set[Key]] = defaultdict(set)
    for _, group, _ in found:
        if group[place] != NO_KEY:
            persons[group[:place] + group[place + 1 :]].add(group[place])
    few = {rest for rest, names in persons.items() if len(names) < SMALLEST_GROUP}
    if not few:
        return found
    return [
        (period, (*group[:place], FEW, *group[place + 1 :]), measures)
        if group[place] != NO_KEY and group[:place] + group[place + 1 :] in few
        else (period, group, measures)
        for period, group, measures in found
    ]


def _kinds(ids: Iterable[Key]) -> dict[Key, tuple[str | None, str]]:
    """Kinds by their word; from hours come ids of capabilities."""
    words: dict[Key, tuple[str | None, str]] = {
        kind.value: (kind.value, str(kind.label)) for kind in CapabilityKind
    }
    capabilities = [UUID(key) for key in ids if key not in words]
    if not capabilities:
        return words
    rows = Capability.objects.filter(id__in=capabilities).values_list("id", "kind")
    return words | {str(key): words[kind] for key, kind in rows}


def added(parts: Iterable[Measures]) -> Measures:
    """Measures taken together."""
    rows = list(parts)
    if len(rows) == 1:
        return rows[0]
    return tuple(map(sum, zip(*rows, strict=True))) if rows else _ZERO
