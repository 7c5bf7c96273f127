"""What all push endpoints share: who may, which body, which organization."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.errors import Forbidden
from apps.connectors.push.body import Body, read_body
from apps.tenancy.middleware import ORGANIZATION_HEADER


class AnyAccept(BaseContentNegotiation):
    """The request's own encoding decides the answer's, whatever `Accept` says."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class PushView(ActorMixin, APIView):
    """An endpoint that takes usage from programs. `sent` is its body within bounds."""

    permission_required = {"POST": P.USAGE_WRITE}
    parser_classes = ()
    content_negotiation_class = AnyAccept

    def plain(self, request: Request) -> HttpRequest:
        """Django's request, once it is clear that it means the key's organization."""
        plain: HttpRequest = request._request
        self._same_organization(plain)
        return plain

    def body(self, plain: HttpRequest) -> bytes:
        """The body, unpacked. Raises what `sent` raises."""
        return self.sent(plain).plain

    def sent(self, plain: HttpRequest) -> Body:
        """Raises TooLarge, UnsupportedMedia, and DomainError (400) for damaged gzip."""
        return read_body(reader(plain), plain.headers.get("Content-Encoding", ""), _declared(plain))

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


def reader(request: HttpRequest) -> Callable[[int], bytes]:
    """The raw stream. Chunked bodies have no length, which Django takes for an empty body."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        stream = request.META.get("wsgi.input")
        if stream is not None and request.META.get("wsgi.input_terminated"):
            read: Callable[[int], bytes] = stream.read
            return read
    return request.read


def _declared(request: HttpRequest) -> int | None:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
