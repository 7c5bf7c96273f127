"""Sums from the rollups (or, for hours, from records) as (period, keys, measures)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.ledger.models import MEASURES
from apps.ledger.query.plan import NOBODY, Plan
from apps.ledger.query.types import KIND
from apps.ledger.rules.axes import DETAIL_AXES, slice_of
from apps.ledger.selectors import sums
from apps.tenancy.scope import require_organization_id

Period = date | datetime | None
Key = UUID | str
"""The key of an axis, or the kind of a capability."""
Measures = tuple[int, ...]
Sum = tuple[Period, tuple[Key, ...], Measures]
_SMALL = frozenset({"day", "week", "month"})
"""Periods short enough for a bigint of nanos; sums of longer ones stay numeric."""
PERIODS = {
    "total": "NULL::date",
    "day": "r.day",
    "week": "r.day - (extract(isodow FROM r.day)::int - 1)",
    "month": "date_trunc('month', r.day)::date",
    "quarter": "date_trunc('quarter', r.day)::date",
    "year": "date_trunc('year', r.day)::date",
}


def read(plan: Plan) -> Iterator[Sum]:
    """Sums of a plan, in no order. Filters compare typed columns with `=` only: they keep their
    index under row level security."""
    if plan.nothing:
        return iter(())
    if plan.query.grain == "hour":
        return _hours(plan)
    return _narrow(plan) if plan.level is None else _fine(plan)


def _sums(plan: Plan, alias: str) -> list[str]:
    cast = "::bigint" if plan.query.grain in _SMALL else ""
    return [f"sum({alias}.{name}){cast}" for name in MEASURES]


def keys_of(plan: Plan, columns: list[str]) -> tuple[list[str], str]:
    """What to select for each grouping, and the join it needs: a kind is its capability's."""
    if KIND not in plan.query.group_by:
        return columns, ""
    place = plan.query.group_by.index(KIND)
    join = (
        " LEFT JOIN portfolio_capability c ON c.organization_id = %(org)s "
        f"AND c.id = {columns[place]}"
    )
    return [*columns[:place], "coalesce(c.kind, '')", *columns[place + 1 :]], join


def _narrow(plan: Plan) -> Iterator[Sum]:
    axis = plan.narrow
    accepted = plan.filters.get(axis)
    keys, join = keys_of(plan, ["r.key"] * len(plan.axes))
    where = " AND r.key = ANY(%(keys)s)" if accepted is not None else ""
    selected = [PERIODS[plan.query.grain], *keys]
    sql = (
        f"SELECT {', '.join([*selected, *_sums(plan, 'r')])} FROM rollup_axis r{join} "
        "WHERE r.organization_id = %(org)s AND r.axis = %(axis)s AND r.day >= %(start)s "
        f"AND r.day < %(end)s{where} GROUP BY {_first(len(selected))}"
    )
    values = {**_values(plan), "axis": int(axis), "keys": list(accepted or ())}
    return _rows(sql, values, width=len(keys))


def _fine(plan: Plan) -> Iterator[Sum]:
    """Cells summed by slice first, then joined with the slices' keys."""
    keys, join = keys_of(plan, [f's."{axis.name.lower()}"' for axis in plan.axes])
    conditions, values = [], {**_values(plan), "level": int(plan.level or 0)}
    for axis, accepted in plan.filters.items():
        conditions.append(f's."{axis.name.lower()}" = ANY(%({axis.name})s)')
        values[axis.name] = list(accepted)
    slices = (
        'SELECT s.* FROM rollup_slice s WHERE s.organization_id = %(org)s AND s."level" = '
        + " AND ".join(["%(level)s", *conditions])
    )
    named = [f"{total} AS {name}" for total, name in zip(_sums(plan, "r"), MEASURES, strict=True)]
    sql = (
        f"WITH s AS MATERIALIZED ({slices}), r AS (SELECT r.slice_id, "
        f"{PERIODS[plan.query.grain]} AS period, {', '.join(named)}"
        ' FROM rollup_fine r WHERE r.organization_id = %(org)s AND r."level" = %(level)s '
        "AND r.day >= %(start)s AND r.day < %(end)s GROUP BY 1, 2) "
        f"SELECT {', '.join(['r.period', *keys, *_sums(plan, 'r')])} "
        f"FROM r JOIN s ON s.id = r.slice_id{join} GROUP BY {_first(1 + len(keys))}"
    )
    return _rows(sql, values, width=len(keys))


def _first(count: int) -> str:
    return ", ".join(str(i + 1) for i in range(count))


def _values(plan: Plan) -> dict[str, Any]:
    query = plan.query
    return {"org": require_organization_id(), "start": query.start, "end": query.end}


def _rows(sql: str, values: dict[str, Any], *, width: int) -> Iterator[Sum]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    first = 1 + width
    whole = bool(rows) and all(isinstance(value, int) for value in rows[0][first:])
    for row in rows:
        measures = row[first:] if whole else tuple(map(int, row[first:]))
        yield row[0], tuple(key or NOBODY for key in row[1:first]), measures


def _hours(plan: Plan) -> Iterator[Sum]:
    """Hours from the records themselves. Day buckets count in the hour in which they begin."""
    org = require_organization_id()
    totals: dict[tuple[datetime | None, tuple[UUID, ...]], list[int]] = defaultdict(
        lambda: [0] * len(MEASURES)
    )
    place = {axis: index for index, axis in enumerate(DETAIL_AXES)}
    for found in sums.of_records(plan.query.start, plan.query.end, by="hour"):
        ref = slice_of(org, found.values, found.source_id, found.assignment)
        if any(ref.keys[place[axis]] not in ok for axis, ok in plan.filters.items()):
            continue
        group = tuple(ref.keys[place[axis]] for axis in plan.axes)
        cell = totals[found.hour, group]
        for index, value in enumerate(found.measures):
            cell[index] += value
    for (hour, group), cell in totals.items():
        yield hour, group, tuple(cell)
