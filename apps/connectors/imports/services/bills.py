"""Rows of a bill that are no usage: kept row by row, summed into the lines of the provider's bill.

A row that comes again with the same amount writes nothing; with another amount it moves its line by
the difference. So files may overlap, be cut into parts, come twice and be restated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.ids import uuid7
from apps.common.money import to_nanos
from apps.connectors.imports.rules.billing import BillLine
from apps.tenancy.scope import require_organization_id

_LINES = """
INSERT INTO connectors_providercost (organization_id, source_id, account, observed_at, id, day,
  project_id, line_item, model, currency, amount_nanos, first_nanos, quantity_unit, revisions)
SELECT %s, %s, '', %s, t.id, t.day, t.project_id, t.line_item, t.model, t.currency, 0, 0, '', 0
FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[])
  AS t (id, day, project_id, line_item, model, currency)
ORDER BY t.day, t.project_id, t.line_item
ON CONFLICT (organization_id, source_id, day, project_id, line_item) DO NOTHING"""
_FIND = """
SELECT t.n, c.id FROM unnest(%s::int[], %s::date[], %s::text[], %s::text[])
  AS t (n, day, project_id, line_item)
JOIN connectors_providercost c ON c.organization_id = %s AND c.source_id = %s AND c.day = t.day
  AND c.project_id = t.project_id AND c.line_item = t.line_item"""
_ROWS = """
WITH written AS (
  INSERT INTO imports_importedrow AS known
    (organization_id, source_id, id, row_key, collection, line_id, amount_nanos)
  SELECT %s, %s, t.id, t.row_key, %s, t.line_id, t.amount
  FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[])
    AS t (id, row_key, line_id, amount)
  ORDER BY t.row_key
  ON CONFLICT (organization_id, source_id, row_key) DO UPDATE SET
    line_id = excluded.line_id, amount_nanos = excluded.amount_nanos,
    collection = excluded.collection, event = NULL
  WHERE (known.line_id, known.amount_nanos, known.collection)
    IS DISTINCT FROM (excluded.line_id, excluded.amount_nanos, excluded.collection)
  RETURNING old.id IS NULL AS fresh, old.line_id AS before_line, old.amount_nanos AS before,
    new.line_id AS after_line, new.amount_nanos AS after)
SELECT line, sum(delta), sum(first), bool_or(revised), sum(rows) FROM (
  SELECT after_line AS line, after AS delta, CASE WHEN fresh THEN after ELSE 0 END AS first,
    NOT fresh AS revised, 1 AS rows FROM written
  UNION ALL
  SELECT before_line, -before, 0, true, 0 FROM written WHERE before_line IS NOT NULL
) moves GROUP BY line ORDER BY line"""
_REMOVE = """
WITH removed AS (
  DELETE FROM imports_importedrow WHERE organization_id = %s AND source_id = %s AND id = ANY(%s)
  RETURNING line_id, amount_nanos)
SELECT line_id, -sum(amount_nanos), 0, true FROM removed WHERE line_id IS NOT NULL
GROUP BY line_id ORDER BY line_id"""
_MOVE = """
WITH t AS (
  SELECT id, sum(delta)::bigint AS delta, sum(first)::bigint AS first, bool_or(revised) AS revised
  FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bool[]) AS m (id, delta, first, revised)
  GROUP BY id ORDER BY id)
UPDATE connectors_providercost c SET amount_nanos = c.amount_nanos + t.delta,
  first_nanos = c.first_nanos + t.first,
  revisions = LEAST(c.revisions + CASE WHEN t.revised AND t.delta <> 0 THEN 1 ELSE 0 END, 32767),
  observed_at = %s
FROM t
WHERE c.organization_id = %s AND c.source_id = %s AND c.id = t.id
  AND (t.delta <> 0 OR t.first <> 0)"""


@dataclass(frozen=True, slots=True)
class KeyedLine:
    """A line's row with the key that it has in every file."""

    key: UUID
    line: BillLine


def row_key(identity: bytes, ordinal: int) -> UUID:
    """128 bits for the `ordinal`-th row of an identity."""
    digest = blake2b(identity + ordinal.to_bytes(8, "big"), digest_size=16, person=b"bill key")
    return UUID(bytes=digest.digest())


def store_lines(
    source_id: UUID, rows: Sequence[KeyedLine], *, observed_at: datetime, collection: str = ""
) -> int:
    """Keep the rows and move the lines of the bill; the number of rows new or changed."""
    if not rows:
        return 0
    organization_id = require_organization_id()
    lines = _line_ids(organization_id, source_id, rows, observed_at)
    parameters: list[Any] = [
        organization_id,
        source_id,
        collection,
        [uuid7() for _ in rows],
        [row.key for row in rows],
        [lines[_place(row.line)] for row in rows],
        [to_nanos(row.line.amount) for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, parameters)
        moves = cursor.fetchall()
    move(source_id, moves, observed_at)
    return int(sum(move[4] for move in moves))


def remove_rows(source_id: UUID, ids: Sequence[UUID], *, observed_at: datetime) -> None:
    """Forget rows and take their amounts off the bill."""
    organization_id = require_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, [organization_id, source_id, list(ids)])
        moves = cursor.fetchall()
    move(source_id, moves, observed_at)


def _place(line: BillLine) -> tuple[object, str, str]:
    return line.day, line.project_id, line.line_item


def _line_ids(
    organization_id: UUID, source_id: UUID, rows: Iterable[KeyedLine], observed_at: datetime
) -> dict[tuple[object, str, str], UUID]:
    distinct = list({_place(row.line): row.line for row in rows}.items())
    days = [line.day for _, line in distinct]
    projects = [line.project_id for _, line in distinct]
    items = [line.line_item for _, line in distinct]
    found: dict[tuple[object, str, str], UUID] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES,
            [
                organization_id,
                source_id,
                observed_at,
                [uuid7() for _ in distinct],
                days,
                projects,
                items,
                [line.model for _, line in distinct],
                [line.currency for _, line in distinct],
            ],
        )
        cursor.execute(
            _FIND,
            [list(range(len(distinct))), days, projects, items, organization_id, source_id],
        )
        for number, line_id in cursor.fetchall():
            found[distinct[number][0]] = line_id
    return found


def move(source_id: UUID, moves: Sequence[Sequence[Any]], observed_at: datetime) -> None:
    """Move lines by (line, difference, part that is new, whether it is a revision)."""
    if not moves:
        return
    columns = [list(column) for column in zip(*moves, strict=True)][:4]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [*columns, observed_at, require_organization_id(), source_id])
