"""OTLP in protobuf. Only wanted attributes become Python values; bodies of logs, events and links
of spans, names and everything else stay inside the parsed message and die with it."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from apps.connectors.push.otlp.told import Body, Undecodable, resource_of
from apps.connectors.push.otlp.walk import (
    MAX_GROUPS,
    MAX_ITEMS,
    MAX_PARTS,
    Malformed,
    TooMany,
    fields,
    is_dense,
    more_than,
    parts,
)
from apps.connectors.push.rules.names import (
    TOKEN_METRIC_PREFIX,
    TOKEN_METRICS,
    WANTED_ON_EVENTS,
    WANTED_ON_POINTS,
    WANTED_ON_SPANS,
)
from apps.connectors.push.rules.told import Resource, ToldEvent, ToldPoint, ToldSpan

_SCALARS = frozenset({"string_value", "int_value", "double_value", "bool_value"})
CUMULATIVE = 2
MAX_NAME = 255
_DATA = frozenset({7, 9, 10})
"""Numbers of sum, histogram and exponential histogram in a metric."""


def _parse(kind: Any, data: memoryview) -> Any:
    try:
        return kind.FromString(bytes(data))
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None


def _pick(pairs: Iterable[Any], wanted: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        key = pair.key
        if key in wanted:
            value = pair.value
            which = value.WhichOneof("value")
            if which in _SCALARS:
                found[key] = getattr(value, which)
    return found


def _resource(group: memoryview) -> Resource:
    """The resource of a group: field 1 of ResourceSpans, ResourceLogs and ResourceMetrics."""
    found: dict[str, Any] = {}
    for data in parts(group, 1):
        if is_dense(data):
            raise TooMany
        for pair in _parse(resource_pb2.Resource, data).attributes:
            value = pair.value
            which = value.WhichOneof("value")
            if which in _SCALARS:
                found[pair.key] = getattr(value, which)
    return resource_of(found)


def _groups(data: bytes) -> Iterator[tuple[Resource, list[memoryview]]]:
    """Resources with their items, of any signal: they have the same field numbers.

    Request 1: resources; these 2: scopes; these 2: spans, log records or metrics.
    """
    items = groups = 0
    for group in parts(memoryview(data), 1):
        found: list[memoryview] = []
        for scope in parts(group, 2):
            groups += 1
            for item in parts(scope, 2):
                found.append(item)
                items += 1
                if items > MAX_ITEMS:
                    raise TooMany
        groups += 1
        if groups > MAX_GROUPS:
            raise TooMany
        yield _resource(group), found


def _read(data: bytes, take: Callable[[Body, Resource, list[memoryview]], None]) -> Body:
    body = Body()
    try:
        for resource, items in _groups(data):
            small = [item for item in items if not is_dense(item)]
            body.too_large += len(items) - len(small)
            take(body, resource, small)
    except Malformed:
        raise Undecodable("the body is not a protobuf message of this signal") from None
    return body


def read_traces(data: bytes) -> Body:
    """Raises Undecodable, and TooMany for more parts than a body may have."""
    return _read(data, _take_spans)


def _take_spans(body: Body, resource: Resource, items: list[memoryview]) -> None:
    parents = body.parents
    spans: list[ToldSpan] = []
    for item in items:
        span = _parse(Span, item)
        trace, own, above = span.trace_id, span.span_id, span.parent_span_id
        if above:
            parents[trace[8:] + own] = trace[8:] + above
        spans.append(
            ToldSpan(
                trace.hex(),
                own.hex(),
                above.hex(),
                span.kind,
                span.start_time_unix_nano,
                span.end_time_unix_nano,
                _pick(span.attributes, WANTED_ON_SPANS),
            )
        )
    body.spans.append((resource, spans))


def read_logs(data: bytes) -> Body:
    """Raises Undecodable, and TooMany for more parts than a body may have."""
    return _read(data, _take_logs)


def _take_logs(body: Body, resource: Resource, items: list[memoryview]) -> None:
    events: list[ToldEvent] = []
    for item in items:
        record = _parse(LogRecord, item)
        attributes = _pick(record.attributes, WANTED_ON_EVENTS)
        name = attributes.get("event.name") or record.event_name
        events.append(
            ToldEvent(
                name if isinstance(name, str) else "",
                record.trace_id.hex(),
                record.span_id.hex(),
                record.time_unix_nano or record.observed_time_unix_nano,
                attributes,
            )
        )
    body.events.append((resource, events))


def read_metrics(data: bytes) -> Body:
    """Raises Undecodable, and TooMany for more parts than a body may have.

    A metric that is no token counter is not even parsed.
    """
    return _read(data, _take_metrics)


def _take_metrics(body: Body, resource: Resource, items: list[memoryview]) -> None:
    points: list[ToldPoint] = []
    for item in items:
        name = next((value for number, value in fields(item) if number == 1), memoryview(b""))
        if not is_token_metric(bytes(name[:MAX_NAME]).decode("utf-8", "replace")):
            body.others += 1
            continue
        if any(more_than(MAX_PARTS, parts(data, 1)) for n, data in fields(item) if n in _DATA):
            raise TooMany
        metric = _parse(Metric, item)
        which = metric.WhichOneof("data")
        if which in (None, "gauge", "summary"):
            body.others += 1
            continue
        points += _points(metric.name, which, getattr(metric, which))
    body.points.append((resource, points))


def _points(name: str, which: str, found: Any) -> Iterable[ToldPoint]:
    cumulative = found.aggregation_temporality == CUMULATIVE
    for point in found.data_points:
        if which == "sum":
            value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
            count = None
        else:
            value, count = point.sum, point.count
        yield ToldPoint(
            name,
            cumulative,
            point.start_time_unix_nano,
            point.time_unix_nano,
            value,
            count,
            identity_of(pair.SerializeToString() for pair in point.attributes),
            _pick(point.attributes, WANTED_ON_POINTS),
        )


def identity_of(pairs: Iterable[bytes]) -> bytes:
    """A hash of a point's attributes, whatever their order."""
    digest = blake2b(digest_size=16, person=b"push.series")
    for pair in sorted(pairs):
        digest.update(len(pair).to_bytes(4, "big"))
        digest.update(pair)
    return digest.digest()


def is_token_metric(name: str) -> bool:
    return name in TOKEN_METRICS or name.startswith(TOKEN_METRIC_PREFIX)
