"""Pages of a list: numbered for lists people browse, keyset for tables that only grow.

Both need a total order; the caller adds the primary key as the last field. Keyset fields must not
be null.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

SIZES = (25, 50, 100)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total` is None for keyset pages: counting millions of rows helps nobody."""

    rows: list[Any]
    size: int
    number: int = 1
    total: int | None = None
    next_cursor: str = ""
    cursor: str = ""

    @property
    def pages(self) -> int:
        return max(1, -(-(self.total or 0) // self.size))

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def end(self) -> int:
        return self.start + len(self.rows) - 1 if self.rows else 0

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return bool(self.next_cursor) if self.total is None else self.number < self.pages

    @property
    def several(self) -> bool:
        return self.has_previous or self.has_next or bool(self.cursor)


def parse_size(text: str, default: int) -> int:
    """A page size people may choose; anything else is the default."""
    return int(text) if text.isdecimal() and int(text) in {*SIZES, default} else default


def numbered(
    rows: QuerySet[Any] | Sequence[Any], number: str, size: int, *, total: int | None = None
) -> Page:
    """A numbered page; a number that is out of range gives the nearest page. `total` is the number
    of rows where the caller knows it.
    """
    if total is None:
        total = rows.count() if isinstance(rows, QuerySet) else len(rows)
    last = max(1, -(-total // size))
    wanted = int(number) if number.isdecimal() and len(number) < 10 else 1
    at = min(max(1, wanted), last)
    return Page(list(rows[(at - 1) * size : at * size]), size, at, total)


def beyond(rows: QuerySet[Any], number: str, size: int) -> int | None:
    """The last page, where a number past it was asked for; None for pages that are there.

    The first page asks nothing of the database: it is always there.
    """
    wanted = int(number) if number.isdecimal() and len(number) < 10 else 1
    if wanted <= 1:
        return None
    last = max(1, -(-rows.count() // size))
    return last if wanted > last else None


def keyset(
    qs: QuerySet[Any], order: Sequence[str], cursor: str, size: int, *, key: str = ""
) -> Page:
    """The page after `cursor`. A cursor that cannot be read starts at the beginning.

    `key` names a unique field of wide rows: then an index alone finds which rows are on the page,
    where it holds what they are ordered and narrowed by, and only those are read.
    """
    values = _decode(cursor, len(order)) if cursor else None
    if values is not None:
        qs = qs.filter(_after(order, values))
    found = qs.order_by(*order)
    if key:
        keys = list(found.values_list(key, flat=True)[: size + 1])
        found = qs.model.objects.filter(**{f"{key}__in": keys}).order_by(*order)
    rows = list(found[: size + 1])
    following = ""
    if len(rows) > size:
        rows = rows[:size]
        following = _encode([_value(rows[-1], name) for name in order])
    return Page(rows, size, next_cursor=following, cursor=cursor if values is not None else "")


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after the given ones in the order: (a, b) > (x, y) written out for mixed directions."""
    condition = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    return condition


def _value(row: Any, name: str) -> Any:
    value = row
    for part in name.lstrip("-").split("__"):
        value = getattr(value, part)
    return value


def _encode(values: Sequence[Any]) -> str:
    tagged = []
    for value in values:
        if isinstance(value, datetime):
            tagged.append(["t", value.isoformat()])
        elif isinstance(value, date):
            tagged.append(["d", value.isoformat()])
        elif isinstance(value, UUID):
            tagged.append(["u", str(value)])
        else:
            tagged.append(["", value])
    return base64.urlsafe_b64encode(json.dumps(tagged).encode()).decode().rstrip("=")


_READERS: dict[str, Callable[[Any], Any]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "u": UUID,
    "": lambda v: v,
}


def _decode(cursor: str, length: int) -> list[Any] | None:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        tagged = json.loads(base64.urlsafe_b64decode(padded))
        values = [_READERS[kind](value) for kind, value in tagged]
    except (ValueError, TypeError, KeyError, binascii.Error):
        return None
    plain = all(isinstance(v, str | int | bool | date | UUID) for v in values)
    return values if len(values) == length and plain else None
