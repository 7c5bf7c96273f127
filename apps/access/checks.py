"""System check: every URL of the site leads to a view that declares who may open it."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from apps.access.declarations import declaration_of


def walk(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every route of the site with its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


@register(Tags.security)
def every_view_declares(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """access.E001 for a view without a declaration."""
    return [
        Error(
            f"/{route} leads to a view that does not say who may open it.",
            hint="Decorate it with @requires(P.X), @signed_in('why') or @public('why') from "
            "apps.access.web; an API view sets permission_required and PermissionRequired.",
            obj=view,
            id="access.E001",
        )
        for route, view in walk()
        if declaration_of(view) is None
    ]
