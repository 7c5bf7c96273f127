"""OTLP bodies: built in protobuf, or as recorded."""

import gzip
import json
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from apps.common import clock
from apps.connectors.push.rules.calls import nanoseconds

RECORDED = Path(__file__).parents[1] / "fixtures"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECOND = 1_000_000_000
DELTA, CUMULATIVE = 1, 2
PROTOBUF, JSON = "application/x-protobuf", "application/json"


def recorded(name: str) -> bytes:
    """A recorded body, uncompressed."""
    return gzip.decompress((RECORDED / name).read_bytes())


def ago(seconds: float = 600) -> int:
    """Nanoseconds since 1970, some seconds before now."""
    return nanoseconds(clock.now()) - int(seconds * SECOND)


def fill(pairs: Any, attributes: dict[str, Any]) -> None:
    """Write attributes as protobuf key values."""
    for key, value in attributes.items():
        _set(pairs.add(key=key).value, value)


def _set(target: Any, value: Any) -> None:
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int):
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, list):
        target.array_value.SetInParent()
        for part in value:
            _set(target.array_value.values.add(), part)
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()
        fill(target.kvlist_value.values, value)
    else:
        target.string_value = value


def genai(input_tokens: Any = 100, output_tokens: Any = 20, **more: Any) -> dict[str, Any]:
    """Attributes of a chat by the GenAI conventions; names with `__` for a dot."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-5-2025-08-07",
        "gen_ai.usage.input_tokens": input_tokens,
        "gen_ai.usage.output_tokens": output_tokens,
        **{name.replace("__", "."): value for name, value in more.items()},
    }


def span(attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """One span for `traces`."""
    return {"attributes": attributes, **fields}


def traces(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> Any:
    """An export of spans of one service. Ids and times have defaults."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    fill(group.resource.attributes, resource or {"service.name": "shop", "team.id": "web"})
    scope = group.scope_spans.add()
    for number, given in enumerate(spans):
        start = given.get("start", ago())
        made = scope.spans.add(
            trace_id=bytes.fromhex(given.get("trace", TRACE)),
            span_id=bytes.fromhex(given.get("id", f"{number + 1:016x}")),
            parent_span_id=bytes.fromhex(given.get("parent", "")),
            name=given.get("name", "chat"),
            kind=given.get("kind", 3),
            start_time_unix_nano=start,
            end_time_unix_nano=given.get("end", start + SECOND),
        )
        fill(made.attributes, given["attributes"])
    return request


def logs(*records: dict[str, Any], resource: dict[str, Any] | None = None) -> Any:
    """An export of log records: `name`, `attributes`, `time`, `trace`, `id`, `body`."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    fill(group.resource.attributes, resource or {"service.name": "claude-code"})
    scope = group.scope_logs.add()
    for given in records:
        made = scope.log_records.add(
            time_unix_nano=given.get("time", ago()),
            event_name=given.get("name", ""),
            trace_id=bytes.fromhex(given.get("trace", "")),
            span_id=bytes.fromhex(given.get("id", "")),
        )
        if "body" in given:
            _set(made.body, given["body"])
        fill(made.attributes, given["attributes"])
    return request


def metrics(
    name: str,
    *points: dict[str, Any],
    resource: dict[str, Any] | None = None,
    temporality: int = DELTA,
    histogram: bool = False,
) -> Any:
    """An export of one counter: points with `attributes`, `value`, `start`, `time`, `count`."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    fill(group.resource.attributes, resource or {"service.name": "claude-code"})
    metric = group.scope_metrics.add().metrics.add(name=name)
    data = metric.histogram if histogram else metric.sum
    data.aggregation_temporality = temporality
    for given in points:
        time = given.get("time", ago())
        point = data.data_points.add(
            start_time_unix_nano=given.get("start", time - 60 * SECOND), time_unix_nano=time
        )
        value = given["value"]
        if histogram:
            point.sum, point.count = value, given.get("count", 1)
        elif isinstance(value, float):
            point.as_double = value
        else:
            point.as_int = value
        fill(point.attributes, given["attributes"])
    return request


def claude_event(request_id: str = "req_1", **fields: Any) -> dict[str, Any]:
    """Claude Code's api_request for `logs`."""
    attributes = {
        "event.name": "api_request",
        "session.id": "s-1",
        "user.email": "ana@example.com",
        "model": "claude-sonnet-4-5-20250929",
        "input_tokens": 10,
        "output_tokens": 200,
        "cache_read_tokens": 3000,
        "cache_creation_tokens": 400,
        "request_id": request_id,
        **fields.pop("attributes", {}),
    }
    return {"attributes": attributes, "body": "claude_code.api_request", **fields}


def claude_points(time: int, session: str = "s-1", **tokens: float) -> list[dict[str, Any]]:
    """Points of claude_code.token.usage of one collection."""
    return [
        {
            "time": time,
            "value": float(value),
            "attributes": {
                "type": kind,
                "session.id": session,
                "user.email": "ana@example.com",
                "model": "claude-sonnet-4-5-20250929[1m]",
            },
        }
        for kind, value in tokens.items()
    ]


def as_json(message: Any) -> bytes:
    """OTLP/JSON of a message: protobuf's mapping with ids in hex."""
    from google.protobuf.json_format import MessageToDict

    return json.dumps(_hex(MessageToDict(message))).encode()


def _hex(value: Any) -> Any:
    import base64

    if isinstance(value, list):
        return [_hex(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64decode(item).hex()
        if key in ("traceId", "spanId", "parentSpanId")
        else _enum(item)
        if key in ("kind", "aggregationTemporality")
        else _hex(item)
        for key, item in value.items()
    }


_ENUMS = {
    "SPAN_KIND_INTERNAL": 1,
    "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3,
    "AGGREGATION_TEMPORALITY_DELTA": 1,
    "AGGREGATION_TEMPORALITY_CUMULATIVE": 2,
}


def _enum(value: Any) -> Any:
    return _ENUMS.get(value, value) if isinstance(value, str) else value
