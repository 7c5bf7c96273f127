"""Use by person, and beside it by something else: one reading of the detailed rollup."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.common.tokens import KINDS
from apps.ledger.enums import NO_KEY, Axis, SliceLevel
from apps.ledger.query.plan import plan
from apps.ledger.query.types import AXES, Query
from apps.tenancy.reading import rows_with_text_keys
from apps.tenancy.scope import require_organization_id

FEW_SLICES = 300


class Use(NamedTuple):
    """What somebody, or a group, used.

    `key` is the person's key on the user axis, of groups the keys of what they are grouped by;
    NO_KEY where usage names none. `days` are those with tokens. `counted_*` are the part whose
    sources count requests: the only part that can be divided by `requests`. `people` are the
    distinct persons that usage names, `named_requests` the requests that name one.
    """

    key: tuple[str, ...]
    tokens: int
    requests: int
    cost_nanos: int
    records: int
    unpriced_records: int
    unpriced_tokens: int
    counted_tokens: int
    named_tokens: int
    named_requests: int
    days: int
    people: int

    @property
    def known_cost(self) -> int | None:
        """None when nothing of it has a price."""
        if self.unpriced_records and self.unpriced_records == self.records:
            return None
        return self.cost_nanos


@dataclass(frozen=True, slots=True)
class People:
    """`persons` in no order, without usage that names nobody; `groups` by their keys."""

    persons: list[Use]
    groups: list[Use]


_SUMMED = ("requests", "cost_nanos", "records", "unpriced_records", "unpriced_tokens")


def people(query: Query, beside: Sequence[str], counting: Collection[str]) -> People:
    """Everybody's use in the days of a query, and the same grouped by the axes `beside`.

    `counting` are ids of the sources that count requests. Of the query, `group_by`, grain, order
    and limit play no part. Invalid as `run`.
    """
    planned = plan(query)
    if planned.nothing:
        return People([], [])
    values = {
        "org": require_organization_id(),
        "level": int(SliceLevel.DETAIL),
        "start": query.start,
        "end": query.end,
        "counting": list(counting),
        "nobody": NO_KEY,
    }
    where = ""
    for axis, accepted in planned.filters.items():
        where += f' AND s."{axis.name.lower()}" = ANY(%({axis.name})s)'
        values[axis.name] = list(accepted)
    sides = [f'"{AXES[name].name.lower()}"' for name in beside]
    taken = dict.fromkeys(['"user"', '"source"', *sides])
    slices = (
        f"SELECT s.id, {', '.join(f's.{name}' for name in taken)} FROM rollup_slice s "
        f'WHERE s.organization_id = %(org)s AND s."level" = %(level)s{where}'
    )
    few = [row[0] for row in rows_with_text_keys(f"{slices} LIMIT {FEW_SLICES + 1}", values)]
    if not few:
        return People([], [])
    named = ""
    if len(few) <= FEW_SLICES:
        named = " AND r.slice_id = ANY(%(slices)s)"
        values["slices"] = few
    width = len(taken) + 1
    sql = (
        f"WITH s AS MATERIALIZED ({slices}), c AS (SELECT {', '.join(f's.{n}' for n in taken)}, "
        f"r.day, sum({' + '.join(f'r.{kind}' for kind in KINDS)}) AS tokens, "
        f"{', '.join(f'sum(r.{name}) AS {name}' for name in _SUMMED)} "
        "FROM rollup_fine r JOIN s ON s.id = r.slice_id "
        'WHERE r.organization_id = %(org)s AND r."level" = %(level)s '
        f"AND r.day >= %(start)s AND r.day < %(end)s{named} "
        f"GROUP BY {', '.join(str(place) for place in range(1, width + 1))}) "
        f'SELECT grouping(c."user"), c."user", {", ".join(f"c.{name}" for name in sides)}, '
        "sum(c.tokens)::bigint, "
        f"{', '.join(f'sum(c.{name})::bigint' for name in _SUMMED)}, "
        "coalesce(sum(c.tokens) FILTER (WHERE c.source = ANY(%(counting)s::uuid[])), 0)::bigint, "
        'coalesce(sum(c.tokens) FILTER (WHERE c."user" <> %(nobody)s), 0)::bigint, '
        'coalesce(sum(c.requests) FILTER (WHERE c."user" <> %(nobody)s), 0)::bigint, '
        "count(DISTINCT c.day) FILTER (WHERE c.tokens > 0), "
        'count(DISTINCT c."user") FILTER (WHERE c."user" <> %(nobody)s) '
        f'FROM c GROUP BY GROUPING SETS ((c."user"), ({", ".join(f"c.{n}" for n in sides)}))'
    )
    persons, groups = [], []
    first = 2 + len(sides)
    for row in rows_with_text_keys(sql, values):
        sums = row[first:]
        if row[0]:
            groups.append(Use(row[2:first], *sums))
        elif row[1] != NO_KEY:
            persons.append(Use((row[1],), *sums))
    return People(
        [use for use in persons if use.tokens or use.requests],
        [use for use in groups if use.tokens or use.requests],
    )


def counting_sources(query: Query) -> tuple[list[str], list[str]]:
    """Ids of the sources that count requests in the days of a query, and of those that do not.

    Of the whole organization, whatever the query is narrowed to: it is what a source can tell.
    """
    sql = (
        "SELECT r.key, sum(r.requests) > 0 FROM rollup_axis r WHERE r.organization_id = %(org)s "
        "AND r.axis = %(axis)s AND r.day >= %(start)s AND r.day < %(end)s GROUP BY 1 "
        f"HAVING sum(r.requests) > 0 OR sum({' + '.join(f'r.{kind}' for kind in KINDS)}) > 0"
    )
    values = {
        "org": require_organization_id(),
        "axis": int(Axis.SOURCE),
        "start": query.start,
        "end": query.end,
    }
    found: tuple[list[str], list[str]] = ([], [])
    for key, counts in rows_with_text_keys(sql, values):
        found[0 if counts else 1].append(key)
    return found
