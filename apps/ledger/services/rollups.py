"""Moving rollup cells by exact differences, in key order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from apps.common.ids import uuid7
from apps.ledger.enums import NO_KEY, Axis, SliceLevel
from apps.ledger.models import MEASURES, RollupSlice
from apps.ledger.rules import days
from apps.ledger.rules.axes import DETAIL_AXES, FINE_AXES, SliceRef
from apps.ledger.rules.deltas import Cells, IntArray, concat, group
from apps.ledger.rules.keys import slice_id
from apps.ledger.services.sql import array_literal, insert_rows
from apps.tenancy.scope import require_organization_id


def apply(
    cells: Cells,
    slices: list[SliceRef],
    *,
    closed: frozenset[date],
    posted_on: int,
    batch_id: UUID | None = None,
) -> int:
    """Add differences of (day, slice index) cells to all rollups; how many went to adjustments.

    Differences of days in a closed period are written as adjustment rows and counted on
    `posted_on` instead. Everything is computed before the first cell is locked: other workers
    wait for the cells.
    """
    cells = cells.nonzero()
    if not len(cells.first):
        return 0
    cells, adjusted = _divert(cells, slices, closed, posted_on, batch_id)
    moves = [*_fine(cells, slices), *_axes(cells, slices)]
    with connection.cursor() as cursor:
        for statement, values in moves:
            cursor.execute(statement, values)
    return adjusted


def _divert(
    cells: Cells,
    slices: list[SliceRef],
    closed: frozenset[date],
    posted_on: int,
    batch_id: UUID | None,
) -> tuple[Cells, int]:
    """Move the differences of closed days to `posted_on`, with an adjustment row for each."""
    if not closed:
        return cells, 0
    shut = np.fromiter(
        (days.to_date(day).replace(day=1) in closed for day in cells.first.tolist()),
        np.bool_,
        count=len(cells.first),
    )
    if not shut.any():
        return cells, 0
    origin, numbers, sums = cells.first[shut], cells.second[shut], cells.sums[shut]
    rows = [
        (days.to_date(day), days.to_date(posted_on), slices[number].detail_id, batch_id, *measures)
        for day, number, measures in zip(
            origin.tolist(), numbers.tolist(), sums.tolist(), strict=True
        )
    ]
    write_adjustments(rows)
    moved = Cells(np.full(len(origin), posted_on), numbers, sums)
    kept = Cells(cells.first[~shut], cells.second[~shut], cells.sums[~shut])
    both = concat([kept, moved])
    return group(both.first, both.second, both.sums).nonzero(), len(rows)


def write_adjustments(rows: list[tuple[object, ...]]) -> None:
    """Adjustment rows: origin day, posted on, slice, batch, measures."""
    insert_rows(
        "usage_adjustment",
        (
            ("id", "uuid"),
            ("origin_day", "date"),
            ("posted_on", "date"),
            ("slice_id", "bigint"),
            ("batch_id", "uuid"),
            *((name, "bigint") for name in MEASURES),
        ),
        [(uuid7(), *row) for row in rows],
        order="id",
    )


def slices_by_id(ids: Iterable[int]) -> list[SliceRef]:
    """Stored detail slices."""
    rows = RollupSlice.objects.filter(id__in=set(ids)).values_list(
        "id", *(axis.name.lower() for axis in DETAIL_AXES)
    )
    return [
        SliceRef(row[0], slice_id(SliceLevel.FINE, row[1 : 1 + len(FINE_AXES)]), tuple(row[1:]))
        for row in rows
    ]


Statement = tuple[str, list[Any]]


def _fine(cells: Cells, slices: list[SliceRef]) -> list[Statement]:
    detail = np.array([ref.detail_id for ref in slices], np.int64)
    fine = np.array([ref.fine_id for ref in slices], np.int64)
    distinct, fine_index = np.unique(fine, return_inverse=True)
    merged = group(cells.first, fine_index[cells.second], cells.sums).nonzero()
    levels = [np.full(len(cells.first), SliceLevel.DETAIL), np.full(len(merged.first), 1)]
    return _upsert(
        "rollup_fine",
        (("level", "smallint"), ("day", "date"), ("slice_id", "bigint")),
        [
            np.concatenate(levels).tolist(),
            _dates(np.concatenate([cells.first, merged.first])),
            np.concatenate([detail[cells.second], distinct[merged.second]]).tolist(),
        ],
        np.concatenate([cells.sums, merged.sums]),
    )


def _axes(cells: Cells, slices: list[SliceRef]) -> list[Statement]:
    axes: list[np.ndarray] = []
    dates: list[np.ndarray] = []
    names: list[UUID] = []
    sums: list[IntArray] = []
    nobody = UUID(NO_KEY)
    for position, axis in enumerate((Axis.TOTAL, *DETAIL_AXES)):
        codes: dict[UUID, int] = {}
        of_slice = np.fromiter(
            (
                codes.setdefault(nobody if position == 0 else ref.keys[position - 1], len(codes))
                for ref in slices
            ),
            np.int64,
            count=len(slices),
        )
        merged = group(cells.first, of_slice[cells.second], cells.sums).nonzero()
        listed = list(codes)
        axes.append(np.full(len(merged.first), int(axis)))
        dates.append(merged.first)
        names += [listed[code] for code in merged.second.tolist()]
        sums.append(merged.sums)
    return _upsert(
        "rollup_axis",
        (("axis", "smallint"), ("day", "date"), ("key", "uuid")),
        [np.concatenate(axes).tolist(), _dates(np.concatenate(dates)), names],
        np.concatenate(sums),
    )


def _dates(numbers: IntArray) -> list[date]:
    named: Mapping[int, date] = {n: days.to_date(n) for n in np.unique(numbers).tolist()}
    return [named[n] for n in numbers.tolist()]


def _upsert(
    table: str, key: tuple[tuple[str, str], ...], values: Sequence[Sequence[object]], sums: IntArray
) -> list[Statement]:
    """Adds sums to cells. Measures that do not move are left out of the statement."""
    if not len(sums):
        return []
    moving = [i for i in range(len(MEASURES)) if sums[:, i].any()]
    columns = [*key, *((MEASURES[i], "bigint") for i in moving)]
    arrays = [*values, *(sums[:, i].tolist() for i in moving)]
    names = ", ".join(name for name, _ in columns)
    keys = ", ".join(name for name, _ in key)
    unnest = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    changes = ", ".join(
        f"{MEASURES[i]} = {table}.{MEASURES[i]} + excluded.{MEASURES[i]}" for i in moving
    )
    zeros = [MEASURES[i] for i in range(len(MEASURES)) if i not in moving]
    sql = (
        f"INSERT INTO {table} (organization_id, {names}{''.join(', ' + z for z in zeros)}) "
        f"SELECT %s, t.*{', 0' * len(zeros)} FROM unnest({unnest}) AS t({names}) ORDER BY {keys} "
        f"ON CONFLICT (organization_id, {keys}) DO UPDATE SET {changes}"
    )
    return [(sql, [require_organization_id(), *map(array_literal, arrays)])]
