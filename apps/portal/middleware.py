"""Refusals become pages. The API has its own handler and never comes here."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.common.errors import DomainError
from apps.portal.web.errors import refusal


class DomainErrorMiddleware:
    """Renders a DomainError of a view as a page, or as a fragment for htmx."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Writes of the refused request are undone: this answer hides the exception from the
        tenancy middleware, so it is told here.
        """
        if not isinstance(exception, DomainError):
            return None
        request.undo_writes = True
        return refusal(request, exception)
