"""Records that are handed in for comparison only: each counted once, summed by day and dimensions.

A delivery that is repeated changes nothing, a later observation replaces an earlier one, and an
emptied record is removed, as in the ledger. The lines of `ComparisonUsage` move by the difference.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from apps.common.ids import uuid7
from apps.common.tokens import KINDS
from apps.connectors.services.compare import DIMENSIONS, LABELS, line_key
from apps.ledger.rules import columns as columns_of
from apps.ledger.rules.keys import DIM_FIELDS
from apps.ledger.schema import IngestResult, UsageIn
from apps.ledger.services.sql import array_literal, fetch, insert_rows, text_array_literal
from apps.tenancy.scope import require_organization_id

_OF_DIMS = tuple(DIM_FIELDS.index(name) for name in (*DIMENSIONS[:-1], *LABELS))
_FIGURES = (*KINDS, "requests", "cost_nanos")
_SUMS = (*KINDS, "requests", "records", "uncosted", "costed_nanos")


class Compared(NamedTuple):
    """One record on its way into a line; `dimensions` end with the currency."""

    record_key: UUID
    occurred_at: datetime
    observed_at: datetime
    dimensions: tuple[str, ...]
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    requests: int | None
    cost_nanos: int | None

    @property
    def line(self) -> tuple[date, UUID]:
        return self.occurred_at.astimezone(UTC).date(), line_key(self.dimensions)


def read(source_id: UUID, batch: Sequence[UsageIn], accepted_at: datetime) -> list[Compared]:
    """The valid records of a batch, the last version of each. Its own cost, or none."""
    columns = columns_of.read(batch, source_id, accepted_at=accepted_at)
    dims = [tuple(values[index] for index in _OF_DIMS) for values, _ in columns.dim_keys]
    raw = columns.key_bytes()
    found = []
    for at, number in enumerate(columns.local.tolist()):
        *texts, project, api_key = dims[number]
        costs = bool(columns.has_cost[at])
        requests = int(columns.requests[at])
        found.append(
            Compared(
                record_key=UUID(bytes=raw[at].tobytes()),
                occurred_at=_instant(columns.occurred[at]),
                observed_at=_instant(columns.observed[at]),
                dimensions=(*texts, columns.currency[at].decode() if costs else "USD"),
                labels=(project, api_key),
                counts=tuple(columns.counts[at].tolist()),
                requests=None if requests < 0 else requests,
                cost_nanos=int(columns.reported[at]) if costs else None,
            )
        )
    return found


def _instant(us: Any) -> datetime:
    return datetime.fromtimestamp(int(us) / 1_000_000, UTC)


def store_records(source_id: UUID, records: Sequence[Compared], *, today: date) -> IngestResult:
    """Keep records in the open scope. Deliveries of one source wait for each other."""
    result = IngestResult()
    if not records:
        return result
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"compared:{source_id}"]
        )
    kept = [record for record in records if any(record.counts) or record.requests]
    empty = [record.record_key for record in records if not (any(record.counts) or record.requests)]
    _ensure_lines(source_id, kept)
    written = _write(source_id, kept, today) if kept else []
    gone = _remove(source_id, "d.record_key = ANY(%(keys)s::uuid[])", keys=empty) if empty else []
    _move(source_id, [*written, *gone])
    result.changed = sum(1 for _, _, sign, _, *_ in written if sign < 0)
    result.new = sum(1 for _, _, sign, _, *_ in written if sign > 0) - result.changed
    result.unchanged = len(kept) - result.new - result.changed
    result.withdrawn = len(gone)
    return result


def forget_since(source_id: UUID, since: datetime) -> int:
    """Remove what was compared since an instant: the source counts from there; how many records."""
    gone = _remove(source_id, "d.occurred_at >= %(since)s", since=since)
    _move(source_id, gone)
    return len(gone)


Part = tuple[Any, ...]
"""Day, line, +1 or -1, whether it has a cost, then the figures."""


def _ensure_lines(source_id: UUID, records: Iterable[Compared]) -> None:
    lines = {record.line: record for record in records}
    rows = [
        (uuid7(), source_id, day, key, *record.dimensions, *record.labels, record.observed_at)
        for (day, key), record in sorted(lines.items(), key=lambda item: item[0])
    ]
    texts = [(f'"{name}"' if name == "user" else name, "text") for name in (*DIMENSIONS, *LABELS)]
    insert_rows(
        "connectors_comparisonusage",
        [
            ("id", "uuid"),
            ("source_id", "uuid"),
            ("day", "date"),
            ("key", "uuid"),
            *texts,
            ("observed_at", "timestamptz"),
            *((kind, "bigint") for kind in KINDS),
            ("revisions", "smallint"),
        ],
        [(*row, *(0 for _ in KINDS), 0) for row in rows],
        order="day, key",
        conflict="(organization_id, source_id, day, key) DO NOTHING",
    )


def _parts(alias: str, sign: int) -> str:
    figures = ", ".join(f"{alias}_{name}" for name in _FIGURES)
    return (
        f"SELECT {alias}_day, {alias}_key, {sign}, {figures} FROM w WHERE {alias}_day IS NOT NULL"
    )


_NAMED = ("day", "key", *_FIGURES)
_WRITE = (
    "WITH w AS (INSERT INTO connectors_comparedrecord AS d (organization_id, source_id, seen_on, "
    f"record_key, occurred_at, observed_at, day, key, {', '.join(_FIGURES)}) "
    "SELECT %(org)s, %(source)s, %(today)s, t.* FROM unnest(%(record_key)s::uuid[], "
    "%(occurred_at)s::timestamptz[], %(observed_at)s::timestamptz[], %(day)s::date[], "
    f"%(key)s::uuid[], {', '.join(f'%({name})s::bigint[]' for name in _FIGURES)}) AS t "
    "ON CONFLICT (organization_id, source_id, record_key) DO UPDATE SET "
    "seen_on = excluded.seen_on, "
    + ", ".join(f"{name} = excluded.{name}" for name in ("observed_at", *_NAMED))
    + " WHERE d.observed_at <= excluded.observed_at AND ("
    + ", ".join(f"d.{name}" for name in _NAMED)
    + ") IS DISTINCT FROM ("
    + ", ".join(f"excluded.{name}" for name in _NAMED)
    + ") RETURNING "
    + ", ".join(f"{alias}.{name} AS {alias}_{name}" for alias in ("old", "new") for name in _NAMED)
    + f") {_parts('old', -1)} UNION ALL {_parts('new', 1)}"
)


def _write(source_id: UUID, records: Sequence[Compared], today: date) -> list[Part]:
    lines = [record.line for record in records]
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "source": source_id,
        "today": today,
        "record_key": array_literal([record.record_key for record in records]),
        "occurred_at": text_array_literal([record.occurred_at.isoformat() for record in records]),
        "observed_at": text_array_literal([record.observed_at.isoformat() for record in records]),
        "day": array_literal([day for day, _ in lines]),
        "key": array_literal([key for _, key in lines]),
        "requests": array_literal([record.requests for record in records]),
        "cost_nanos": array_literal([record.cost_nanos for record in records]),
    }
    for index, kind in enumerate(KINDS):
        values[kind] = array_literal([record.counts[index] for record in records])
    return fetch(_WRITE, values)


def _remove(source_id: UUID, where: str, **values: Any) -> list[Part]:
    figures = ", ".join(f"d.{name}" for name in _FIGURES)
    return fetch(
        "DELETE FROM connectors_comparedrecord d WHERE d.organization_id = %(org)s "
        f"AND d.source_id = %(source)s AND {where} RETURNING d.day, d.key, -1, {figures}",
        {"org": require_organization_id(), "source": source_id, **values},
    )


_MOVE = (
    "UPDATE connectors_comparisonusage c SET "
    + ", ".join(f"{name} = c.{name} + m.{name}" for name in (*KINDS, "records", "uncosted"))
    + ", requests = CASE WHEN m.requests IS NULL THEN c.requests "
    "ELSE coalesce(c.requests, 0) + m.requests END, "
    "costed_nanos = c.costed_nanos + m.costed_nanos, "
    "cost_nanos = CASE WHEN c.uncosted + m.uncosted = 0 "
    "THEN c.costed_nanos + m.costed_nanos END, "
    "revisions = c.revisions + m.revised, observed_at = now() "
    "FROM unnest(%(day)s::date[], %(key)s::uuid[], %(revised)s::int[], "
    + ", ".join(f"%({name})s::bigint[]" for name in _SUMS)
    + f") AS m (day, key, revised, {', '.join(_SUMS)}) "
    "WHERE c.organization_id = %(org)s AND c.source_id = %(source)s "
    "AND c.day = m.day AND c.key = m.key"
)
_EMPTY = (
    "DELETE FROM connectors_comparisonusage c USING unnest(%(day)s::date[], %(key)s::uuid[]) "
    "AS m (day, key) WHERE c.organization_id = %(org)s AND c.source_id = %(source)s "
    "AND c.day = m.day AND c.key = m.key AND c.records = 0"
)


def _move(source_id: UUID, parts: Iterable[Part]) -> None:
    """Move the lines by what came and what went."""
    lines: dict[tuple[date, UUID], dict[str, Any]] = {}
    for day, key, sign, *figures in parts:
        line = lines.setdefault(
            (day, key), dict.fromkeys(_SUMS, 0) | {"requests": None, "revised": 0}
        )
        *counts, requests, cost = figures
        for kind, count in zip(KINDS, counts, strict=True):
            line[kind] += sign * count
        if requests is not None:
            line["requests"] = (line["requests"] or 0) + sign * requests
        line["records"] += sign
        line["uncosted"] += sign * (cost is None)
        line["costed_nanos"] += sign * (cost or 0)
        line["revised"] |= sign < 0
    if not lines:
        return
    ordered = sorted(lines.items(), key=lambda item: item[0])
    values: dict[str, Any] = {
        name: array_literal([line[name] for _, line in ordered]) for name in _SUMS
    }
    values |= {
        "org": require_organization_id(),
        "source": source_id,
        "day": array_literal([day for (day, _), _ in ordered]),
        "key": array_literal([key for (_, key), _ in ordered]),
        "revised": array_literal([int(line["revised"]) for _, line in ordered]),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, values)
        cursor.execute(_EMPTY, values)
