"""Bodies of POST /api/v1/usage/records: from bytes to records and refusals. Pure.

Each record is judged alone: one bad record never costs the others. An array that is not JSON at all
is refused whole, a bad line of NDJSON alone. Answers never repeat a value that was sent.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import msgspec

from apps.common.errors import Invalid, TooLarge
from apps.connectors.push.checks import (
    CONTENT_NAMES,
    FUTURE_TOLERANCE,
    check_record,
    content_error,
)
from apps.ledger.rules.validation import EARLIEST
from apps.ledger.schema import PromptTokens, RecordError, RunIn, UsageIn

MAX_RECORDS = 10_000
MAX_DEPTH_NOTE = "A record is a flat object; only `tags` and `run` nest."
FIELDS = tuple(UsageIn.__struct_fields__)
INNER = {
    "run": tuple(RunIn.__struct_fields__),
    "run.prompt_tokens": tuple(PromptTokens.__struct_fields__),
}
"""Fields of the objects in a record."""
OTHER_NAMES = {
    "id": "event_id",
    "request_id": "event_id",
    "timestamp": "occurred_at",
    "time": "occurred_at",
    "created": "occurred_at",
    "created_at": "occurred_at",
    "start_time": "occurred_at",
    "input_tokens": "input_uncached",
    "prompt_tokens": "input_uncached",
    "cached_tokens": "cache_read",
    "input_cached_tokens": "cache_read",
    "cache_read_tokens": "cache_read",
    "cache_read_input_tokens": "cache_read",
    "cache_creation_tokens": "cache_write_5m",
    "cache_creation_input_tokens": "cache_write_5m",
    "cache_write_tokens": "cache_write_5m",
    "output_tokens": "output",
    "completion_tokens": "output",
    "reasoning_tokens": "reasoning",
    "cost_usd": "cost",
    "amount": "cost",
    "price": "cost",
    "team": "unit",
    "app": "capability",
    "application": "capability",
    "repo": "repository",
    "metadata": "tags",
    "labels": "tags",
    "key": "api_key",
    "user_id": "user",
    "tier": "service_tier",
    "run_id": "run.id",
    "session_id": "run.id",
    "trace_id": "run.id",
    "parent_run_id": "run.parent_id",
    "agent": "run.agent",
    "agent_name": "run.agent",
    "workflow": "run.workflow",
    "tool": "run.tool",
    "tool_name": "run.tool",
    "retry": "run.retry",
    "outcome": "run.outcome",
    "status": "run.outcome",
    "num_requests": "requests",
    "calls": "requests",
}
_INCLUSIVE = {"input_tokens", "prompt_tokens"}
_ORGANIZATION = {"organization", "organization_id", "org", "org_id", "tenant", "tenant_id"}
_UNKNOWN = re.compile(r"^Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(\w+)`")
_AT = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.DOTALL)
_NAME = re.compile(r"^[A-Za-z0-9_.\-]{1,64}$")
_one = msgspec.json.Decoder(UsageIn)
_many = msgspec.json.Decoder(list[UsageIn])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


@dataclass(slots=True)
class Parsed:
    """Accepted records, their JSON, and refusals by index. `total` counts both.

    `body` is what was sent where nothing was refused, else an array of what was accepted.
    """

    total: int = 0
    records: list[UsageIn] = field(default_factory=list)
    body: bytes = b"[]"
    errors: list[RecordError] = field(default_factory=list)


def parse_array(body: bytes, now: datetime) -> Parsed:
    """A JSON array of records, or one record alone."""
    if _within(body, b"{") and body.lstrip()[:1] == b"[":
        try:
            records = _many.decode(body)
        except _UNREADABLE:
            pass
        else:
            if len(records) <= MAX_RECORDS and _all_good(records, now, plain=b"\\" not in body):
                return Parsed(len(records), records, body)
    return _parse_each(split_array(body), now)


def parse_lines(body: bytes, now: datetime) -> Parsed:
    """NDJSON: one record per line; empty lines are skipped."""
    if _within(body, b"\n"):
        try:
            records = _one.decode_lines(body)
        except _UNREADABLE:
            pass
        else:
            lines = body.count(b"\n") + (body[-1:] != b"\n")
            if len(records) == lines and _all_good(records, now, plain=b"\\" not in body):
                return Parsed(lines, records, body)
    return _parse_each(split_lines(body), now)


def _within(body: bytes, mark: bytes) -> bool:
    """Whether a body may be decoded as a whole before its records are counted.

    Most bodies are good throughout and are decoded once. One with many more marks than there may
    be records (each may nest three objects) is split first, which takes less memory.
    """
    return body.count(mark) <= 4 * MAX_RECORDS


def split_array(body: bytes) -> list[bytes]:
    """The items of a JSON array, undecoded; a body that begins an object is one item.

    Raises Invalid (400) for no JSON at all, TooLarge for more than MAX_RECORDS.
    """
    if body.lstrip()[:1] == b"{":
        return [body]
    try:
        items: list[bytes] = [bytes(raw) for raw in _array.decode(body)]
    except _UNREADABLE as error:
        items = _lenient_array(body, error)
    if len(items) > MAX_RECORDS:
        raise _too_many()
    return items


def split_lines(body: bytes) -> list[bytes]:
    """The lines of NDJSON, undecoded, without empty ones."""
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > MAX_RECORDS:
        raise _too_many()
    return lines


def _too_many() -> TooLarge:
    return TooLarge(
        f"The body holds more than {MAX_RECORDS:,} records.",
        code="too_many_records",
        fix=f"Split it into bodies of at most {MAX_RECORDS:,} records.",
    )


def _lenient_array(body: bytes, error: Exception) -> list[bytes]:
    """Arrays whose only fault is a NaN or an Infinity: the fault belongs to its record."""
    problem = Invalid(
        f"The body is not a JSON array of records: {_safe(str(error))}.",
        code="malformed_json",
        fix="Send a JSON array of objects, or NDJSON with Content-Type application/x-ndjson.",
    )
    problem.status = 400
    if b"NaN" not in body and b"Infinity" not in body:
        raise problem from None
    try:
        decoded = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise problem from None
    if not isinstance(decoded, list):
        raise problem from None
    return [json.dumps(item, default=str).encode() for item in decoded]


def _joined(items: list[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _all_good(records: list[UsageIn], now: datetime, *, plain: bool) -> bool:
    """Whether `check_record` and `_identity` have nothing to say about any record."""
    ids = {record.event_id for record in records}
    if len(ids) != len(records) or None in ids or "" in ids or not plain:
        return False
    times = [record.occurred_at for record in records]
    if not times or min(times) < EARLIEST or max(times) > now + FUTURE_TOLERANCE:
        return False
    return all(
        check_record(0, record, now, plain=True) is None
        for record in records
        if record.tags
        or record.cost is not None
        or record.run is not None
        or record.observed_at is not None
    )


def _parse_each(items: list[bytes], now: datetime) -> Parsed:
    """One verdict per record."""
    parsed = Parsed()
    good: list[bytes] = []
    seen: dict[str, int] = {}
    for index, raw in enumerate(items):
        parsed.total += 1
        try:
            record = _one.decode(raw)
        except _UNREADABLE as error:
            parsed.errors.append(explain(index, raw, error))
            continue
        problem = _identity(index, record, seen) or check_record(
            index, record, now, plain=b"\\" not in raw
        )
        if problem is not None:
            parsed.errors.append(problem)
            continue
        seen[record.event_id or ""] = index
        parsed.records.append(record)
        good.append(raw)
    parsed.body = _joined(good)
    return parsed


def _identity(index: int, record: UsageIn, seen: dict[str, int]) -> RecordError | None:
    if not record.event_id:
        return RecordError(
            index,
            "event_id",
            "`event_id` is missing.",
            "Send the call's own id: repeating it never counts the usage twice.",
        )
    first = seen.get(record.event_id)
    if first is not None:
        return RecordError(
            index,
            "event_id",
            f"Record {first} of this body has the same `event_id`.",
            "Send each event once; a correction goes into a later body.",
        )
    return None


def explain(index: int, raw: bytes, error: Exception) -> RecordError:
    """What is wrong with one record's JSON, and how to mend it."""
    text = str(error)
    if isinstance(error, RecursionError):
        return RecordError(index, "", "The record is nested too deeply.", MAX_DEPTH_NOTE)
    if not isinstance(error, msgspec.ValidationError):
        return _malformed(index, raw)
    if match := _UNKNOWN.match(text):
        return _unknown_field(index, match.group(1), (match.group(2) or "").lstrip("."))
    match = _AT.match(text)
    what, where = match.groups() if match else (text, "")
    where = where.split("[")[0]
    if match := _MISSING.match(what):
        name = ".".join(filter(None, (where, match.group(1))))
        return RecordError(index, name, f"`{name}` is missing.", f"Add `{name}`.")
    name = where if where.rpartition(".")[0] in INNER else where.split(".")[0]
    if name.split(".")[0] not in FIELDS:
        return RecordError(index, "", "A record is a JSON object.", MAX_DEPTH_NOTE)
    return RecordError(index, name, _message(name, what), _fix(name, what))


def _malformed(index: int, raw: bytes) -> RecordError:
    for word in (b"NaN", b"Infinity"):
        if word in raw:
            name = _holder(raw)
            return RecordError(
                index,
                name,
                f"{f'`{name}`' if name else 'A value'} is {word.decode()}, which is not a number.",
                "Send a whole number, or leave the field out.",
            )
    return RecordError(
        index, "", "The record is not valid JSON in UTF-8.", "Write one JSON object per record."
    )


def _holder(raw: bytes) -> str:
    """The known field that holds a NaN or an Infinity."""
    marked: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        marked.extend(name for name, value in items if value is _NOT_A_NUMBER)
        return dict(items)

    try:
        json.loads(raw, parse_constant=lambda _: _NOT_A_NUMBER, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return ""
    return next((name for name in marked if name in FIELDS), "")


_NOT_A_NUMBER = object()


def _unknown_field(index: int, name: str, where: str = "") -> RecordError:
    shown = name if _NAME.match(name) else "(unreadable name)"
    lowered = name.lower()
    if where in INNER and lowered in CONTENT_NAMES:
        return content_error(index, f"{where}.{shown}")
    if where in INNER:
        near = get_close_matches(lowered, INNER[where], n=1, cutoff=0.5)
        fix = f"Did you mean `{where}.{near[0]}`?" if near else f"One of {_listed(INNER[where])}."
        return RecordError(index, f"{where}.{shown}", f"Unknown field `{where}.{shown}`.", fix)
    if lowered in CONTENT_NAMES:
        return content_error(index, shown)
    if lowered in _ORGANIZATION:
        fix = "Leave it out: the API key decides the organization."
    elif lowered in OTHER_NAMES:
        fix = f"Did you mean `{OTHER_NAMES[lowered]}`?"
        if lowered in _INCLUSIVE:
            fix += " It counts uncached input only; cached input goes into `cache_read`."
    elif near := get_close_matches(lowered, FIELDS, n=1, cutoff=0.6):
        fix = f"Did you mean `{near[0]}`?"
    else:
        fix = "Remove it, or put it into `tags`."
    return RecordError(index, shown, f"Unknown field `{shown}`.", fix)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _message(name: str, what: str) -> str:
    """The decoder's complaint in words; it names kinds and limits, never values."""
    for sign, message in _COMPLAINTS:
        if match := sign.search(what):
            limit = f"{int(match.group(1)):,}" if match.groups() else ""
            return f"`{name}` {message.format(limit=limit)}"
    if found := re.match(r"Expected `(.*?)`, got `(\w+)`$", what):
        wanted, got = found.groups()
        return f"`{name}` must be {_WORDS.get(wanted.split(' ')[0], wanted)}, not {_word(got)}."
    return f"`{name}` is not valid."


_COMPLAINTS = tuple(
    (re.compile(sign), message)
    for sign, message in (
        (r">= 0", "is negative."),
        (r"length <= (\d+)", "is longer than {limit}."),
        (r"length >=", "is empty."),
        (r"<= (\d+)", "is larger than {limit}."),
        (r"timezone", "has no time zone."),
        (r"RFC3339", "is not an ISO 8601 instant."),
        (r"enum", "is not one of the allowed words."),
        (r"regex", "is not a currency code."),
    )
)
_WORDS = {
    "int": "a whole number",
    "str": "a text",
    "datetime": "an instant in ISO 8601",
    "object": "an object of texts",
    "decimal": "a decimal number",
}


def _word(kind: str) -> str:
    return {"float": "a fraction", "str": "a text", "int": "a number", "null": "null"}.get(
        kind, f"{'an' if kind[:1] in 'aeio' else 'a'} {kind}"
    )


_FIXES = {
    "occurred_at": "Write it like 2026-11-24T09:30:00Z.",
    "observed_at": "Write it like 2026-11-24T09:30:00Z, or leave it out.",
    "currency": "Three capital letters, like USD.",
    "granularity": "One of event, hour, day.",
    "phase": "One of development, testing, production, or leave it out.",
    "cost_basis": "One of provider_reported, computed, allocated, or leave it out.",
    "cost": "A decimal number in whole units of the currency, or leave it out.",
    "tags": "At most 32 pairs of texts: names to 64, values to 255 characters.",
    "run": 'An object like {"id": "run-81", "agent": "planner"}, or leave it out.',
    "run.id": "The run's own id, 1 to 255 characters.",
    "run.retry": "true or false.",
    "run.outcome": "One of success, error, timeout, cancelled, or leave it out.",
    "run.prompt_tokens": "An object of token counts, or leave it out.",
}


def _fix(name: str, what: str) -> str:
    if name in _FIXES:
        return _FIXES[name]
    if "`int`" in what:
        return "Send a whole number of tokens or calls, 0 or more, without quotes."
    return "Send a text of at most 255 characters, or leave the field out."


def _safe(text: str) -> str:
    """A decoder's message: it holds positions and kinds, never values."""
    return text.removesuffix(".")[:120]
