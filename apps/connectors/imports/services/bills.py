"""Rows of bills: kept row by row, summed into the lines of the provider's bill.

A row that comes again with the same figures writes nothing; with others it moves its line by the
difference. So files may overlap, be cut into parts, come twice and be restated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from apps.common.ids import uuid7
from apps.common.money import to_nanos
from apps.connectors.imports.rules.billing import BillLine
from apps.ledger.schema import UsageIn
from apps.tenancy.scope import require_organization_id

_LINES = """
INSERT INTO connectors_providercost (organization_id, source_id, observed_at, id, day,
  project_id, line_item, dims, model, currency, account, provider, service, category, until,
  amount_nanos, first_nanos, quantity_unit, revisions)
SELECT %s, %s, %s, t.*, 0, 0, '', 0
FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[],
  %s::text[], %s::text[], %s::text[], %s::text[], %s::date[])
  AS t (id, day, project_id, line_item, dims, model, currency, account, provider, service, category,
    until)
ORDER BY t.day, t.project_id, t.line_item, t.dims
ON CONFLICT (organization_id, source_id, day, project_id, line_item, dims) DO NOTHING"""
_FIND = """
SELECT t.n, c.id FROM unnest(%s::int[], %s::date[], %s::text[], %s::text[], %s::uuid[])
  AS t (n, day, project_id, line_item, dims)
JOIN connectors_providercost c ON c.organization_id = %s AND c.source_id = %s AND c.day = t.day
  AND c.project_id = t.project_id AND c.line_item = t.line_item AND c.dims = t.dims"""
_ROWS = """
WITH written AS (
  INSERT INTO imports_importedrow AS known
    (organization_id, source_id, collection, id, row_key, line_id, amount_nanos, effective_nanos,
     tokens, event)
  SELECT %s, %s, %s, t.id, t.row_key, t.line_id, t.amount, t.effective, t.tokens, t.event::jsonb
  FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::text[]) AS t (id, row_key, line_id, amount, effective, tokens, event)
  ORDER BY t.row_key
  ON CONFLICT (organization_id, source_id, row_key) DO UPDATE SET
    line_id = excluded.line_id, amount_nanos = excluded.amount_nanos,
    effective_nanos = excluded.effective_nanos, tokens = excluded.tokens,
    collection = excluded.collection, event = excluded.event
  WHERE (known.line_id, known.amount_nanos, known.effective_nanos, known.tokens, known.collection,
      known.event)
    IS DISTINCT FROM (excluded.line_id, excluded.amount_nanos, excluded.effective_nanos,
      excluded.tokens, excluded.collection, excluded.event)
  RETURNING old.id IS NULL AS fresh, old.line_id AS before_line, old.amount_nanos AS before,
    old.effective_nanos AS before_effective, old.tokens AS before_tokens,
    new.line_id AS after_line, new.amount_nanos AS after, new.effective_nanos AS after_effective,
    new.tokens AS after_tokens, new.event IS NULL AS alone)
SELECT line, sum(delta), sum(effective), sum(tokens), sum(first), bool_or(revised), sum(rows)
FROM (
  SELECT after_line AS line, after AS delta, after_effective AS effective, after_tokens AS tokens,
    CASE WHEN fresh THEN after ELSE 0 END AS first, NOT fresh AS revised, alone::int AS rows
  FROM written WHERE after_line IS NOT NULL
  UNION ALL
  SELECT before_line, -before, -coalesce(before_effective, 0), -before_tokens, 0, true, 0
  FROM written WHERE before_line IS NOT NULL
) moves GROUP BY line ORDER BY line"""
_REMOVE = """
WITH removed AS (
  DELETE FROM imports_importedrow WHERE organization_id = %s AND source_id = %s AND id = ANY(%s)
  RETURNING line_id, amount_nanos, effective_nanos, tokens)
SELECT line_id, -sum(amount_nanos), -sum(coalesce(effective_nanos, 0)), -sum(tokens), 0, true, 0
FROM removed WHERE line_id IS NOT NULL GROUP BY line_id ORDER BY line_id"""
_MOVE = """
UPDATE connectors_providercost c SET amount_nanos = c.amount_nanos + t.delta,
  effective_nanos = c.effective_nanos + t.effective, tokens = c.tokens + t.tokens,
  first_nanos = c.first_nanos + t.first,
  revisions = LEAST(c.revisions + CASE WHEN t.revised AND t.delta <> 0 THEN 1 ELSE 0 END, 32767),
  observed_at = %s
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bool[])
  AS t (id, delta, effective, tokens, first, revised)
WHERE c.organization_id = %s AND c.source_id = %s AND c.id = t.id
  AND (t.delta <> 0 OR t.effective <> 0 OR t.tokens <> 0 OR t.first <> 0)"""
_COLUMNS = 6
"""Of a move: its line, the differences, the part that is new, whether it revises."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row with the key that it has in every file: its line on the bill, None where the file is
    no bill, and the record it became in the ledger, None where it is on the bill alone."""

    key: UUID
    line: BillLine | None
    record: UsageIn | None


_Place = tuple[date, str, str, UUID]


def row_key(identity: bytes, ordinal: int) -> UUID:
    """128 bits for the `ordinal`-th row of an identity."""
    digest = blake2b(identity + ordinal.to_bytes(8, "big"), digest_size=16, person=b"bill key")
    return UUID(bytes=digest.digest())


def store_rows(
    source_id: UUID, rows: Sequence[KeptRow], *, observed_at: datetime, collection: str = ""
) -> int:
    """Keep the rows and move the lines of the bill; how many that are on the bill alone are new or
    changed."""
    if not rows:
        return 0
    organization_id = require_organization_id()
    places = [None if row.line is None else _place(row.line) for row in rows]
    named = zip(places, rows, strict=True)
    distinct = {place: row.line for place, row in named if place is not None and row.line}
    lines = _line_ids(organization_id, source_id, distinct, observed_at)
    parameters: list[Any] = [
        organization_id,
        source_id,
        collection,
        [uuid7() for _ in rows],
        [row.key for row in rows],
        [None if place is None else lines[place] for place in places],
        [None if row.line is None else to_nanos(row.line.amount) for row in rows],
        [None if row.line is None else to_nanos(row.line.effective) for row in rows],
        [0 if row.line is None else row.line.tokens for row in rows],
        [None if row.record is None else _event(row.record) for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, parameters)
        moves = cursor.fetchall()
    _move(source_id, moves, observed_at)
    return int(sum(move[_COLUMNS] for move in moves))


def remove_rows(source_id: UUID, ids: Sequence[UUID], *, observed_at: datetime) -> None:
    """Forget rows and take their amounts off the bill."""
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, [require_organization_id(), source_id, list(ids)])
        moves = cursor.fetchall()
    _move(source_id, moves, observed_at)


def _event(usage: UsageIn) -> str:
    said = {
        "id": usage.event_id,
        "at": usage.occurred_at,
        "provider": usage.provider,
        "model": usage.model,
        "granularity": usage.granularity,
        "currency": usage.currency,
    }
    return msgspec.json.encode(said).decode()


def _place(line: BillLine) -> _Place:
    """What a line is found by."""
    until = line.until.isoformat() if line.until else ""
    said = (line.account, line.provider, line.service, line.part, line.model, line.currency, until)
    digest = blake2b("\x1f".join(said).encode(), digest_size=16, person=b"bill line")
    return line.day, line.project_id, line.line_item, UUID(bytes=digest.digest())


def _line_ids(
    organization_id: UUID,
    source_id: UUID,
    wanted: dict[_Place, BillLine],
    observed_at: datetime,
) -> dict[_Place, UUID]:
    if not wanted:
        return {}
    places, lines = list(wanted), list(wanted.values())
    key: list[list[Any]] = [list(column) for column in zip(*places, strict=True)]
    said = ("model", "currency", "account", "provider", "service", "part", "until")
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES,
            [
                organization_id,
                source_id,
                observed_at,
                [uuid7() for _ in lines],
                *key,
                *([getattr(line, name) for line in lines] for name in said),
            ],
        )
        cursor.execute(_FIND, [list(range(len(lines))), *key, organization_id, source_id])
        return {places[number]: line_id for number, line_id in cursor.fetchall()}


def _move(source_id: UUID, moves: Sequence[Sequence[Any]], observed_at: datetime) -> None:
    """Move lines by the differences of their rows."""
    if not moves:
        return
    columns: Iterable[list[Any]] = [list(c) for c in zip(*moves, strict=True)][:_COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [observed_at, *columns, require_organization_id(), source_id])
