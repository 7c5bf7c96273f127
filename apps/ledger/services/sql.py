"""Set-based statements: many rows as arrays, in key order, so that two workers never deadlock."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from apps.tenancy.scope import require_organization_id


def insert_rows(
    table: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[Any]],
    *,
    order: str,
    conflict: str = "DO NOTHING",
) -> int:
    """Insert rows of the open scope in key order; the number written.

    `columns` are (name, SQL type); names are constants of the caller, never input.
    """
    if not rows:
        return 0
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    sql = (
        f"INSERT INTO {table} (organization_id, {names}) "
        f"SELECT %s, t.* FROM unnest({arrays}) AS t({names}) ORDER BY {order} "
        f"ON CONFLICT {conflict}"
    )
    values = [
        array_literal(column)
        if kind in _PLAIN
        else text_array_literal(column)
        if kind in _TEXTS
        else list(column)
        for (_, kind), column in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, [require_organization_id(), *values])
        return cursor.rowcount


def array_literal(values: Sequence[Any]) -> str:
    """A PostgreSQL array of numbers, dates or uuids, much faster than adapting each element."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def text_array_literal(values: Sequence[str | None]) -> str:
    """A PostgreSQL array of texts, each quoted."""
    return "{" + ",".join(["NULL" if v is None else _quoted(v) for v in values]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


_TEXTS = frozenset({"text", "jsonb"})
_PLAIN = frozenset({"bigint", "integer", "int", "smallint", "uuid", "date"})
"""Types whose values need no quotes in an array."""


def fetch(sql: str, parameters: Sequence[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
