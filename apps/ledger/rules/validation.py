"""What the ledger refuses, record by record: each refusal names the field and the repair."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from apps.ledger.schema import MAX_COST, RecordError, UsageIn

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
MAX_AHEAD = timedelta(hours=24)
MAX_ERRORS = 1_000
"""Refusals explained per batch; further ones are counted."""
_PATH = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_FIXES = (
    ("unknown field", "Remove the field, or put it into `tags`."),
    ("missing required field", "Add the field."),
    (">= 0", "Send a count of 0 or more; a correction is the full new value, not a difference."),
    ("`int`, got `float`", "Send a whole number."),
    ("`int`, got `str`", "Send a number without quotes."),
    ("<=", "Check the unit: the number is larger than one record can hold."),
    ("out of range", "Check the unit: the number is larger than one record can hold."),
    ("timezone", "Add the offset, as in 2026-11-23T10:00:00Z."),
    ("datetime", "Use RFC 3339 with an offset, as in 2026-11-23T10:00:00Z."),
    ("enum", "Use one of the documented values."),
    ("length", "Shorten or fill the text: 1 to 255 characters."),
    ("regex", "Use a three-letter ISO 4217 code in capitals."),
    ("malformed", "Send valid JSON: numbers like NaN or Infinity do not exist in it."),
    ("truncated", "Send valid JSON: the record ends too early."),
)
_DEFAULT_FIX = "Send the documented type."


def explain(index: int, error: Exception) -> RecordError:
    """A decoder's message as field, problem and fix."""
    text = str(error)
    path = _PATH.search(text)
    named = _UNKNOWN.search(text) or _MISSING.search(text)
    field = path.group(1) if path else named.group(1) if named else ""
    message = _PATH.sub("", text)
    fix = next((fix for part, fix in _FIXES if part in text), _DEFAULT_FIX)
    return RecordError(index, field, message, fix)


def sift(
    batch: Sequence[UsageIn], *, now: datetime, position: int = 0
) -> tuple[list[UsageIn], list[RecordError]]:
    """The acceptable records and the refusals of the others, one by one."""
    horizon = now + MAX_AHEAD
    good: list[UsageIn] = []
    errors: list[RecordError] = []
    for index, usage in enumerate(batch):
        error = _refusal(position + index, usage, horizon)
        if error is None:
            good.append(usage)
        else:
            errors.append(error)
    return good, errors


def _refusal(index: int, usage: UsageIn, horizon: datetime) -> RecordError | None:
    try:
        fields = msgspec.structs.asdict(usage)
        if usage.run is not None:
            fields["run"] = msgspec.to_builtins(usage.run)
        msgspec.convert(fields, UsageIn)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        return explain(index, error)
    return check_values(index, usage, horizon)


def check_values(index: int, usage: UsageIn, horizon: datetime) -> RecordError | None:
    """Rules that a type cannot state: the calendar and money."""
    if usage.occurred_at >= min(horizon, LATEST):
        return RecordError(
            index,
            "occurred_at",
            f"{usage.occurred_at.isoformat()} is more than 24 hours in the future",
            "Send the time of the call, or the start of the bucket.",
        )
    if usage.occurred_at < EARLIEST:
        return RecordError(
            index,
            "occurred_at",
            f"{usage.occurred_at.isoformat()} is before 2020",
            "Check the unit of the time stamp: milliseconds read as seconds give such dates.",
        )
    if usage.run is not None and usage.granularity != "event":
        return RecordError(
            index,
            "run",
            "a bucket holds many calls and belongs to no run",
            "Send one record per call, or leave `run` out.",
        )
    return _check_cost(index, usage.cost)


def _check_cost(index: int, cost: Decimal | None) -> RecordError | None:
    if cost is None:
        return None
    if not cost.is_finite():
        return RecordError(
            index, "cost", f"{cost} is not an amount", "Leave the cost out if it is unknown."
        )
    if cost < 0:
        return RecordError(
            index,
            "cost",
            f"{cost} is negative",
            "Send the full cost of the record; credits are not usage.",
        )
    if cost > MAX_COST:
        return RecordError(
            index,
            "cost",
            f"{cost} is more than one record can cost",
            "Send whole units of the currency, not cents or nanos.",
        )
    return None
