"""POST /api/v1/usage/records: the fast path. No serializer touches a record."""

import re
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from apps.common.api.problems import CONTENT_TYPE, problem
from apps.common.errors import DomainError, Invalid
from apps.connectors.push import services
from apps.connectors.push.api import examples
from apps.connectors.push.api.base import PushView
from apps.connectors.push.body import UnsupportedMedia

JSON_TYPES = frozenset({"application/json", "text/json"})
LINE_TYPES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_SOURCE = re.compile(r"^[\w .\-]{1,120}$")
_encode = msgspec.json.Encoder().encode

PROPERTIES: dict[str, Any] = {
    "accepted": {"type": "integer"},
    "rejected": {"type": "integer"},
    "duplicate": {"type": "boolean"},
    "batch_id": {"type": ["string", "null"], "format": "uuid"},
    "errors": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "index": {"type": "integer"},
                "field": {"type": "string"},
                "message": {"type": "string"},
                "fix": {"type": "string"},
            },
        },
    },
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["accepted", "rejected", "errors", "batch_id"],
    "properties": PROPERTIES,
}


class UsageRecordsView(PushView):
    """Push usage records: a JSON array or NDJSON, gzip allowed, up to 10,000 records.

    Every record is judged alone. Good records are stored durably before the answer; refused ones
    are listed with field, reason and fix. Repeating a body, or a record, never counts it twice.
    The record's fields: docs/api/usage-records.md.
    """

    @extend_schema(
        examples=[examples.RECORDS, examples.LINES],
        operation_id="usage_records_create",
        request={
            "application/json": {"type": "array", "items": {"type": "object"}},
            "application/x-ndjson": OpenApiTypes.STR,
        },
        parameters=[
            OpenApiParameter("source", str, description="Another stream of events, by name.")
        ],
        responses={202: ANSWER, 422: ANSWER},
    )
    def post(self, request: Request) -> HttpResponse:
        plain = self.plain(request)
        source = request.query_params.get("source", "").strip()
        if source and not _SOURCE.match(source):
            raise Invalid(
                "The name of the source has unusual characters.",
                field="source",
                fix="Use letters, digits, blanks, dots and dashes, at most 120.",
            )
        lines = self._is_lines(plain)
        sent = self.sent(plain)
        not_empty(sent.plain)
        done = services.accept_usage(
            actor=self.actor, data=sent.plain, packed=sent.packed, lines=lines, source=source
        )
        return answer(done, plain)

    def _is_lines(self, request: HttpRequest) -> bool:
        kind = (request.content_type or "").lower()
        if kind in LINE_TYPES:
            return True
        if kind in JSON_TYPES:
            return False
        raise UnsupportedMedia(
            "This Content-Type is not supported.",
            fix="Send application/json (an array) or application/x-ndjson.",
        )


def not_empty(data: bytes) -> bytes:
    """The body; a blank one is a mistake."""
    if not data or data.isspace():
        raise DomainError("The body is empty.", code="empty_body", fix="Send at least one record.")
    return data


def answer(done: services.Accepted, request: HttpRequest) -> HttpResponse:
    """202 where something was taken or nothing was wrong; a problem where all was refused."""
    body: dict[str, Any] = {
        "accepted": done.accepted,
        "rejected": done.rejected,
        "duplicate": done.duplicate,
        "batch_id": done.batch_id,
        "errors": done.errors,
    }
    if done.ignored:
        body["ignored"] = done.ignored
    if done.accepted or done.ignored:
        return HttpResponse(_encode(body), content_type="application/json", status=202)
    whole = problem(422, "Every record was refused.", code="all_refused", request=request)
    return HttpResponse(_encode({**whole, **body}), content_type=CONTENT_TYPE, status=422)
