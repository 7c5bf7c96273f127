"""Writing dimension sets, their attribution and the names behind rollup keys. Once per set."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from apps.ledger.enums import NO_KEY, Axis, SliceLevel
from apps.ledger.rules import days, keys
from apps.ledger.rules.axes import (
    DETAIL_AXES,
    FINE_AXES,
    Assignment,
    Names,
    SliceRef,
    slice_of,
    stated,
)
from apps.ledger.services import rulebook
from apps.ledger.services.dimensions import DimSet
from apps.ledger.services.sql import fetch, insert_rows
from apps.tenancy.scope import require_organization_id

_DIM_COLUMNS = (
    ("id", "bigint"),
    ("digest", "uuid"),
    ("identity", "bigint"),
    ("source_id", "uuid"),
    *((f'"{name}"', "text") for name in keys.DIM_FIELDS),
    ("provider_name", "text"),
    ("model_name", "text"),
    ("tier_name", "text"),
    ("tags", "jsonb"),
)
SPAN_COLUMNS = (
    ("dimset_id", "bigint"),
    ("valid_from", "date"),
    ("valid_to", "date"),
    ("unit_id", "uuid"),
    ("capability_id", "uuid"),
    ("story_id", "uuid"),
    ("phase", "text"),
    ("work_item", "text"),
    ("confidence", "smallint"),
    ("rule_id", "uuid"),
)
_SLICE_COLUMNS = (
    ("id", "bigint"),
    ("level", "smallint"),
    *((f'"{axis.name.lower()}"', "uuid") for axis in DETAIL_AXES),
)
_PLACE = {axis: place for place, axis in enumerate(DETAIL_AXES)}
_VALUE_COLUMNS = (("axis", "smallint"), ("key", "uuid"), ("value", "text"), ("label", "text"))


class DigestCollision(RuntimeError):
    """Two different dimension sets share a 64-bit id: about one in 10¹⁰ at 60,000 sets."""


def register(sets: Sequence[DimSet], rules: rulebook.RuleBook) -> dict[int, list[Assignment]]:
    """Make sure that sets, spans, slices and names are stored; the spans of each set by id.

    A set that exists keeps its stored spans and names: only a re-attribution changes spans.
    """
    by_id = {entry.id: entry for entry in sets}
    stored = recall(by_id)
    new = [entry for set_id, entry in by_id.items() if set_id not in stored]
    insert_rows("dimension_set", _DIM_COLUMNS, [_dim_row(entry) for entry in new], order="id")
    insert_spans({entry.id: rules.spans(entry) for entry in new})
    spans = stored_spans(by_id)
    write_slices((entry, assignment) for entry in sets for assignment in spans[entry.id])
    return spans


def recall(sets: dict[int, DimSet]) -> set[int]:
    """Give sets the names they are stored with; the ids of those that are stored."""
    rows = fetch(
        "SELECT id, digest, provider_name, model_name, tier_name FROM dimension_set "
        "WHERE organization_id = %s AND id = ANY(%s)",
        [require_organization_id(), list(sets)],
    )
    for set_id, digest, *names in rows:
        if digest != sets[set_id].digest:
            raise DigestCollision(f"dimension sets {digest} and {sets[set_id].digest}")
        sets[set_id].names = Names(*names)
    return {row[0] for row in rows}


def stored_spans(ids: Iterable[int]) -> dict[int, list[Assignment]]:
    """Stored assignments by set, in order of their start."""
    rows = fetch(
        "SELECT dimset_id, valid_from, valid_to, unit_id, capability_id, story_id, phase, "
        "work_item, confidence, rule_id FROM attribution_span "
        "WHERE organization_id = %s AND dimset_id = ANY(%s) ORDER BY dimset_id, valid_from",
        [require_organization_id(), list(ids)],
    )
    found: dict[int, list[Assignment]] = {}
    for row in rows:
        start, end = days.day_number(row[1]), days.day_number(row[2])
        found.setdefault(row[0], []).append(Assignment(start, end, *row[3:]))
    return found


def insert_spans(spans: dict[int, list[Assignment]]) -> None:
    """Store assignments of sets that have none."""
    rows = [
        (
            set_id,
            days.to_date(a.start),
            days.to_date(a.end),
            a.unit_id,
            a.capability_id,
            a.story_id,
            a.phase,
            a.work_item,
            a.confidence,
            a.rule_id,
        )
        for set_id, assignments in spans.items()
        for a in assignments
    ]
    insert_rows("attribution_span", SPAN_COLUMNS, rows, order="dimset_id, valid_from")


def write_slices(pairs: Iterable[tuple[DimSet, Assignment]]) -> None:
    """Store the slices that sets count in, and the names of their textual keys."""
    organization_id = require_organization_id()
    slices: dict[int, tuple[object, ...]] = {}
    names: dict[tuple[int, UUID], tuple[object, ...]] = {}
    for entry, assignment in pairs:
        values = entry.values
        ref = slice_of(organization_id, values, entry.source_id, assignment)
        if ref.detail_id not in slices:
            slices[ref.detail_id] = (ref.detail_id, SliceLevel.DETAIL, *ref.keys)
            slices[ref.fine_id] = (ref.fine_id, SliceLevel.FINE, *_fine_keys(ref))
        for axis, labelled in values.items():
            key = ref.keys[_PLACE[axis]]
            names[axis, key] = (int(axis), key, labelled.value, labelled.label)
        for axis in (Axis.PHASE, Axis.CONFIDENCE):
            key, text = ref.keys[_PLACE[axis]], stated(axis, assignment)
            names[axis, key] = (int(axis), key, text, text)
    insert_rows("rollup_slice", _SLICE_COLUMNS, list(slices.values()), order="id")
    insert_rows(
        "dimension_value",
        _VALUE_COLUMNS,
        [row for row in names.values() if str(row[1]) != NO_KEY],
        order="axis, key",
        conflict="(organization_id, axis, key) DO UPDATE SET label = excluded.label "
        "WHERE dimension_value.label <> excluded.label",
    )


def _fine_keys(ref: SliceRef) -> tuple[object, ...]:
    empty = len(DETAIL_AXES) - len(FINE_AXES)
    return (*ref.keys[: len(FINE_AXES)], *[UUID(NO_KEY)] * empty)


def _dim_row(entry: DimSet) -> tuple[object, ...]:
    return (
        entry.id,
        entry.digest,
        entry.identity,
        entry.source_id,
        *(entry.dims[name] for name in keys.DIM_FIELDS),
        entry.names.provider,
        entry.names.model,
        entry.names.tier,
        json.dumps(entry.tags),
    )


def load_sets(ids: Sequence[int]) -> list[tuple[keys.DimKey, UUID]]:
    """What stored sets were made of: their keys and sources, in the order of `ids`."""
    names = ", ".join(f'"{name}"' for name in keys.DIM_FIELDS)
    rows = fetch(
        f"SELECT id, source_id, tags::text, {names} FROM dimension_set "
        "WHERE organization_id = %s AND id = ANY(%s)",
        [require_organization_id(), list(ids)],
    )
    found = {
        row[0]: ((tuple(row[3:]), tuple(sorted(json.loads(row[2]).items()))), row[1])
        for row in rows
    }
    return [found[set_id] for set_id in ids]
