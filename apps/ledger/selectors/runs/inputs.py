"""Input of single calls, by capability: how large the context that reaches a model really is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from apps.common.periods import instants
from apps.common.tokens import INPUT_KINDS
from apps.ledger.enums import CostStatus
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.scope import require_organization_id

MOST_RUNS_EACH = 200
"""Calls are those of this many latest runs of each capability: the cost does not grow with the
history."""
_INPUT = " + ".join(f"coalesce(r.{kind}, 0)" for kind in INPUT_KINDS)
_SQL = (
    "SELECT c.id, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY i.tokens), "
    "percentile_disc(0.95) WITHIN GROUP (ORDER BY i.tokens), max(i.tokens), "
    "count(*) FILTER (WHERE c.most >= 0 AND i.tokens > c.most) "
    "FROM unnest(%(ids)s::uuid[], %(most)s::bigint[]) AS c(id, most) "
    "CROSS JOIN LATERAL (SELECT u.run_key, u.started_at, u.ended_at FROM usage_run u "
    "WHERE u.organization_id = %(org)s AND u.capability_id = c.id AND u.calls > 0 "
    "AND u.started_at >= %(low)s AND u.started_at < %(high)s "
    f"ORDER BY u.started_at DESC LIMIT {MOST_RUNS_EACH}) u "
    "JOIN usage_run_detail d ON d.organization_id = %(org)s AND d.run_key = u.run_key "
    "AND d.occurred_at >= %(low)s AND d.occurred_at BETWEEN u.started_at AND u.ended_at "
    "JOIN usage_record r ON r.organization_id = %(org)s AND r.occurred_at = d.occurred_at "
    "AND r.record_key = d.record_key AND r.occurred_at >= %(low)s "
    f"AND r.cost_status <> {CostStatus.WITHDRAWN} AND coalesce(r.requests, 1) = 1 "
    f"CROSS JOIN LATERAL (SELECT ({_INPUT})::bigint AS tokens) i GROUP BY c.id"
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Input tokens of single calls, cached ones included. `over` is how many passed the limit
    asked about (0 where there is none)."""

    calls: int
    p50: int
    p95: int
    largest: int
    over: int


def inputs_by_capability(
    limits: Mapping[UUID, int | None], start: date, end: date
) -> dict[UUID, Inputs]:
    """Of each capability whose sources tell single calls, in runs that began on the ledger's days
    [start, end). `limits` names the capabilities and the input a call may have (None: any)."""
    if not limits:
        return {}
    low, high = instants(start, end, ledger_settings().timezone)
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "org": require_organization_id(),
                "ids": list(limits),
                "most": [-1 if most is None else most for most in limits.values()],
                "low": low,
                "high": high,
            },
        )
        return {row[0]: Inputs(*row[1:]) for row in cursor.fetchall()}
