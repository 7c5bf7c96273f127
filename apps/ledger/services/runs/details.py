"""The details of a batch into their table, and which runs that touches."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from numpy.typing import NDArray

from apps.ledger.models import PART_COLUMNS, UsageRun
from apps.ledger.rules.runs import Details
from apps.ledger.services.runs.sums import recompute
from apps.ledger.services.sql import array_literal, fetch, insert_rows
from apps.tenancy.scope import require_organization_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IDS = ("parent_key", "agent_id", "workflow_id", "tool_id")
_CONTENT = ("run_key", *_IDS, *PART_COLUMNS, "outcome", "retry")


def take(details: Details | None, source_id: UUID, changed: str | None, timezone: str) -> None:
    """Store what a batch says about runs and recompute the runs it touches.

    Call it after the records are written, in their transaction. `changed` names the temporary
    table of the records that got a new version (None: no record did): their runs have other sums
    now, whether or not this batch says anything about runs. A detail that is known with the same
    content, or from a later observation, causes no write.
    """
    runs: set[int] = set()
    if changed is not None and UsageRun.objects.exists():
        runs |= set(touched(changed))
    span = None
    if details is not None:
        _store_words(details)
        _store_runs(details, source_id)
        runs |= _merge(details)
        span = (_instant(details.occurred.min()), _instant(details.occurred.max()))
    recompute(sorted(runs), timezone=timezone, span=span)


def touched(table: str) -> list[int]:
    """Runs of the records in a temporary table with `occurred_at` and `record_key`."""
    rows = fetch(
        f"SELECT DISTINCT d.run_key FROM {table} s CROSS JOIN LATERAL ("
        "SELECT r.run_key FROM usage_run_detail r WHERE r.organization_id = %s "
        "AND r.occurred_at = s.occurred_at AND r.record_key = s.record_key OFFSET 0) d",
        [require_organization_id()],
    )
    return [row[0] for row in rows]


def take_away(source_id: UUID, start: datetime, end: datetime, timezone: str) -> None:
    """Recompute the runs of a source with calls in [start, end): some were withdrawn."""
    rows = fetch(
        "SELECT DISTINCT d.run_key FROM usage_run_detail d JOIN usage_run u "
        "ON u.organization_id = %(org)s AND u.run_key = d.run_key AND u.source_id = %(source)s "
        "WHERE d.organization_id = %(org)s AND d.occurred_at >= %(start)s "
        "AND d.occurred_at < %(end)s ORDER BY 1",
        {
            "org": require_organization_id(),
            "source": source_id,
            "start": start,
            "end": end,
        },
    )
    recompute([row[0] for row in rows], timezone=timezone, span=(start, end))


def _instant(us: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))


def _store_words(details: Details) -> None:
    rows = [(number, int(kind), text) for number, (kind, text) in details.words.items()]
    insert_rows(
        "run_word", (("id", "bigint"), ("kind", "smallint"), ("text", "text")), rows, order="id"
    )


def _store_runs(details: Details, source_id: UUID) -> None:
    """Runs and parents by name; their sums follow."""
    rows = [(number, source_id, text) for number, text in details.runs.items()]
    insert_rows(
        "usage_run",
        (("run_key", "bigint"), ("source_id", "uuid"), ("run_id", "text")),
        rows,
        order="run_key",
    )


def _merge(details: Details) -> set[int]:
    """Insert new details and replace older ones; the runs that gained, lost or keep a changed call.

    The last observed detail of a record wins, and of several observed at once the larger one: the
    outcome does not depend on the order of delivery.
    """
    columns: list[tuple[str, str, NDArray[Any]]] = [
        ("occurred_us", "bigint", details.occurred),
        ("observed_us", "bigint", details.observed),
        ("run_key", "bigint", details.run),
        ("parent_key", "bigint", details.parent),
        ("agent_id", "bigint", details.agent),
        ("workflow_id", "bigint", details.workflow),
        ("tool_id", "bigint", details.tool),
        *((name, "bigint", details.parts[:, index]) for index, name in enumerate(PART_COLUMNS)),
        ("outcome", "smallint", details.outcome),
    ]
    names = ["record_key", *(name for name, _, _ in columns), "retry", "parted"]
    kinds = ["uuid", *(kind for _, kind, _ in columns), "boolean", "boolean"]
    arrays: list[Sequence[Any]] = [
        details.record_key,
        *(values.tolist() for _, _, values in columns),
        _booleans(details.retry),
        _booleans(details.parted),
    ]
    unnest = ", ".join(f"%s::{kind}[]" for kind in kinds)
    content = [
        "t.run_key",
        *(f"NULLIF(t.{name}, 0) AS {name}" for name in _IDS),
        *(f"CASE WHEN t.parted THEN t.{name}::int END AS {name}" for name in PART_COLUMNS),
        "t.outcome",
        "t.retry",
    ]
    listed = ", ".join(_CONTENT)

    def row(alias: str) -> str:
        zero = {"outcome": "0", "retry": "false"}
        return (
            "ROW("
            + ", ".join(f"coalesce({alias}.{name}, {zero.get(name, '-1')})" for name in _CONTENT)
            + ")"
        )

    def later(alias: str) -> str:
        """Whether what is stored wins against the other side."""
        return f"(d.observed_at, {row('d')}) >= ({alias}.observed_at, {row(alias)})"

    sql = (
        "WITH t AS MATERIALIZED (SELECT "
        "to_timestamp(0) + t.occurred_us * interval '1 microsecond' AS occurred_at, "
        "to_timestamp(0) + t.observed_us * interval '1 microsecond' AS observed_at, "
        f"t.record_key, {', '.join(content)} FROM unnest({unnest}) AS t({', '.join(names)})), "
        "s AS (SELECT DISTINCT ON (s.occurred_at, s.record_key) s.* FROM t s "
        f"ORDER BY s.occurred_at, s.record_key, s.observed_at DESC, {row('s')} DESC), "
        "n AS (SELECT s.* FROM s LEFT JOIN LATERAL (SELECT "
        f"({later('s')} OR {row('d')} = {row('s')}) AS settled FROM usage_run_detail d "
        "WHERE d.organization_id = %s AND d.occurred_at = s.occurred_at "
        "AND d.record_key = s.record_key OFFSET 0) d ON true WHERE d.settled IS NOT TRUE) "
        f"INSERT INTO usage_run_detail AS d (organization_id, occurred_at, record_key, "
        f"observed_at, {listed}) SELECT %s, s.occurred_at, s.record_key, s.observed_at, {listed} "
        "FROM n s ORDER BY s.occurred_at, s.record_key "
        "ON CONFLICT (organization_id, occurred_at, record_key) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in ("observed_at", *_CONTENT))
        + f" WHERE NOT {later('excluded')} "
        "RETURNING old.run_key, new.run_key"
    )
    org = require_organization_id()
    rows = fetch(sql, [*map(array_literal, arrays), org, org])
    return {run for pair in rows for run in pair if run is not None}


def _booleans(values: NDArray[Any]) -> list[str]:
    return ["t" if value else "f" for value in values.tolist()]
