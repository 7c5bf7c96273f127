"""Refusals of OTLP in OTLP's own words, whoever made them: throttle, keys, view or database."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.connectors.push.otlp import wire

PREFIX = "/api/v1/otlp/"
RETRY_AFTER = "5"


class OtlpStatusMiddleware:
    """Outermost of those that refuse: errors below /api/v1/otlp/ become google.rpc.Status.

    A server's failure is 503 with Retry-After: exporters drop what is answered 500, and repeat
    this. Nothing was written then, and what is repeated is never counted twice.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(PREFIX):
            return response
        code, message = response.status_code, _message(response)
        if code >= 500:
            code, message = 503, "Not available right now; nothing was written. Send it again."
        media = wire.media_of(request.content_type or "") or wire.JSON
        answer = HttpResponse(wire.status(media, code, message), status=code, content_type=media)
        for name, value in response.items():
            if name not in ("Content-Type", "Content-Length"):
                answer[name] = value
        if code == 503:
            answer["Retry-After"] = RETRY_AFTER
        return answer


def _message(response: HttpResponse) -> str:
    """Detail and fix of a problem document; of other pages nothing."""
    try:
        problem = json.loads(response.content)
        return " ".join(filter(None, (problem.get("detail"), problem.get("fix"))))
    except (ValueError, AttributeError):
        return response.reason_phrase
