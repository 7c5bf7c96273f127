"""Rows of a statement as cheaply as the driver gives them."""

from typing import Any

from django.db import connection
from psycopg.types.string import TextLoader


def rows_with_text_keys(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Uuids stay text: an object per key of each row of thousands would cost more than the rest of
    reading it."""
    with connection.cursor() as cursor:
        cursor.adapters.register_loader("uuid", TextLoader)
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
