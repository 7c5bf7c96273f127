"""OTLP in protobuf. Only wanted attributes become Python values; bodies of logs, events and links
of spans, names and everything else stay inside the parsed message and die with it."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from apps.connectors.push.otlp.told import Body, Undecodable, resource_of
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


def _parse(kind: Any, data: bytes) -> Any:
    try:
        return kind.FromString(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise Undecodable("the body is not a protobuf message of this signal") from None


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


def _resource(resource: Any) -> Resource:
    found: dict[str, Any] = {}
    for pair in resource.attributes:
        value = pair.value
        which = value.WhichOneof("value")
        if which in _SCALARS:
            found[pair.key] = getattr(value, which)
    return resource_of(found)


def read_traces(data: bytes) -> Body:
    """Raises Undecodable."""
    body = Body()
    parents = body.parents
    for group in _parse(ExportTraceServiceRequest, data).resource_spans:
        spans: list[ToldSpan] = []
        for scope in group.scope_spans:
            for span in scope.spans:
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
        body.spans.append((_resource(group.resource), spans))
    return body


def read_logs(data: bytes) -> Body:
    """Raises Undecodable."""
    body = Body()
    for group in _parse(ExportLogsServiceRequest, data).resource_logs:
        events: list[ToldEvent] = []
        for scope in group.scope_logs:
            for record in scope.log_records:
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
        body.events.append((_resource(group.resource), events))
    return body


def read_metrics(data: bytes) -> Body:
    """Raises Undecodable."""
    body = Body()
    for group in _parse(ExportMetricsServiceRequest, data).resource_metrics:
        points: list[ToldPoint] = []
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                which = metric.WhichOneof("data")
                if which is None:
                    continue
                found = getattr(metric, which)
                if not is_token_metric(metric.name) or which in ("gauge", "summary"):
                    body.others += len(found.data_points)
                    continue
                points += _points(metric.name, which, found)
        body.points.append((_resource(group.resource), points))
    return body


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
