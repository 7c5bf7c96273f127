"""Declarations on HTML views: `@requires(P.X)`, `@signed_in("why")`, `@public("why")`.

They work on functions, on view classes and on methods of view classes. `requires` answers who may
open the page at all; the service behind it still asks for the unit and the owner.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from apps.access.actors import Actor
from apps.access.declarations import Declaration, mark
from apps.access.permissions import MEANINGS, PLATFORM_PERMISSIONS, P
from apps.access.services import can_anywhere

V = TypeVar("V")
Gate = Callable[[HttpRequest], HttpResponse | None]


def requires(*permissions: P) -> Callable[[V], V]:
    """The actor holds one of the permissions somewhere. Anonymous: login page; lacking: 403."""
    if not permissions:
        raise ValueError("requires() names at least one permission")

    def gate(request: HttpRequest) -> HttpResponse | None:
        if not _signed_in(request):
            return to_login(request)
        if not any(_holds(request, permission) for permission in permissions):
            raise PermissionDenied(_what(permissions))
        return None

    return _declare(Declaration("permission", permissions), gate)


def signed_in(reason: str) -> Callable[[V], V]:
    """A login is enough: pages about the person, outside any organization."""

    def gate(request: HttpRequest) -> HttpResponse | None:
        return None if _signed_in(request) else to_login(request)

    return _declare(Declaration("signed_in", reason=_reason(reason)), gate)


def public(reason: str) -> Callable[[V], V]:
    """Open to everyone, for a reason that a reviewer can read."""
    return _declare(Declaration("public", reason=_reason(reason)), lambda request: None)


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request inside an organization; the middleware put it there."""
    actor = _actor(request)
    if actor is None:
        raise PermissionDenied("This page is inside an organization.")
    return actor


def to_login(request: HttpRequest) -> HttpResponse:
    """The login page, and back here afterwards; htmx is told to load the whole page."""
    path = request.get_full_path()
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=401)
        response["HX-Redirect"] = resolve_url("account_login")
        return response
    return redirect_to_login(path, resolve_url("account_login"))


def _declare(declaration: Declaration, gate: Gate) -> Callable[[V], V]:
    def decorate(view: V) -> V:
        if isinstance(view, type):
            dispatch = view.dispatch  # type: ignore[attr-defined]
            view.dispatch = _guard(dispatch, gate, declaration)  # type: ignore[attr-defined]
            mark(view, declaration)
            return cast("V", view)
        return cast("V", _guard(cast("Callable[..., Any]", view), gate, declaration))

    return decorate


def _guard(view: Callable[..., Any], gate: Gate, declaration: Declaration) -> Callable[..., Any]:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        request = args[0] if isinstance(args[0], HttpRequest) else args[1]
        return gate(request) or view(*args, **kwargs)

    mark(guarded, declaration)
    return guarded


def _signed_in(request: HttpRequest) -> bool:
    return _actor(request) is not None or request.user.is_authenticated


def _actor(request: HttpRequest) -> Actor | None:
    return getattr(request, "actor", None)


def _holds(request: HttpRequest, permission: P) -> bool:
    if permission in PLATFORM_PERMISSIONS:
        return request.user.is_authenticated and getattr(request.user, "is_staff", False)
    actor = _actor(request)
    return actor is not None and can_anywhere(actor, permission)


def _what(permissions: tuple[P, ...]) -> str:
    """What a role would have to include, in the words of the page of permissions."""
    labels = [MEANINGS[p].label for p in permissions if p in MEANINGS]
    needs = " or ".join(f"“{label}”" for label in labels) or " or ".join(permissions)
    return f"None of your roles includes {needs}."


def _reason(reason: str) -> str:
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError("say why: @public('why'), @signed_in('why')")
    return reason
