"""Who acts: `request.organization` and `request.actor`, inside the open tenant scope."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from apps.access.actors import Actor
from apps.accounts.models import User
from apps.organizations import selectors
from apps.organizations.services import record_use
from apps.organizations.tokens import hash_secret
from apps.tenancy.middleware import bearer
from apps.tenancy.scope import current_organization_id


class ActorMiddleware:
    """Two queries: the organization, and the actor with the units each role reaches.

    An API key that ends between the door and here, or a suspended person, has no actor: the API
    answers 401, the portal 404.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if current_organization_id() is not None:
            actor, organization = self._actor(request), selectors.organization()
            if actor is None and not request.path_info.startswith("/api/"):
                raise Http404
            request.actor, request.organization = actor, organization
            structlog.contextvars.bind_contextvars(organization=organization.slug)
        return self.get_response(request)

    def _actor(self, request: HttpRequest) -> Actor | None:
        trace = {"request_id": request_id(), "ip": client_ip(request)}
        if secret := bearer(request):
            key = selectors.live_key(hash_secret(secret))
            if key is None:
                return None
            record_use(key)
            return selectors.actor_for_key(key, **trace)
        if not isinstance(request.user, User):
            return None
        return selectors.actor_for_user(request.user, **trace)


def request_id() -> str:
    """The id that also stands in the log lines of this request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]


def client_ip(request: HttpRequest) -> str:
    """The caller's address. Behind a trusted proxy, the one the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded[:45]
    return request.META.get("REMOTE_ADDR", "")[:45]
