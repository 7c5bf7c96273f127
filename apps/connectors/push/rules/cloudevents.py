"""CloudEvents 1.0 that carry usage: structured, batched or binary.

`data` holds either a record as the records API takes it (then `event_id` and `occurred_at` may be
left to the envelope), or token counts under the names that meters use. Other events are no usage.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from apps.connectors.push.checks import CONTENT_NAMES, content_error
from apps.connectors.push.records import explain
from apps.connectors.push.rules.calls import Reason
from apps.connectors.push.rules.counts import BadCount, Counts, disjoint, whole
from apps.connectors.push.rules.emitters import key_of
from apps.connectors.push.rules.origin import label
from apps.connectors.push.rules.providers import provider_of
from apps.ledger.schema import MAX_COST, MAX_TEXT, RecordError, UsageIn

RECORD_FIELDS = frozenset({"input_uncached", "output", "cache_read", "cache_write_5m", "reasoning"})
INPUT = ("input_tokens", "prompt_tokens")
OUTPUT = ("output_tokens", "completion_tokens")
CACHED = ("cached_tokens", "cache_read_tokens", "cache_read_input_tokens")
WRITTEN = ("cache_creation_tokens", "cache_write_tokens", "cache_creation_input_tokens")
REASONING = ("reasoning_tokens",)
TOTAL = ("total_tokens",)
USAGE = frozenset(
    (*INPUT, *OUTPUT, *CACHED, *WRITTEN, *REASONING, *TOTAL, "tokens", *RECORD_FIELDS)
)
KINDS = {"input": "input", "prompt": "input", "output": "output", "completion": "output"}
NANO = Decimal(10) ** -9
_TEXTS = ("account", "project", "project_id", "region", "service_tier", "unit", "capability")
_STATED = ("story", "work_item", "branch", "repository", "api_key", "api_key_id")


class Envelope(msgspec.Struct):
    """Context attributes, and the data not decoded yet."""

    id: str | None = None
    source: str | None = None
    type: str | None = None
    specversion: str | None = None
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw = msgspec.Raw()
    data_base64: msgspec.Raw = msgspec.Raw()


_envelope = msgspec.json.Decoder(Envelope)
_data = msgspec.json.Decoder(dict[str, msgspec.Raw])
_scalar = msgspec.json.Decoder(int | float | str | bool | None)
_record = msgspec.json.Decoder(UsageIn)


def read_event(index: int, raw: bytes) -> UsageIn | Reason | RecordError:
    """One event in JSON; see `read_envelope`."""
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _wrong(index, "", "This is no CloudEvent in JSON.", "Send one JSON object.")
    return read_envelope(index, envelope)


def from_headers(headers: Mapping[str, str], content_type: str, body: bytes) -> Envelope:
    """An event in binary mode: context in `ce-` headers, data in the body."""
    return Envelope(
        id=headers.get("ce-id"),
        source=headers.get("ce-source"),
        type=headers.get("ce-type"),
        specversion=headers.get("ce-specversion"),
        time=headers.get("ce-time"),
        subject=headers.get("ce-subject"),
        datacontenttype=content_type,
        data=msgspec.Raw(body),
    )


def read_envelope(index: int, event: Envelope) -> UsageIn | Reason | RecordError:
    """The usage of an event; why it carries none; or what is wrong with it."""
    if error := _context_error(index, event):
        return error
    try:
        data = _data.decode(event.data) if bytes(event.data).strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _wrong(index, "data", "`data` is no JSON object.", "Send a JSON object.")
    if USAGE.isdisjoint(data):
        return Reason.NOT_USAGE
    at = _instant(event.time)
    if at is None and "occurred_at" not in data:
        return _wrong(
            index,
            "time",
            "`time` is missing or no instant with an offset.",
            "Send the time of the call: a repeated event must be recognized.",
        )
    if RECORD_FIELDS.isdisjoint(data):
        if at is None:
            return _wrong(index, "time", "`time` is missing.", "Send the time of the call.")
        return _metered(index, event, data, at)
    return _strict(index, event, data, at)


def _context_error(index: int, event: Envelope) -> RecordError | None:
    """The first thing wrong with an event's context attributes."""
    if event.specversion != "1.0":
        return _wrong(index, "specversion", "`specversion` is not 1.0.", 'Send "1.0".')
    for name in ("id", "source", "type"):
        if not getattr(event, name):
            return _wrong(index, name, f"`{name}` is missing.", "CloudEvents require it.")
    if bytes(event.data_base64):
        return _wrong(index, "data_base64", "The data is binary.", "Send `data` as JSON.")
    return None


def event_id(event: Envelope) -> str:
    """Source and id: together they name an event for ever."""
    plain = f"{event.source}#{event.id}"
    if len(plain) <= MAX_TEXT and plain.isprintable():
        return plain
    return f"ce:{key_of(event.source or '', event.id or '').hex()}"


def _strict(
    index: int, event: Envelope, data: dict[str, msgspec.Raw], at: datetime | None
) -> UsageIn | RecordError:
    whole_record: dict[str, Any] = {"event_id": event_id(event), **data}
    if at is not None:
        whole_record.setdefault("occurred_at", at)
    raw = msgspec.json.encode(whole_record)
    try:
        return _record.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found = explain(index, raw, error)
        return RecordError(index, f"data.{found.field}".rstrip("."), found.message, found.fix)


def _metered(
    index: int, event: Envelope, data: dict[str, msgspec.Raw], at: datetime
) -> UsageIn | Reason | RecordError:
    """Counts under meters' names. Only known names are decoded; everything else is dropped."""
    for name in data:
        if name.lower() in CONTENT_NAMES and name != "type":
            return content_error(index, f"data.{name}")
    try:
        counts = _counts(data)
    except BadCount as error:
        return _wrong(
            index,
            f"data.{error.name}",
            f"`{error.name}` is no token count.",
            "Send a whole number from 0; say with `type` whether `tokens` is input or output.",
        )
    if not counts.total:
        return Reason.NO_TOKENS
    model = label(_value(data, "model"))
    if not model:
        return _wrong(index, "data.model", "`model` is missing.", "Name the model that was called.")
    cost = _cost(_value(data, "cost"))
    more: dict[str, Any] = {name: label(_value(data, name)) for name in (*_TEXTS, *_STATED)}
    more.update(counts.kinds())
    return UsageIn(
        occurred_at=at,
        provider=provider_of(label(_value(data, "provider")), model),
        model=model,
        event_id=event_id(event),
        user=label(_value(data, "user")) or label(event.subject),
        tags={"ce.source": source} if (source := label(event.source)) else {},
        **more,
        cost=cost,
        cost_basis="computed" if cost is not None else None,
    )


def _counts(data: dict[str, msgspec.Raw]) -> Counts:
    if "tokens" in data and {*INPUT, *OUTPUT}.isdisjoint(data):
        kind = KINDS.get(str(_value(data, "type")).lower())
        if kind is None:
            raise BadCount("tokens")
        tokens = whole(_number(data, "tokens"), "tokens")
        return Counts(input_uncached=tokens) if kind == "input" else Counts(output=tokens)
    return disjoint(
        input_tokens=_count(data, INPUT),
        output_tokens=_count(data, OUTPUT),
        cache_read=_count(data, CACHED),
        cache_write=_count(data, WRITTEN),
        reasoning=_count(data, REASONING),
        total=_count(data, TOTAL) if "total_tokens" in data else None,
    )


def _count(data: dict[str, msgspec.Raw], among: tuple[str, ...]) -> int:
    for name in among:
        if name in data and (value := _number(data, name)) is not None:
            return whole(value, name)
    return 0


def _number(data: dict[str, msgspec.Raw], name: str) -> Any:
    """What stands under a counter's name, None for null. Raises BadCount for what is no scalar or
    cannot be read: such a count is not 0."""
    try:
        return _scalar.decode(data[name])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCount(name) from error


def _value(data: dict[str, msgspec.Raw], name: str) -> Any:
    """A scalar under a known name; anything deeper is none."""
    if name not in data:
        return None
    try:
        return _scalar.decode(data[name])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _cost(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        cost = Decimal(str(value))
    except ArithmeticError:
        return None
    return cost.quantize(NANO) if cost.is_finite() and 0 < cost <= MAX_COST else None


def _instant(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else None


def _wrong(index: int, name: str, message: str, fix: str) -> RecordError:
    return RecordError(index, name, message, fix)
