"""OTLP/HTTP: POST /api/v1/otlp/v1/{traces,metrics,logs}.

OTEL_EXPORTER_OTLP_ENDPOINT=<base>/api/v1/otlp works. Refusals are made into the protocol's Status
by `push.middleware`.
"""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request

from apps.common.errors import DomainError, TooLarge
from apps.connectors.push import services
from apps.connectors.push.api import examples
from apps.connectors.push.api.base import PushView
from apps.connectors.push.body import UnsupportedMedia
from apps.connectors.push.otlp import wire
from apps.connectors.push.otlp.told import Undecodable
from apps.connectors.push.otlp.walk import MAX_ITEMS, TooMany

ANSWER = {
    "type": "object",
    "properties": {
        "partialSuccess": {
            "type": "object",
            "properties": {
                "rejectedSpans": {"type": "string"},
                "rejectedDataPoints": {"type": "string"},
                "rejectedLogRecords": {"type": "string"},
                "errorMessage": {"type": "string"},
            },
        }
    },
}


class OtlpView(PushView):
    """Push OpenTelemetry: protobuf or JSON, gzip allowed, with or without Content-Length.

    Usage of models is taken from the GenAI conventions and the dialects of Traceloop,
    OpenInference, Claude Code, Codex CLI and Gemini CLI; everything else is accepted and ignored.
    Texts of prompts and answers are dropped while decoding. Each call is counted once, although it
    arrives as span, event and metric. What is counted: docs/api/otlp.md.
    """

    kind = wire.Kind.TRACES

    def post(self, request: Request) -> HttpResponse:
        plain = self.plain(request)
        media = wire.media_of(plain.content_type or "")
        if not media:
            raise UnsupportedMedia(
                "OTLP/HTTP sends application/x-protobuf or application/json.",
                fix="Set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf or http/json.",
            )
        try:
            done = services.accept_otlp(
                actor=self.actor, kind=self.kind, media=media, data=self.body(plain)
            )
        except Undecodable as error:
            raise DomainError(
                f"This is no OTLP {self.kind}: {error}.",
                code="undecodable",
                fix="Send an Export request of this signal, in the encoding of Content-Type.",
            ) from None
        except TooMany:
            raise TooLarge(
                "The body has too many parts.",
                code="too_many_records",
                fix=f"Send at most {MAX_ITEMS:,} spans, records or metrics at once.",
            ) from None
        return HttpResponse(
            wire.answer(self.kind, media, done.rejected, done.message), content_type=media
        )


_EXAMPLES = {
    wire.Kind.TRACES: examples.TRACES,
    wire.Kind.METRICS: examples.METRICS,
    wire.Kind.LOGS: examples.LOGS,
}


def _view(kind: wire.Kind) -> type[OtlpView]:
    made = type(f"Otlp{kind.title()}View", (OtlpView,), {"kind": kind, "__doc__": OtlpView.__doc__})
    described = extend_schema(
        operation_id=f"otlp_{kind}_create",
        examples=[_EXAMPLES[kind]],
        request={
            "application/x-protobuf": OpenApiTypes.BINARY,
            "application/json": OpenApiTypes.OBJECT,
        },
        responses={200: ANSWER},
    )
    return extend_schema_view(post=described)(made)


OtlpTracesView = _view(wire.Kind.TRACES)
OtlpMetricsView = _view(wire.Kind.METRICS)
OtlpLogsView = _view(wire.Kind.LOGS)
