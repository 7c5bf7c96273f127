"""Rate limit and idempotency of every unsafe call under /api/, plain views included."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.api import services, throttle
from apps.common.api.problems import problem_response
from apps.common.errors import DomainError

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class TooManyRequests(DomainError):
    """The key has spent its calls of this minute."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class IdempotencyMiddleware:
    """Runs inside the organization's scope: a repeated call changes nothing and gets its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = getattr(request, "actor", None)
        if actor is None or not request.path_info.startswith("/api/"):
            return self.get_response(request)
        allowance = throttle.spend(actor, request.path_info)
        if allowance.exceeded:
            error = TooManyRequests(
                f"more than {allowance.limit} calls in a minute",
                fix=f"repeat the call in {allowance.reset} seconds",
            )
            response: HttpResponse = problem_response(error, request)
            response["Retry-After"] = str(allowance.reset)
        else:
            response = self._once(request)
        for name, value in allowance.headers().items():
            response[name] = value
        return response

    def _once(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method in _SAFE:
            return self.get_response(request)
        try:
            first = services.begin(actor=request.actor, key=key, mark=services.fingerprint(request))
        except DomainError as error:
            request.undo_writes = True
            return problem_response(error, request)
        if first is not None:
            return services.replay(first)
        response = self.get_response(request)
        if not request.undo_writes and response.status_code < 500:
            services.finish(actor=request.actor, key=key, response=response)
        return response
