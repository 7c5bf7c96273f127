"""OTLP in JSON, as the specification writes it.

lowerCamelCase, ids in hex, 64-bit integers as texts or numbers, null for what is left out. Fields
that are not named here are skipped by the decoder without becoming values: texts of prompts in
bodies, events and arrays are never built.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from apps.connectors.push.otlp.protobuf import CUMULATIVE, identity_of, is_token_metric
from apps.connectors.push.otlp.told import Body, Undecodable, resource_of
from apps.connectors.push.otlp.walk import MAX_ITEMS, TooMany
from apps.connectors.push.rules.names import (
    WANTED_ON_EVENTS,
    WANTED_ON_POINTS,
    WANTED_ON_SPANS,
)
from apps.connectors.push.rules.told import Resource, ToldEvent, ToldPoint, ToldSpan

Number = int | str | float | None
_Message = TypeVar("_Message")
_Item = TypeVar("_Item")
MAX_OBJECTS = 750_000
"""Objects in a body: an empty one takes three bytes of text and a hundred of memory. A body of the
largest size with ordinary spans has fewer."""
_HEX = frozenset("0123456789abcdef")


class _Value(msgspec.Struct, gc=False, rename="camel"):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bool_value: bool | None = None


class _Pair(msgspec.Struct, gc=False):
    key: str = ""
    value: _Value | None = None


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_Pair] | None = None


class _Span(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: Number = None
    end_time_unix_nano: Number = None
    attributes: list[_Pair] | None = None


class _ScopeSpans(msgspec.Struct):
    spans: list[_Span] | None = None


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Traces(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


class _Record(msgspec.Struct, gc=False, rename="camel"):
    time_unix_nano: Number = None
    observed_time_unix_nano: Number = None
    event_name: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    attributes: list[_Pair] | None = None


class _ScopeLogs(msgspec.Struct, rename="camel"):
    log_records: list[_Record] | None = None


class _ResourceLogs(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _Logs(msgspec.Struct, rename="camel"):
    resource_logs: list[_ResourceLogs] | None = None


class _Point(msgspec.Struct, gc=False, rename="camel"):
    start_time_unix_nano: Number = None
    time_unix_nano: Number = None
    as_int: int | str | None = None
    as_double: float | str | None = None
    sum: float | str | None = None
    count: int | str | None = None
    attributes: list[_Pair] | None = None


class _Data(msgspec.Struct, rename="camel"):
    data_points: list[_Point] | None = None
    aggregation_temporality: int | str | None = None


class _Metric(msgspec.Struct, rename="camel"):
    name: str | None = None
    sum: _Data | None = None
    histogram: _Data | None = None
    exponential_histogram: _Data | None = None
    gauge: _Data | None = None
    summary: _Data | None = None


class _ScopeMetrics(msgspec.Struct):
    metrics: list[_Metric] | None = None


class _ResourceMetrics(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_metrics: list[_ScopeMetrics] | None = None


class _Metrics(msgspec.Struct, rename="camel"):
    resource_metrics: list[_ResourceMetrics] | None = None


_TRACES = msgspec.json.Decoder(_Traces)
_LOGS = msgspec.json.Decoder(_Logs)
_METRICS = msgspec.json.Decoder(_Metrics)


def _parse(decoder: msgspec.json.Decoder[_Message], data: bytes) -> _Message:
    if data.count(b"{") > MAX_OBJECTS:
        raise TooMany
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        raise Undecodable("the JSON is not a message of this signal") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Undecodable("the body is not valid JSON in UTF-8") from None
    except RecursionError:
        raise Undecodable("the JSON is nested too deeply") from None


def _bounded(items: list[_Item] | None, seen: list[int]) -> list[_Item]:
    """The items, counted with those before them. Raises TooMany."""
    found = items or []
    seen[0] += len(found)
    if seen[0] > MAX_ITEMS:
        raise TooMany
    return found


def _scalar(value: _Value | None) -> Any:
    if value is None:
        return None
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return value.int_value
    if value.double_value is not None:
        return value.double_value
    return value.bool_value


def _pick(pairs: Iterable[_Pair] | None, wanted: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs or ():
        if pair.key in wanted and (value := _scalar(pair.value)) is not None:
            found[pair.key] = value
    return found


def _resource(resource: _Resource | None) -> Resource:
    found: dict[str, Any] = {}
    if resource is not None:
        for pair in resource.attributes or ():
            if (value := _scalar(pair.value)) is not None:
                found[pair.key] = value
    return resource_of(found)


def _id(value: str | None, digits: int) -> str:
    """An id in lower-case hex of the right length, or nothing."""
    if not value or len(value) != digits:
        return ""
    lowered = value.lower()
    return lowered if _HEX.issuperset(lowered) else ""


def _time(value: Number) -> int:
    """Nanoseconds; 0 for what is none."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 20 else 0
    return int(value) if isinstance(value, int) and value > 0 else 0


def read_traces(data: bytes) -> Body:
    """Raises Undecodable, and TooMany for more parts than a body may have."""
    body, seen = Body(), [0]
    for group in _parse(_TRACES, data).resource_spans or ():
        spans: list[ToldSpan] = []
        for scope in group.scope_spans or ():
            for span in _bounded(scope.spans, seen):
                trace, own = _id(span.trace_id, 32), _id(span.span_id, 16)
                above = _id(span.parent_span_id, 16)
                if trace and own and above:
                    half = trace[16:]
                    body.parents[bytes.fromhex(half + own)] = bytes.fromhex(half + above)
                spans.append(
                    ToldSpan(
                        trace,
                        own,
                        above,
                        span.kind if isinstance(span.kind, int) else 0,
                        _time(span.start_time_unix_nano),
                        _time(span.end_time_unix_nano),
                        _pick(span.attributes, WANTED_ON_SPANS),
                    )
                )
        body.spans.append((_resource(group.resource), spans))
    return body


def read_logs(data: bytes) -> Body:
    """Raises Undecodable, and TooMany for more parts than a body may have."""
    body, seen = Body(), [0]
    for group in _parse(_LOGS, data).resource_logs or ():
        events: list[ToldEvent] = []
        for scope in group.scope_logs or ():
            for record in _bounded(scope.log_records, seen):
                attributes = _pick(record.attributes, WANTED_ON_EVENTS)
                name = attributes.get("event.name") or record.event_name
                events.append(
                    ToldEvent(
                        name if isinstance(name, str) else "",
                        _id(record.trace_id, 32),
                        _id(record.span_id, 16),
                        _time(record.time_unix_nano) or _time(record.observed_time_unix_nano),
                        attributes,
                    )
                )
        body.events.append((_resource(group.resource), events))
    return body


def read_metrics(data: bytes) -> Body:
    """Raises Undecodable, and TooMany for more parts than a body may have."""
    body, seen = Body(), [0]
    for group in _parse(_METRICS, data).resource_metrics or ():
        points: list[ToldPoint] = []
        for scope in group.scope_metrics or ():
            for metric in scope.metrics or ():
                found = metric.sum or metric.histogram or metric.exponential_histogram
                if found is None or not is_token_metric(metric.name or ""):
                    body.others += 1
                    continue
                found.data_points = _bounded(found.data_points, seen)
                points += _points(metric.name or "", found)
        body.points.append((_resource(group.resource), points))
    return body


def _points(name: str, found: _Data) -> Iterable[ToldPoint]:
    cumulative = found.aggregation_temporality in (
        CUMULATIVE,
        "AGGREGATION_TEMPORALITY_CUMULATIVE",
    )
    for point in found.data_points or ():
        value: Any = point.sum
        if point.as_int is not None:
            value = point.as_int
        elif point.as_double is not None:
            value = point.as_double
        yield ToldPoint(
            name,
            cumulative,
            _time(point.start_time_unix_nano),
            _time(point.time_unix_nano),
            value,
            point.count,
            identity_of(msgspec.json.encode(pair) for pair in point.attributes or ()),
            _pick(point.attributes, WANTED_ON_POINTS),
        )
