"""Error pages: what happened, what is safe, one way on. Inside the shell where there is one."""

from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

from apps.common.api.problems import CONTENT_TYPE, problem, problem_response
from apps.common.errors import DomainError

log = structlog.get_logger(__name__)


def _wants_json(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _json(status: int, detail: str, code: str, request: HttpRequest) -> HttpResponse:
    """The problem document of an API path that no view answered."""
    body = problem(status, detail, code=code, request=request)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def _request_id(request: HttpRequest) -> str:
    bound = structlog.contextvars.get_contextvars().get("request_id")
    return str(
        bound or getattr(request, "request_id", "") or request.headers.get("X-Request-ID", "")
    )


def _page(request: HttpRequest, status: int, context: dict[str, Any]) -> HttpResponse:
    """The page of a status, or its fragment for htmx. Never fails: plain text is the end."""
    inside = getattr(request, "organization", None) is not None and getattr(request, "actor", None)
    context = {
        "frame": "base.html" if inside else "plain.html",
        "request_id": _request_id(request),
        "status": status,
        **context,
    }
    name = (
        "errors/_fragment.html"
        if request.headers.get("HX-Request") == "true"
        else f"errors/{status}.html"
    )
    try:
        template = loader.select_template([name, "errors/error.html"])
        return HttpResponse(template.render(context, request), status=status)
    except Exception:
        log.exception("error_page_failed", status=status)
        return HttpResponse(
            f"{status}. {context.get('title', 'Error')}. Reference: {context['request_id']}",
            status=status,
            content_type="text/plain; charset=utf-8",
        )


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a refused action, with its reason and its fix."""
    if _wants_json(request):
        return problem_response(error, request)
    return _page(
        request,
        error.status,
        {
            "title": error.title,
            "message": error.message,
            "fix": error.fix,
            "field_errors": [e.as_dict() for e in error.errors],
        },
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _wants_json(request):
        return _json(400, "The request could not be read.", "bad_request", request)
    return _page(request, 400, {"title": "This request could not be read"})


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    message = str(exception or "")
    if _wants_json(request):
        return _json(403, message, "forbidden", request)
    return _page(request, 403, {"title": "You may not open this page", "message": message})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _wants_json(request):
        return _json(404, "There is nothing at this address.", "not_found", request)
    return _page(request, 404, {"title": "This page is not here"})


def server_error(request: HttpRequest) -> HttpResponse:
    """Uses no query of its own where it can: the database may be what failed."""
    if _wants_json(request):
        return _json(500, "The request failed. Nothing was changed.", "error", request)
    request.actor = None
    return _page(request, 500, {"title": "Something broke on our side"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is too old, or came from elsewhere."""
    if _wants_json(request):
        return _json(403, reason, "csrf", request)
    return _page(
        request,
        403,
        {
            "title": "This form has expired",
            "message": "The page was open for too long, or you signed in again in another tab.",
            "fix": "Go back, reload the page and send the form again. Nothing was changed.",
        },
    )
