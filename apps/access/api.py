"""Permissions on API views: `permission_required = {"GET": P.X, "POST": P.Y}`.

`PermissionRequired` and `ActorAuthentication` are the site's defaults. The middleware has already
resolved the key or the session.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.access.actors import Actor
from apps.access.permissions import MEANINGS, P
from apps.access.services import can_anywhere

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: Any, reason: str) -> Any:
        return reason


def _plain(request: Request) -> HttpRequest:
    """Django's request; asking the wrapper for its user would authenticate again."""
    return request._request


def _no_view(request: HttpRequest) -> HttpResponse:
    """Stands in for the view: it is not exempt from the check."""
    raise NotImplementedError


class ActorAuthentication(BaseAuthentication):
    """Takes the actor that the middleware found. A browser session also passes the CSRF check."""

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        plain = _plain(request)
        actor: Actor | None = getattr(plain, "actor", None)
        if actor is None:
            return None
        if actor.kind == "user":
            self._enforce_csrf(plain)
        return (getattr(plain, "user", None) or AnonymousUser(), actor)

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer to a missing key 401, not 403."""
        return 'Bearer realm="tokenops"'

    def _enforce_csrf(self, request: HttpRequest) -> None:
        check = _Csrf(lambda _request: None)  # type: ignore[arg-type]
        check.process_request(request)
        reason = check.process_view(request, _no_view, (), {})
        if reason:
            raise PermissionDenied(f"CSRF: {reason}")


class PermissionRequired(BasePermission):
    """Asks for the permission the view declares for the method. A method without one is closed."""

    enforces_permission_required = True

    def has_permission(self, request: Request, view: Any) -> bool:
        actor: Actor | None = request.auth
        if actor is None:
            return False
        permission = required_permission(view, request.method or "")
        if permission is None:
            raise MethodNotAllowed(request.method or "")
        if not can_anywhere(actor, permission):
            label = MEANINGS[permission].label
            self.message = f"This needs the permission {permission.value} ({label})."
            return False
        return True


def required_permission(view: Any, method: str) -> P | None:
    """The declared permission; HEAD and OPTIONS count as GET, or as any declared method."""
    declared: dict[str, P] = getattr(view, "permission_required", {})
    if method in declared:
        return declared[method]
    if method in SAFE:
        return declared.get("GET") or (
            next(iter(declared.values()), None) if method == "OPTIONS" else None
        )
    return None


class ActorMixin:
    """An API view's actor: `self.actor`."""

    request: Any

    @property
    def actor(self) -> Actor:
        """Never None in a handler: `PermissionRequired` has let the request in."""
        actor: Actor = self.request.auth
        return actor
