"""What a view says about who may open it. Every view says something; a system check looks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from apps.access.permissions import P

ATTRIBUTE = "access_declaration"

#: Views of libraries that decide for themselves: how the name starts, and why that is right.
DECLARED_ELSEWHERE = {
    "allauth.": "login, password and second factor pages: allauth asks for a session itself",
    "health_check.": "liveness and readiness: no data of an organization",
    "drf_spectacular.": "the API description holds no data",
    "django.views.static": "files of the development server",
    "django.contrib.staticfiles": "files of the development server",
    "django.views.generic.base.RedirectView": "leads elsewhere and shows nothing",
    "django.views.i18n": "translated strings of the interface",
}

HTTP_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Declaration:
    """`permission`: any of these; `signed_in`: a login is enough; `public`: everyone."""

    kind: Literal["permission", "signed_in", "public"]
    permissions: tuple[P, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        if self.kind == "permission":
            return " or ".join(self.permissions)
        return f"{self.kind.replace('_', ' ')}: {self.reason}"


def mark(view: Any, declaration: Declaration) -> None:
    setattr(view, ATTRIBUTE, declaration)


def declaration_of(view: Callable[..., Any]) -> Declaration | None:
    """The declaration of a resolved view: its own, its class's, or that of all its methods."""
    found = getattr(view, ATTRIBUTE, None)
    if found is not None:
        return found
    for attribute in ("view_class", "cls"):
        cls = getattr(view, attribute, None)
        if cls is not None:
            return _of_class(cls)
    return _elsewhere(view)


def _of_class(cls: type) -> Declaration | None:
    found = getattr(cls, ATTRIBUTE, None) or _of_api(cls)
    if found is not None:
        return found
    handlers = [getattr(cls, name) for name in HTTP_METHODS if hasattr(cls, name)]
    declared = [getattr(handler, ATTRIBUTE, None) for handler in handlers]
    if handlers and all(declared):
        return declared[0]
    return _elsewhere(cls)


def _of_api(cls: type) -> Declaration | None:
    """An API view declares a permission per method and lets `PermissionRequired` enforce it."""
    required: dict[str, P] | None = getattr(cls, "permission_required", None)
    enforced = any(
        getattr(permission, "enforces_permission_required", False)
        for permission in getattr(cls, "permission_classes", ())
    )
    if not required or not enforced:
        return None
    return Declaration("permission", tuple(dict.fromkeys(required.values())))


def _elsewhere(view: Any) -> Declaration | None:
    name = f"{getattr(view, '__module__', '')}.{getattr(view, '__qualname__', '')}"
    for prefix, reason in DECLARED_ELSEWHERE.items():
        if name.startswith(prefix):
            return Declaration("public", reason=reason)
    return None
