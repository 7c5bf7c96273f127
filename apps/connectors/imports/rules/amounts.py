"""Money, quantities and instants as files write them: what could mean two things is refused.

`1,234.56` is one number in every export we know; `1.234,56` and `12,5` are not, so they are
refused instead of being read as a hundred or a tenth of themselves.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal

from apps.ledger.schema import MAX_COST

EMPTY = frozenset({"", "null", "none", "n/a", "-"})
"""Cells that say nothing. `NULL` is written by real exports (FOCUS sample data, 1.0)."""
_NUMBER = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_SIGNS = "$€£¥ "
_EPOCH = re.compile(r"^\d{10}(?:\d{3}|\d{6})?$")
_US_DATE = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?:[ T](\d{1,2}:\d{2}(?::\d{2})?))?$")
_COMPACT = re.compile(r"^(20\d{2})(\d{2})(\d{2})$")
_SECONDS, _MILLIS = 10, 13
_CENTURY = 2000
_MONTHS = 12
_NOISE = Decimal("0.001")


def is_empty(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.lower() in EMPTY


def number(text: str) -> Decimal:
    """A decimal number. ValueError for anything that is none, or that could mean two numbers."""
    cleaned = text.strip().strip(_SIGNS).strip()
    if _GROUPED.match(cleaned):
        cleaned = cleaned.replace(",", "")
    if not _NUMBER.match(cleaned):
        raise ValueError("not a number")
    return Decimal(cleaned)


def money(text: str) -> Decimal:
    """An amount in whole units, within what a record can hold. ValueError otherwise."""
    found = number(text)
    if abs(found) > MAX_COST:
        raise ValueError("too large")
    return found


def whole(amount: Decimal) -> int:
    """A whole number of tokens; noise of binary floating point (a thousandth) is rounded away."""
    nearest = amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    if abs(amount - nearest) > _NOISE:
        raise ValueError("not a whole number")
    return int(nearest)


def instant(text: str, zone: tzinfo) -> datetime:
    """The instant of a cell; without an offset in `zone`. ValueError when it is none.

    Understood: ISO 8601, seconds, milli- and microseconds since 1970, `2026-11-24 10:00:00 UTC`
    (Google), `11/24/2026` (Azure: month first), `20261124`.
    """
    if _EPOCH.match(text):
        scale = {_SECONDS: 1, _MILLIS: 1_000}.get(len(text), 1_000_000)
        return datetime.fromtimestamp(int(text) / scale, UTC)
    if text.endswith(" UTC"):
        text = text.removesuffix(" UTC") + "+00:00"
    if match := _COMPACT.match(text):
        text = "-".join(match.groups())
    elif match := _US_DATE.match(text):
        text = _month_first(*match.groups())
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _month_first(month: str, day: str, year: str, time: str | None) -> str:
    if int(month) > _MONTHS:
        raise ValueError("the month comes first")
    full = int(year) if len(year) == len("2026") else _CENTURY + int(year)
    rest = f" {time:0>5}" if time and len(time) <= len("10:30") else f" {time:0>8}" if time else ""
    return f"{full:04}-{int(month):02}-{int(day):02}{rest}"


def span(start: datetime, end: datetime) -> timedelta:
    """Length of a charge period."""
    return end - start
