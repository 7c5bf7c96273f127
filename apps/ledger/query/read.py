"""Sums from the rollups (or, for hours, from records) as (period, keys, measures)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from apps.common.memo import kept
from apps.ledger.enums import NO_KEY
from apps.ledger.models import MEASURES
from apps.ledger.query.plan import Plan
from apps.ledger.query.types import KIND
from apps.ledger.rules.axes import DETAIL_AXES, slice_of
from apps.ledger.selectors import sums
from apps.tenancy.reading import rows_with_text_keys
from apps.tenancy.scope import require_organization_id

Period = date | datetime | int | None
Key = str
"""The key of an axis, or the kind of a capability; NO_KEY where usage has none."""
Measures = tuple[int, ...]
Sum = tuple[Period, tuple[Key, ...], Measures]
FEW_SLICES = 300
PERIODS = {
    "total": "NULL::date",
    "day": "r.day",
    "week": "r.day - (extract(isodow FROM r.day)::int - 1)",
    "month": "date_trunc('month', r.day)::date",
    "quarter": "date_trunc('quarter', r.day)::date",
    "year": "date_trunc('year', r.day)::date",
}


def read(plan: Plan, names: Sequence[str] = MEASURES) -> Iterator[Sum]:
    """Sums of a plan, in no order. Filters compare typed columns with `=` only: they keep their
    index under row level security. `names` are the measures wanted, where not all are."""
    if plan.nothing:
        return iter(())
    if plan.query.grain == "hour":
        return _hours(plan)
    return _narrow(plan, names) if plan.level is None else _fine(plan, names)


def read_each(plans: Sequence[Plan], names: Sequence[str] = MEASURES) -> list[list[Sum]]:
    """The sums of plans that differ in what they group by only: in one statement where each is
    answered by one narrow axis without a filter."""
    first = plans[0]
    if len(plans) == 1 or first.nothing or not all(_plain(plan) for plan in plans):
        return [list(read(plan, names)) for plan in plans]
    sql = (
        f"SELECT {', '.join([_period(first), 'r.axis', 'r.key', *_sums(first, names)])} "
        "FROM rollup_axis r WHERE r.organization_id = %(org)s AND r.axis = ANY(%(axes)s) "
        f"AND {_days(first)} GROUP BY 1, 2, 3"
    )
    values = {**_values(first), "axes": [int(plan.narrow) for plan in plans]}
    found: dict[Any, list[Sum]] = defaultdict(list)
    for period, (axis, key), measures in _sums_of(sql, values, width=2):
        found[axis].append((period, (key,), measures))
    return [found[int(plan.narrow)] for plan in plans]


def _plain(plan: Plan) -> bool:
    return (
        plan.query.grain != "hour"
        and len(plan.axes) == 1
        and not plan.filters
        and KIND not in plan.query.group_by
    )


def _sums(plan: Plan, names: Sequence[str]) -> list[str]:
    """Every sum is bigint, which psycopg reads fastest, but for nanos of more than a day."""
    wide = () if plan.query.grain == "day" else ("cost_nanos",)
    return [f"sum(r.{name}){'' if name in wide else '::bigint'}" for name in names]


def _period(plan: Plan) -> str:
    return "width_bucket(r.day, %(cuts)s::date[])" if plan.windows else PERIODS[plan.query.grain]


def _days(plan: Plan) -> str:
    """The days of a plan; of windows not those between them."""
    days = "r.day >= %(start)s AND r.day < %(end)s"
    if not plan.windows:
        return days
    parts = [f"r.day >= %(from{i})s AND r.day < %(to{i})s" for i in range(len(plan.windows))]
    return f"{days} AND ({' OR '.join(parts)})"


def keys_of(plan: Plan, columns: list[str]) -> tuple[list[str], str]:
    """What to select for each grouping, and the join it needs: a kind is its capability's."""
    if KIND not in plan.query.group_by:
        return columns, ""
    place = plan.query.group_by.index(KIND)
    join = (
        " LEFT JOIN portfolio_capability c ON c.organization_id = %(org)s "
        f"AND c.id = {columns[place]}"
    )
    return [*columns[:place], f"coalesce(c.kind, '{NO_KEY}')", *columns[place + 1 :]], join


def _narrow(plan: Plan, names: Sequence[str]) -> Iterator[Sum]:
    axis = plan.narrow
    accepted = plan.filters.get(axis)
    keys, join = keys_of(plan, ["r.key"] * len(plan.axes))
    where = " AND r.key = ANY(%(keys)s)" if accepted is not None else ""
    selected = [_period(plan), *keys]
    sql = (
        f"SELECT {', '.join([*selected, *_sums(plan, names)])} FROM rollup_axis r{join} "
        f"WHERE r.organization_id = %(org)s AND r.axis = %(axis)s AND {_days(plan)}{where} "
        f"GROUP BY {_first(len(selected))}"
    )
    values = {**_values(plan), "axis": int(axis), "keys": list(accepted or ())}
    return _sums_of(sql, values, width=len(keys))


def _fine(plan: Plan, names: Sequence[str]) -> Iterator[Sum]:
    """Cells joined with the keys of their slices. Of periods longer than a day they are summed by
    slice first: a slice has one cell a day.

    Few wanted slices are named in the statement: the index skips from one to the next within each
    day, and the planner knows how many cells come. Of many all are read.
    """
    keys, join = keys_of(plan, [f's."{axis.name.lower()}"' for axis in plan.axes])
    conditions, values = [], {**_values(plan), "level": int(plan.level or 0)}
    for axis, accepted in plan.filters.items():
        conditions.append(f's."{axis.name.lower()}" = ANY(%({axis.name})s)')
        values[axis.name] = list(accepted)
    wanted = (
        'FROM rollup_slice s WHERE s.organization_id = %(org)s AND s."level" = '
        + " AND ".join(["%(level)s", *conditions])
    )
    slices = f"SELECT s.* {wanted}"
    cells = (
        'rollup_fine r WHERE r.organization_id = %(org)s AND r."level" = %(level)s '
        f"AND {_days(plan)}"
    )
    if plan.filters:
        few = _few_slices(plan, f"SELECT s.id {wanted} LIMIT {FEW_SLICES + 1}", values)
        if not few:
            return iter(())
        if len(few) <= FEW_SLICES:
            cells += " AND r.slice_id = ANY(%(slices)s)"
            values["slices"] = few
    if plan.query.grain == "day":
        period, read_cells = "r.day", f"SELECT r.slice_id, r.day, {', '.join(names)} FROM {cells}"
    else:
        sums = zip(_sums(plan, names), names, strict=True)
        named = ", ".join(f"{total} AS {name}" for total, name in sums)
        period = "r.period"
        read_cells = (
            f"SELECT r.slice_id, {_period(plan)} AS period, {named} FROM {cells} GROUP BY 1, 2"
        )
    sql = (
        f"WITH s AS MATERIALIZED ({slices}), r AS ({read_cells}) "
        f"SELECT {', '.join([period, *keys, *_sums(plan, names)])} "
        f"FROM r JOIN s ON s.id = r.slice_id{join} GROUP BY {_first(1 + len(keys))}"
    )
    return _sums_of(sql, values, width=len(keys))


def _few_slices(plan: Plan, sql: str, values: dict[str, Any]) -> list[int]:
    """The slices that pass the filters, or one more than a few of them."""
    known = kept("slices")
    asked = (plan.level, frozenset(plan.filters.items()))
    if asked not in known:
        known[asked] = [row[0] for row in rows_with_text_keys(sql, values)]
    found: list[int] = known[asked]
    return found


def _first(count: int) -> str:
    return ", ".join(str(i + 1) for i in range(count))


def _values(plan: Plan) -> dict[str, Any]:
    query = plan.query
    values = {"org": require_organization_id(), "start": query.start, "end": query.end}
    if plan.windows:
        values["cuts"] = plan.cuts
        for place, (first, last) in enumerate(plan.windows):
            values |= {f"from{place}": first, f"to{place}": last}
    return values


def _sums_of(sql: str, values: dict[str, Any], *, width: int) -> Iterator[Sum]:
    rows = rows_with_text_keys(sql, values)
    first = 1 + width
    if rows and not all(isinstance(value, int) for value in rows[0][first:]):
        return ((row[0], row[1:first], tuple(map(int, row[first:]))) for row in rows)
    return ((row[0], row[1:first], row[first:]) for row in rows)


def _hours(plan: Plan) -> Iterator[Sum]:
    """Hours from the records themselves. Day buckets count in the hour in which they begin."""
    org = require_organization_id()
    totals: dict[tuple[datetime | None, tuple[Key, ...]], list[int]] = defaultdict(
        lambda: [0] * len(MEASURES)
    )
    place = {axis: index for index, axis in enumerate(DETAIL_AXES)}
    for found in sums.of_records(plan.query.start, plan.query.end, by="hour"):
        ref = slice_of(org, found.values, found.source_id, found.assignment)
        if any(ref.keys[place[axis]] not in ok for axis, ok in plan.filters.items()):
            continue
        group = tuple(str(ref.keys[place[axis]]) for axis in plan.axes)
        cell = totals[found.hour, group]
        for index, value in enumerate(found.measures):
            cell[index] += value
    for (hour, group), cell in totals.items():
        yield hour, group, tuple(cell)
