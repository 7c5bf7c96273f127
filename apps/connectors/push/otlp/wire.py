"""Media types, bodies and answers of OTLP/HTTP."""

from enum import StrEnum
from typing import Any

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from apps.connectors.push.otlp import json, protobuf
from apps.connectors.push.otlp.told import Body

PROTOBUF, JSON = "application/x-protobuf", "application/json"
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 415: 3, 422: 3, 429: 8, 503: 14}
"""HTTP statuses as codes of google.rpc.Status."""


class Kind(StrEnum):
    """The three signals, as their addresses are called."""

    TRACES = "traces"
    METRICS = "metrics"
    LOGS = "logs"


_READERS = {
    (Kind.TRACES, PROTOBUF): protobuf.read_traces,
    (Kind.METRICS, PROTOBUF): protobuf.read_metrics,
    (Kind.LOGS, PROTOBUF): protobuf.read_logs,
    (Kind.TRACES, JSON): json.read_traces,
    (Kind.METRICS, JSON): json.read_metrics,
    (Kind.LOGS, JSON): json.read_logs,
}
_REJECTED: dict[Kind, tuple[str, str, Any]] = {
    Kind.TRACES: ("rejected_spans", "rejectedSpans", ExportTraceServiceResponse),
    Kind.METRICS: ("rejected_data_points", "rejectedDataPoints", ExportMetricsServiceResponse),
    Kind.LOGS: ("rejected_log_records", "rejectedLogRecords", ExportLogsServiceResponse),
}


def media_of(content_type: str) -> str:
    """PROTOBUF or JSON, or nothing for what OTLP does not know."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (PROTOBUF, "application/protobuf"):
        return PROTOBUF
    return JSON if kind == JSON else ""


def read(kind: Kind, media: str, data: bytes) -> Body:
    """What a body tells. An empty protobuf body is an empty message. Raises Undecodable,
    and TooMany for more parts than a body may have."""
    return _READERS[kind, media](data)


def answer(kind: Kind, media: str, rejected: int = 0, message: str = "") -> bytes:
    """The success answer; with rejections it is partial, and the client must not repeat."""
    name, camel, response = _REJECTED[kind]
    if media == PROTOBUF:
        built = response()
        if rejected:
            setattr(built.partial_success, name, rejected)
            built.partial_success.error_message = message
        return bytes(built.SerializeToString())
    if not rejected:
        return b"{}"
    partial = {camel: str(rejected), "errorMessage": message}
    return msgspec.json.encode({"partialSuccess": partial})


def status(media: str, http_status: int, message: str) -> bytes:
    """The body of a refusal: google.rpc.Status with code (field 1) and message (field 2)."""
    code = CODES.get(http_status, 13 if http_status >= 500 else 3)
    if media == JSON:
        return msgspec.json.encode({"code": code, "message": message})
    raw = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(raw)) + raw


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
