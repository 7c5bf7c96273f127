"""Proof: every rollup cell against a recomputation from records, spans and adjustments."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from apps.ledger.enums import Axis, SliceLevel
from apps.ledger.models import MEASURES
from apps.ledger.rules import keys
from apps.ledger.rules.axes import (
    DETAIL_AXES,
    FINE_AXES,
    NOBODY,
    slice_of,
)
from apps.ledger.selectors import periods, sums
from apps.tenancy.scope import require_organization_id

Row = tuple[int, ...]
Cell = tuple[object, ...]
MAX_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that is not what the records say."""

    table: str
    cell: Cell
    stored: dict[str, int]
    expected: dict[str, int]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of comparing every cell. `differences` are the first ones of `wrong`.

    `by_digest` months have no raw records any more: their cells were held against the digest of
    their close.
    """

    cells: int
    wrong: int
    differences: list[Difference]
    by_digest: int = 0

    @property
    def ok(self) -> bool:
        return self.wrong == 0


def verify_rollups(start: date | None = None, end: date | None = None) -> Verification:
    """Compare every cell of the days [start, end), or of all days, to the nano.

    The sums are recomputed by the database, apart from the code that maintains the cells. Months
    whose raw records were pruned are held against their digest, which proves the same.
    """
    first, last = start or date(1970, 1, 1), end or date(9999, 1, 1)
    pruned = periods.pruned_months(first, last)
    axis, fine = _expected(first, last)
    wrong = [
        Difference("accounting_period", (month,), {}, {})
        for month in pruned
        if not periods.is_unchanged(month)
    ]
    cells = 0
    for table, expected, stored in (
        ("rollup_axis", axis, _stored("rollup_axis", "axis, day, key", first, last)),
        ("rollup_fine", fine, _stored("rollup_fine", "level, day, slice_id", first, last)),
    ):
        every = {
            cell
            for cell in expected.keys() | stored.keys()
            if not pruned or _day_of(cell).replace(day=1) not in pruned
        }
        cells += len(every)
        zero = (0,) * len(MEASURES)
        for cell in every:
            should, is_ = expected.get(cell, zero), stored.get(cell, zero)
            if tuple(should) != tuple(is_):
                wrong.append(Difference(table, cell, _named(is_, should), _named(should, is_)))
    return Verification(cells, len(wrong), wrong[:MAX_DIFFERENCES], len(pruned))


def _day_of(cell: Cell) -> date:
    day = cell[1]
    if not isinstance(day, date):
        raise TypeError(f"{cell} has no day")
    return day


def _named(row: Iterable[int], other: Iterable[int]) -> dict[str, int]:
    return {
        name: value
        for name, value, against in zip(MEASURES, row, other, strict=True)
        if value != against
    }


def _stored(table: str, cell: str, first: date, last: date) -> dict[Cell, Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {cell}, {', '.join(MEASURES)} FROM {table} "
            "WHERE organization_id = %s AND day >= %s AND day < %s",
            [require_organization_id(), first, last],
        )
        return {row[:3]: row[3:] for row in cursor.fetchall()}


def _expected(first: date, last: date) -> tuple[dict[Cell, Row], dict[Cell, Row]]:
    axis: dict[Cell, list[int]] = defaultdict(lambda: [0] * len(MEASURES))
    fine: dict[Cell, list[int]] = defaultdict(lambda: [0] * len(MEASURES))

    def count(day: date, detail: int, fine_id: int, found: tuple[UUID, ...], row: Row) -> None:
        _add(fine[SliceLevel.DETAIL, day, detail], row)
        _add(fine[SliceLevel.FINE, day, fine_id], row)
        for which, key in zip((Axis.TOTAL, *DETAIL_AXES), (NOBODY, *found), strict=True):
            _add(axis[which, day, key], row)

    org = require_organization_id()
    for found in sums.of_records(first, last):
        ref = slice_of(org, found.values, found.source_id, found.assignment)
        count(found.day, ref.detail_id, ref.fine_id, ref.keys, found.measures)
    for day, detail, axis_keys, row in _sums_of_adjustments(first, last):
        fine_id = keys.slice_id(SliceLevel.FINE, axis_keys[: len(FINE_AXES)])
        count(day, detail, fine_id, axis_keys, row)
    return (
        {cell: tuple(row) for cell, row in axis.items() if any(row)},
        {cell: tuple(row) for cell, row in fine.items() if any(row)},
    )


def _add(cell: list[int], row: Row) -> None:
    for index, value in enumerate(row):
        cell[index] += value


def _sums_of_adjustments(
    first: date, last: date
) -> Iterable[tuple[date, int, tuple[UUID, ...], Row]]:
    """(day, detail slice, its keys, measures): minus on the origin's day, plus where posted."""
    org = require_organization_id()
    axes = ", ".join(f's."{axis.name.lower()}"' for axis in DETAIL_AXES)
    for column, sign in (("origin_day", -1), ("posted_on", 1)):
        totals = ", ".join(f"({sign} * sum(a.{name}))::bigint" for name in MEASURES)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT a.{column}, a.slice_id, {axes}, {totals} FROM usage_adjustment a "
                "JOIN rollup_slice s ON s.organization_id = %(org)s AND s.id = a.slice_id "
                f"WHERE a.organization_id = %(org)s AND a.{column} >= %(first)s "
                f"AND a.{column} < %(last)s GROUP BY a.{column}, a.slice_id, {axes}",
                {"org": org, "first": first, "last": last},
            )
            for row in cursor.fetchall():
                at = 2 + len(DETAIL_AXES)
                yield row[0], row[1], tuple(row[2:at]), tuple(row[at:])
