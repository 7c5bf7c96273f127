"""Statements whose parameters travel beside them.

Django's cursors write parameters into the text of the statement: long bytes become twice as many
hexadecimal digits, which the database reads again.
"""

from typing import Any

import psycopg
from django.db import connection


def execute_binary(sql: str, parameters: dict[str, Any]) -> int:
    """Run a statement in the open transaction; the number of rows it touched.

    `%(name)b` sends a parameter as it is. Errors are Django's.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount
