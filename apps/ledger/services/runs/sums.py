"""Sums per run and per day of runs.

A run is recomputed from its calls whenever one of them is new, changed or gone: nothing to drift,
and a run's few calls are read by index. The sums per day then move by the difference of the run.
Two workers that touch one run wait for each other at its row, and the second one reads what the
first one wrote.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from apps.common.tokens import INPUT_KINDS, KINDS
from apps.ledger.enums import NO_KEY, CostStatus, RunOutcome
from apps.ledger.models import PART_COLUMNS, RUN_SUMS, RollupRun, UsageRun
from apps.ledger.selectors.periods import in_months, pruned_months
from apps.ledger.services.sql import array_literal, fetch
from apps.tenancy.scope import require_organization_id

PAGE = 5_000
"""Runs recomputed in one statement where nobody else writes."""
Span = tuple[datetime, datetime]
OWNER = ("capability_id", "day", "unit_id", "story_id", "source_id", "workflow_id", "agent_id")
"""What the sums per day are kept by, in key order."""


def recompute(runs: Sequence[int], *, timezone: str, span: Span | None = None) -> None:
    """Recompute runs (sorted) from their calls. `span` holds instants of calls the runs did not
    have before; the others are between a run's known start and end.

    Rows are locked in key order first; the sums are read by the statements after that. One
    statement for all runs of a transaction: runs before days, so that no two workers deadlock.
    """
    runs = _without_pruned(runs)
    if not runs:
        return
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "runs": array_literal(runs),
        "zone": timezone,
    }
    mine = "u.organization_id = %(org)s AND u.run_key = ANY(%(runs)s::bigint[])"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(u.started_at), max(u.ended_at) FROM (SELECT * FROM usage_run u "
            f"WHERE {mine} ORDER BY u.run_key FOR UPDATE) u",
            values,
        )
        known = [moment for moment in cursor.fetchone() if moment is not None]
        bounds = [*known, *(span or ())]
        if not bounds:
            return
        values |= {"low": min(bounds), "high": max(bounds)}
        cursor.execute(_moving(_UPDATE), values)


def _without_pruned(runs: Sequence[int]) -> Sequence[int]:
    """A run of a month whose raw records were pruned keeps its sums: its calls are gone."""
    months = pruned_months() if runs else []
    if not months:
        return runs
    gone = UsageRun.objects.filter(run_key__in=runs).filter(in_months("day", months))
    kept = set(runs) - set(gone.values_list("run_key", flat=True))
    return sorted(kept)


def recompute_all(*, timezone: str) -> None:
    """Every run of the open scope anew: another time zone, or repair. Under the exclusive lock."""
    pruned = in_months("day", pruned_months())
    RollupRun.objects.exclude(pruned).delete()
    UsageRun.objects.filter(~pruned | Q(day=None)).update(
        day=None, **dict.fromkeys((*RUN_SUMS, "tokens"), 0)
    )
    found = fetch(
        "SELECT min(occurred_at), max(occurred_at) FROM usage_run_detail "
        "WHERE organization_id = %s",
        [require_organization_id()],
    )[0]
    if found[0] is not None:
        keys = list(UsageRun.objects.order_by("run_key").values_list("run_key", flat=True))
        for start in range(0, len(keys), PAGE):
            recompute(keys[start : start + PAGE], timezone=timezone, span=(found[0], found[1]))


def reown(dimsets: Sequence[int]) -> None:
    """Give runs the owner that the spans of their first call's dimension set now say.

    Call it in the transaction that rewrote the spans, under the ledger's exclusive lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _moving(_REOWN),
            {"org": require_organization_id(), "sets": array_literal(sorted(dimsets))},
        )


def _moving(update: str) -> str:
    """An UPDATE of runs that also moves the sums per day by the difference of each run."""
    sums = ("runs", *RUN_SUMS)

    def side(which: str, sign: str) -> str:
        columns = [*(f"u.{which}_{name}" for name in OWNER), f"{sign}1"]
        columns += [f"{sign}u.{which}_{name}" for name in RUN_SUMS]
        return f"SELECT {', '.join(columns)} FROM u WHERE u.{which}_day IS NOT NULL"

    owner, names = ", ".join(OWNER), ", ".join(sums)
    summed = ", ".join(f"sum(m.{name})::bigint AS {name}" for name in sums)
    moves = " OR ".join(f"sum(m.{name}) <> 0" for name in sums)
    changes = ", ".join(f"{name} = rollup_run.{name} + excluded.{name}" for name in sums)
    returned = ", ".join(
        f"{which}.{name} AS {which}_{name}"
        for which in ("old", "new")
        for name in (*OWNER, *RUN_SUMS)
    )
    return (
        f"WITH {update} RETURNING {returned}), "
        f"m ({owner}, {names}) AS ({side('old', '-')} UNION ALL {side('new', '')}), "
        f"g AS (SELECT {owner}, {summed} FROM m GROUP BY {owner} HAVING {moves}) "
        f"INSERT INTO rollup_run (organization_id, {owner}, {names}) "
        f"SELECT %(org)s, {owner}, {names} FROM g ORDER BY {owner} "
        f"ON CONFLICT (organization_id, {owner}) DO UPDATE SET {changes}"
    )


_INPUT = "+".join(f"coalesce(r.{kind}, 0)" for kind in INPUT_KINDS)
_TOKENS = "+".join(f"coalesce(r.{kind}, 0)" for kind in KINDS)
_PARTS = "+".join(f"d.{name}" for name in PART_COLUMNS)
_ORDER = "ORDER BY r.occurred_at, r.record_key"
_BAD = f"({RunOutcome.ERROR}, {RunOutcome.TIMEOUT})"
_CALLS = {
    "calls": "count(*)",
    "requests": "coalesce(sum(r.requests), 0)",
    "input_tokens": f"sum({_INPUT})",
    "cached_tokens": "sum(coalesce(r.cache_read, 0))",
    "output_tokens": f"sum({_TOKENS}) - sum({_INPUT})",
    "cost_nanos": "coalesce(sum(r.cost_nanos), 0)",
    "unpriced_calls": f"count(*) FILTER (WHERE r.cost_status >= {CostStatus.UNPRICED})",
    "retries": "count(*) FILTER (WHERE d.retry)",
    "failed_calls": f"count(*) FILTER (WHERE d.outcome IN {_BAD})",
    "tool_calls": "count(d.tool_id)",
    "parted_calls": "count(d.user_text)",
    "parted_input": (
        f"coalesce(sum(greatest({_INPUT}, {_PARTS})) FILTER (WHERE d.user_text IS NOT NULL), 0)"
    ),
    **{name: f"coalesce(sum(d.{name}), 0)" for name in PART_COLUMNS},
}
"""Each sum of RUN_SUMS over details `d` and records `r`."""


def _first(value: str, where: str = "true") -> str:
    return f"(array_agg({value} {_ORDER}) FILTER (WHERE {where}))[1]"


_FACTS = {
    "started_at": "min(r.occurred_at)",
    "ended_at": "max(r.occurred_at)",
    "dimset_id": _first("r.dimset_id"),
    "parent_key": _first("d.parent_key", "d.parent_key <> d.run_key"),
    "agent_id": _first("d.agent_id", "d.agent_id IS NOT NULL"),
    "workflow_id": _first("d.workflow_id", "d.workflow_id IS NOT NULL"),
    "outcome": (
        f"(array_agg(d.outcome ORDER BY r.occurred_at DESC, r.record_key DESC) "
        f"FILTER (WHERE d.outcome <> {RunOutcome.UNKNOWN}))[1]"
    ),
}
_ZERO = ("dimset_id", "parent_key", "agent_id", "workflow_id", "outcome", *RUN_SUMS)
_OWNERS = ("unit_id", "capability_id", "story_id")
_UPDATE = (
    "c AS (SELECT d.run_key, "
    + ", ".join(f"{value} AS {name}" for name, value in (_FACTS | _CALLS).items())
    + " FROM usage_run_detail d JOIN usage_record r ON r.organization_id = %(org)s "
    "AND r.occurred_at = d.occurred_at AND r.record_key = d.record_key "
    f"AND r.cost_status <> {CostStatus.WITHDRAWN} "
    "AND r.occurred_at BETWEEN %(low)s AND %(high)s WHERE d.organization_id = %(org)s "
    "AND d.run_key = ANY(%(runs)s::bigint[]) AND d.occurred_at BETWEEN %(low)s AND %(high)s "
    "GROUP BY d.run_key), "
    "f AS (SELECT k.run_key, c.started_at, c.ended_at, "
    "(c.started_at AT TIME ZONE %(zone)s)::date AS day, "
    + ", ".join(f"coalesce(c.{name}, 0) AS {name}" for name in _ZERO)
    + " FROM unnest(%(runs)s::bigint[]) AS k(run_key) LEFT JOIN c ON c.run_key = k.run_key), "
    "o AS (SELECT f.*, "
    + ", ".join(f"coalesce(a.{name}, '{NO_KEY}'::uuid) AS {name}" for name in _OWNERS)
    + " FROM f LEFT JOIN attribution_span a ON a.organization_id = %(org)s "
    "AND a.dimset_id = f.dimset_id AND a.valid_from <= f.day AND f.day < a.valid_to), "
    "u AS (UPDATE usage_run u SET "
    + ", ".join(
        f"{name} = o.{name}" for name in ("started_at", "ended_at", "day", *_ZERO, *_OWNERS)
    )
    + ", tokens = o.input_tokens + o.output_tokens FROM o "
    "WHERE u.organization_id = %(org)s AND u.run_key = o.run_key"
)
_REOWN = (
    "u AS (UPDATE usage_run u SET "
    + ", ".join(f"{name} = coalesce(a.{name}, '{NO_KEY}'::uuid)" for name in _OWNERS)
    + " FROM attribution_span a WHERE u.organization_id = %(org)s "
    "AND u.dimset_id = ANY(%(sets)s::bigint[]) AND u.day IS NOT NULL "
    "AND a.organization_id = %(org)s AND a.dimset_id = u.dimset_id "
    "AND a.valid_from <= u.day AND u.day < a.valid_to AND ("
    + " OR ".join(f"u.{name} <> coalesce(a.{name}, '{NO_KEY}'::uuid)" for name in _OWNERS)
    + ")"
)
