"""POST /api/v1/usage/records: the fast path. No serializer touches a record."""

import re
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.problems import CONTENT_TYPE, problem
from apps.common.errors import DomainError, Forbidden, Invalid
from apps.connectors.push import services
from apps.connectors.push.body import UnsupportedMedia, read_body
from apps.tenancy.middleware import ORGANIZATION_HEADER

JSON_TYPES = frozenset({"application/json", "text/json"})
LINE_TYPES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_SOURCE = re.compile(r"^[\w .\-]{1,120}$")
_encode = msgspec.json.Encoder().encode

ANSWER = {
    "type": "object",
    "required": ["accepted", "rejected", "errors", "batch_id"],
    "properties": {
        "accepted": {"type": "integer"},
        "rejected": {"type": "integer"},
        "duplicate": {"type": "boolean"},
        "batch_id": {"type": "string", "format": "uuid", "nullable": True},
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
    },
}


class UsageRecordsView(ActorMixin, APIView):
    """Push usage records: a JSON array or NDJSON, gzip allowed, up to 10,000 records.

    Every record is judged alone. Good records are stored durably before the answer; refused ones
    are listed with field, reason and fix. Repeating a body, or a record, never counts it twice.
    The record's fields: docs/api/usage-records.md.
    """

    permission_required = {"POST": P.USAGE_WRITE}
    parser_classes = ()

    @extend_schema(
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
        plain: HttpRequest = request._request
        self._same_organization(plain)
        source = request.query_params.get("source", "").strip()
        if source and not _SOURCE.match(source):
            raise Invalid(
                "The name of the source has unusual characters.",
                field="source",
                fix="Use letters, digits, blanks, dots and dashes, at most 120.",
            )
        lines = self._is_lines(plain)
        data = read_body(
            _reader(plain), plain.headers.get("Content-Encoding", ""), _declared(plain)
        )
        if not data.strip():
            raise DomainError(
                "The body is empty.", code="empty_body", fix="Send at least one record."
            )
        done = services.accept_usage(actor=self.actor, data=data, lines=lines, source=source)
        return _answer(done, plain)

    def _same_organization(self, request: HttpRequest) -> None:
        """A key belongs to one organization; a header that names another one is a mistake."""
        named = request.headers.get(ORGANIZATION_HEADER, "")
        organization: Any = request.organization
        if named and named != organization.slug:
            raise Forbidden(
                "The API key belongs to another organization than the header names.",
                code="wrong_organization",
                fix=f"Use a key of {named[:50]}, or leave out {ORGANIZATION_HEADER}.",
            )

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


def _reader(request: HttpRequest) -> Any:
    """The raw stream. Chunked bodies have no length, which Django takes for an empty body."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        stream = request.META.get("wsgi.input")
        if stream is not None and request.META.get("wsgi.input_terminated"):
            return stream.read
    return request.read


def _declared(request: HttpRequest) -> int | None:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None


def _answer(done: services.Accepted, request: HttpRequest) -> HttpResponse:
    body: dict[str, Any] = {
        "accepted": done.accepted,
        "rejected": done.rejected,
        "duplicate": done.duplicate,
        "batch_id": done.batch_id,
        "errors": done.errors,
    }
    if done.accepted:
        return HttpResponse(_encode(body), content_type="application/json", status=202)
    whole = problem(422, "Every record was refused.", code="all_refused", request=request)
    return HttpResponse(_encode({**whole, **body}), content_type=CONTENT_TYPE, status=422)
