"""One run: its calls in order, its tools, and the runs around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.tokens import INPUT_KINDS, KINDS
from apps.ledger.enums import CostStatus, RunOutcome
from apps.ledger.models import PART_COLUMNS, UsageRun
from apps.tenancy.scope import require_organization_id

MOST_NODES = 200
MOST_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a run. `parts` is None where the call does not state them."""

    number: int
    occurred_at: datetime
    record_key: UUID
    model: str
    agent_id: int | None
    tool_id: int | None
    retry: bool
    outcome: RunOutcome
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_nanos: int | None
    parts: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class ToolLine:
    """Calls of a run by tool; `tool_id` None is calls without one."""

    tool_id: int | None
    calls: int
    failed: int
    retries: int
    tokens: int
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class Node:
    """A run in a tree, with its own sums and those of everything below it."""

    run: UsageRun
    depth: int
    tokens: int
    cost_nanos: int
    calls: int


_INPUT = "+".join(f"coalesce(r.{kind}, 0)" for kind in INPUT_KINDS)
_TOKENS = "+".join(f"coalesce(r.{kind}, 0)" for kind in KINDS)
_FROM = (
    " FROM usage_run_detail d JOIN usage_record r ON r.organization_id = %(org)s "
    "AND r.occurred_at = d.occurred_at AND r.record_key = d.record_key "
    f"AND r.cost_status <> {CostStatus.WITHDRAWN} "
    "WHERE d.organization_id = %(org)s AND d.run_key = %(run)s "
    "AND d.occurred_at BETWEEN %(low)s AND %(high)s "
    "AND r.occurred_at BETWEEN %(low)s AND %(high)s"
)


def _rows(run: UsageRun, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    if run.started_at is None:
        return []
    values |= {
        "org": require_organization_id(),
        "run": run.run_key,
        "low": run.started_at,
        "high": run.ended_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def calls(run: UsageRun, *, skip: int = 0, most: int = 100) -> Sequence[Call]:
    """Calls in the order in which they happened, `most` of them after the first `skip`."""
    parts = ", ".join(f"d.{name}" for name in PART_COLUMNS)
    rows = _rows(
        run,
        "SELECT c.*, s.model_name FROM (SELECT d.occurred_at, d.record_key, r.dimset_id, "
        "d.agent_id, "
        f"d.tool_id, d.retry, d.outcome, {_INPUT}, coalesce(r.cache_read, 0), "
        f"({_TOKENS}) - ({_INPUT}), r.cost_nanos, {parts}{_FROM} "
        "ORDER BY d.occurred_at, d.record_key LIMIT %(most)s OFFSET %(skip)s) c "
        "JOIN dimension_set s ON s.organization_id = %(org)s AND s.id = c.dimset_id "
        "ORDER BY c.occurred_at, c.record_key",
        most=most,
        skip=skip,
    )
    return [
        Call(
            number=skip + index,
            occurred_at=row[0],
            record_key=row[1],
            agent_id=row[3],
            tool_id=row[4],
            retry=row[5],
            outcome=RunOutcome(row[6]),
            input_tokens=row[7],
            cached_tokens=row[8],
            output_tokens=row[9],
            cost_nanos=row[10],
            parts=None if None in row[11:-1] else tuple(row[11:-1]),
            model=row[-1],
        )
        for index, row in enumerate(rows, start=1)
    ]


def tools(run: UsageRun) -> Sequence[ToolLine]:
    """Calls by tool, the most expensive first."""
    bad = f"({RunOutcome.ERROR}, {RunOutcome.TIMEOUT})"
    rows = _rows(
        run,
        f"SELECT d.tool_id, count(*), count(*) FILTER (WHERE d.outcome IN {bad}), "
        f"count(*) FILTER (WHERE d.retry), sum({_TOKENS})::bigint, "
        f"coalesce(sum(r.cost_nanos), 0)::bigint{_FROM} GROUP BY d.tool_id "
        "ORDER BY 6 DESC, 2 DESC, 1",
    )
    return [ToolLine(*row) for row in rows]


def tree(run: UsageRun, units: frozenset[UUID] | None) -> Sequence[Node]:
    """The run, the runs it started and so on, each below its parent in the order of their start.

    At most MOST_NODES runs and MOST_DEPTH levels; runs of units out of sight are left out. A circle
    of parents ends where it began.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE t(run_key, depth, path) AS ("
            "SELECT %(run)s::bigint, 0, ARRAY[%(run)s::bigint] UNION ALL "
            "SELECT u.run_key, t.depth + 1, t.path || u.run_key FROM t JOIN usage_run u "
            "ON u.organization_id = %(org)s AND u.parent_key = t.run_key AND u.parent_key <> 0 "
            "WHERE t.depth < %(deep)s AND u.run_key <> ALL(t.path)) "
            "SELECT run_key, depth, path FROM t LIMIT %(most)s",
            {
                "org": require_organization_id(),
                "run": run.run_key,
                "deep": MOST_DEPTH,
                "most": MOST_NODES,
            },
        )
        found = cursor.fetchall()
    keys = [key for key, _, _ in found]
    rows = {row.run_key: row for row in UsageRun.objects.filter(run_key__in=keys)}
    seen = {
        key: row
        for key, row in rows.items()
        if units is None or row.unit_id in units or row.run_key == run.run_key
    }
    paths = {key: path for key, _, path in found if key in seen}

    def start(path: list[int]) -> list[tuple[float, int]]:
        moments = [(rows[key].started_at, key) for key in path]
        return [(moment.timestamp() if moment else 0.0, key) for moment, key in moments]

    ordered = sorted(paths, key=lambda key: start(paths[key]))
    below: dict[int, list[int]] = {key: [0, 0, 0] for key in paths}
    for key, path in paths.items():
        for ancestor in path:
            if ancestor in below:
                below[ancestor][0] += seen[key].tokens
                below[ancestor][1] += seen[key].cost_nanos
                below[ancestor][2] += seen[key].calls
    return [Node(seen[key], len(paths[key]) - 1, *below[key]) for key in ordered]
