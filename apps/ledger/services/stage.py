"""Binary COPY of a batch into a temporary table.

COPY into a table with row level security is refused by PostgreSQL, so rows arrive in a temporary
table of the session and one statement takes them from there.
"""

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Staged:
    """A batch in a temporary table. `relation` is what statements read it through: columns that
    are the same in every row are not sent but stand in it as constants."""

    table: str
    names: frozenset[str]
    relation: str
    size: int

    def moved(self, table: str) -> "Staged":
        """The same columns in another temporary table."""
        relation = self.relation.replace(f" FROM {self.table})", f" FROM {table})")
        return replace(self, table=table, relation=relation)


def load(table: str, columns: dict[str, NDArray]) -> Staged:
    """Fill the temporary table and tell how to read it."""
    constant = {name: value for name, values in columns.items() if (value := _same(name, values))}
    sent = {name: values for name, values in columns.items() if name not in constant}
    copy_in(table, sent)
    listed = [*sent, *(f"{value} AS {name}" for name, value in constant.items())]
    relation = f"(SELECT {', '.join(listed)} FROM {table})"
    return Staged(table, frozenset(columns), relation, len(columns["n"]))


def _same(name: str, values: NDArray) -> str:
    """The literal of a column that is one number throughout, else empty."""
    kind = _TYPES[name]
    if name == "n" or not kind.startswith("int") or not len(values):
        return ""
    first = values[0]
    if first != values[-1] or not (values == first).all():
        return ""
    return f"({int(first)})::{kind}"


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
            copy.write(_HEADER)
            copy.write(rows.view(np.uint8).data)
            copy.write(_TRAILER)


def create(cursor: Any, table: str) -> None:
    """The session's temporary table, empty. It keeps no rows beyond the transaction."""
    cursor.execute("SELECT to_regclass(%s) IS NULL", [f"pg_temp.{table}"])
    if not cursor.fetchone()[0]:
        cursor.execute(f"TRUNCATE pg_temp.{table}")
        return
    columns = [f"{name} {'char(3)' if kind == 'bpchar' else kind}" for name, kind in STAGE]
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({', '.join(columns)}) ON COMMIT DELETE ROWS")
