"""POST /api/v1/litellm and POST /api/v1/events."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from apps.connectors.push import services
from apps.connectors.push.api import examples
from apps.connectors.push.api.base import PushView
from apps.connectors.push.api.views import (
    ANSWER,
    JSON_TYPES,
    LINE_TYPES,
    PROPERTIES,
    answer,
    not_empty,
)
from apps.connectors.push.body import UnsupportedMedia
from apps.connectors.push.records import split_array
from apps.connectors.push.rules.cloudevents import from_headers

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
COUNTED: dict[str, Any] = {
    **ANSWER,
    "properties": {**PROPERTIES, "ignored": {"type": "integer"}},
}


class LiteLLMView(PushView):
    """Push LiteLLM's generic callback (`generic_api`): an array, one payload, or NDJSON.

    Messages, responses and headers are dropped while decoding. Failed calls and answers from the
    gateway's cache are counted as ignored. A repeated call is counted once by `litellm_call_id`.
    """

    @extend_schema(
        examples=[examples.LITELLM],
        operation_id="litellm_create",
        request={"application/json": {"type": "array", "items": {"type": "object"}}},
        responses={202: COUNTED, 422: COUNTED},
    )
    def post(self, request: Request) -> HttpResponse:
        plain = self.plain(request)
        kind = (plain.content_type or "").lower()
        if kind not in JSON_TYPES | LINE_TYPES:
            raise UnsupportedMedia(
                "LiteLLM sends application/json.", fix="Send application/json or NDJSON."
            )
        data = not_empty(self.body(plain))
        done = services.accept_litellm(actor=self.actor, data=data, lines=kind in LINE_TYPES)
        return answer(done, plain)


class CloudEventsView(PushView):
    """Push CloudEvents 1.0 that carry usage: structured, batched, or binary with `ce-` headers.

    `data` is a usage record, or counts like `{"model", "input_tokens", "output_tokens"}`, or a
    meter's `{"model", "tokens", "type": "input"}`. Events without usage are ignored. `source` and
    `id` name the event: repeating it never counts it twice. See docs/api/cloudevents.md.
    """

    @extend_schema(
        examples=[examples.ONE_EVENT, examples.EVENTS],
        operation_id="events_create",
        request={ONE: OpenApiTypes.OBJECT, BATCH: {"type": "array", "items": {"type": "object"}}},
        responses={202: COUNTED, 422: COUNTED},
    )
    def post(self, request: Request) -> HttpResponse:
        plain = self.plain(request)
        kind = (plain.content_type or "").lower()
        binary = "ce-id" in plain.headers or "ce-specversion" in plain.headers
        if kind not in (ONE, BATCH) and not (binary and kind in JSON_TYPES):
            raise UnsupportedMedia(
                "This Content-Type is not supported.",
                fix=f"Send {ONE}, {BATCH}, or application/json with ce- headers.",
            )
        data = not_empty(self.body(plain))
        if kind in (ONE, BATCH):
            done = services.accept_cloudevents(
                actor=self.actor, events=split_array(data) if kind == BATCH else [data]
            )
        else:
            headers = {name.lower(): value for name, value in plain.headers.items()}
            done = services.accept_cloudevents(
                actor=self.actor, events=from_headers(headers, kind, data)
            )
        return answer(done, plain)
