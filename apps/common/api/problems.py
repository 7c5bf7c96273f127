"""Every refusal of the API is a problem document (RFC 9457), made here and nowhere else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from apps.common.errors import DomainError, FieldError

CONTENT_TYPE = "application/problem+json"
_TITLES = {
    400: "Bad request",
    401: "No valid credentials",
    403: "You may not do this",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "The object has changed",
    413: "The input is too large",
    415: "Unsupported media type",
    422: "The input is not valid",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available right now",
}


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    errors: Sequence[FieldError] = (),
    fix: str = "",
    request: Any = None,
) -> dict[str, Any]:
    """The document; `errors` names each refused field, `fix` what to do about the whole."""
    document: dict[str, Any] = {
        "type": f"urn:tokenops:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if fix:
        document["fix"] = fix
    if errors:
        document["errors"] = [error.as_dict() for error in errors]
    if request_id := getattr(getattr(request, "actor", None), "request_id", ""):
        document["request_id"] = request_id
    return document


def problem_response(error: DomainError, request: HttpRequest | None = None) -> JsonResponse:
    """The same for plain Django views."""
    body = problem(
        error.status,
        error.message,
        code=error.code,
        errors=error.errors,
        fix=error.fix,
        request=request,
    )
    return JsonResponse(body, status=error.status, content_type=CONTENT_TYPE)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's hook: turn any known exception into a problem and undo the request's writes."""
    request = getattr(context.get("request"), "_request", None)
    body, headers = _body(exc, request)
    if body is None:
        return None
    if request is not None:
        request.undo_writes = True
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _body(exc: Exception, request: Any) -> tuple[dict[str, Any] | None, dict[str, str]]:
    if isinstance(exc, DomainError):
        document = problem(
            exc.status,
            exc.message,
            code=exc.code,
            errors=exc.errors,
            fix=exc.fix,
            request=request,
        )
        return document, {}
    if isinstance(exc, Http404):
        return problem(404, "Nothing here has this address.", code="not_found", request=request), {}
    if isinstance(exc, PermissionDenied):
        detail = str(exc) or "The credentials lack the permission."
        return problem(403, detail, code="forbidden", request=request), {}
    if isinstance(exc, ValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_field_errors(exc.detail))
        detail = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:3])
        return problem(422, detail, code="invalid", errors=errors, request=request), {}
    if isinstance(exc, exceptions.APIException):
        return _api_exception(exc, request)
    return None, {}


def _api_exception(
    exc: exceptions.APIException, request: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if challenge := getattr(exc, "auth_header", ""):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    codes = exc.get_codes()
    code = codes if isinstance(codes, str) else "error"
    fix = (
        "send `Authorization: Bearer tok_...` with a live API key"
        if headers.get("WWW-Authenticate")
        else ""
    )
    return problem(exc.status_code, str(exc.detail), code=code, fix=fix, request=request), headers


def _field_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _field_errors(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _field_errors(value, f"{path}[{index}]" if nested else path)
    else:
        yield FieldError(path, str(detail))
