"""Binary COPY of a batch into a temporary table.

COPY into a table with row level security is refused by PostgreSQL, so rows arrive in a temporary
table of the session and one statement takes them from there.
"""

from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.common.tokens import KINDS

_HEADER = b"PGCOPY\n\xff\r\n\x00" + (0).to_bytes(4, "big") * 2
_TRAILER = b"\xff\xff"
_PG_EPOCH_US = 946_684_800_000_000
_SIZES = {
    "int2": (">i2", 2),
    "int4": (">i4", 4),
    "int8": (">i8", 8),
    "uuid": ("V16", 16),
    "timestamptz": (">i8", 8),
    "bpchar": ("S3", 3),
}
STAGE = (
    ("n", "int4"),
    ("record_key", "uuid"),
    ("occurred_at", "timestamptz"),
    ("observed_at", "timestamptz"),
    ("dimset_id", "int8"),
    ("identity", "int8"),
    ("price_id", "int8"),
    ("cost_nanos", "int8"),
    ("source_cost_nanos", "int8"),
    ("requests", "int4"),
    ("cost_status", "int2"),
    ("cost_basis", "int2"),
    ("granularity", "int2"),
    ("source_currency", "bpchar"),
    *((kind, "int8") for kind in KINDS),
)
_TYPES = dict(STAGE)


def copy_in(table: str, columns: dict[str, NDArray]) -> None:
    """Fill the temporary table with equally long columns; the ones left out are NULL."""
    names = list(columns)
    size = len(columns[names[0]])
    layout = [("fields", ">i2")]
    for index, name in enumerate(names):
        layout += [(f"length{index}", ">i4"), (f"value{index}", _SIZES[_TYPES[name]][0])]
    rows = np.empty(size, np.dtype(layout))
    rows["fields"] = len(names)
    for index, name in enumerate(names):
        values = columns[name]
        if _TYPES[name] == "timestamptz":
            values = values - _PG_EPOCH_US
        rows[f"length{index}"] = _SIZES[_TYPES[name]][1]
        rows[f"value{index}"] = values
    listed = ", ".join(names)
    with connection.cursor() as cursor:
        create(cursor, table)
        with cursor.copy(f"COPY {table} ({listed}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_HEADER + rows.tobytes() + _TRAILER)


def create(cursor: Any, table: str, *, key: str = "") -> None:
    """The session's temporary table, empty. It keeps no rows beyond the transaction."""
    cursor.execute("SELECT to_regclass(%s) IS NULL", [f"pg_temp.{table}"])
    if not cursor.fetchone()[0]:
        cursor.execute(f"TRUNCATE pg_temp.{table}")
        return
    columns = [f"{name} {'char(3)' if kind == 'bpchar' else kind}" for name, kind in STAGE]
    if key:
        columns.append(f"PRIMARY KEY ({key})")
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({', '.join(columns)}) ON COMMIT DELETE ROWS")
