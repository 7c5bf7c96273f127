"""The menu of views for a page: `context["views"] = bar(request, "approvals")`, then
`{% include "savedviews/_bar.html" %}`.
"""

from typing import Any

from django.http import HttpRequest

from apps.access.web import actor_of
from apps.savedviews import pages, rules, selectors
from apps.tenancy.urls import org_url


def bar(request: HttpRequest, page: str, *, defaults: bool = False) -> dict[str, Any]:
    """The page's views with their addresses, the one that is shown, and what would be saved.

    `defaults` offers to open the page with a view: for pages that ask `default_query`.
    """
    known = pages.page(page)
    if known is None:
        raise LookupError(f"page {page!r} is not registered in apps.savedviews.pages")
    actor = actor_of(request)
    base = org_url(request, known.url_name)
    query = rules.clean_query(request.META.get("QUERY_STRING", ""))
    known_views, default = selectors.views_with_default(actor, page)
    items = [
        {
            "view": view,
            "url": f"{base}?{told}" if told else base,
            "current": told == query,
            "own": view.membership_id == actor.membership_id,
            "default": default is not None and view.id == default.id,
        }
        for view in known_views
        for told in (selectors.query_of(actor, view),)
    ]
    return {
        "page": page,
        "defaults": defaults,
        "query": query,
        "back": request.get_full_path(),
        "items": items,
        "current": next((i["view"] for i in items if i["current"] and query), None),
        "may_save": actor.membership_id is not None,
    }


def default_query(request: HttpRequest, page: str) -> str:
    """The query string a page opens with when nothing is chosen; empty without a default view."""
    actor = actor_of(request)
    view = selectors.default_view(actor, page)
    return selectors.query_of(actor, view) if view else ""
