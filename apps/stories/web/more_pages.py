"""Small pages of a story: its text for a tracker, and stories like the one being written."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common.numbers import parse_number
from apps.portfolio.enums import CapabilityKind
from apps.stories.enums import Pattern
from apps.stories.selectors.issue import issue_body
from apps.stories.selectors.models_used import resolve_model
from apps.stories.selectors.similar import Profile, similar_to
from apps.stories.selectors.stories import story_by_ref
from apps.tenancy.urls import absolute_url, org_url


@requires(P.STORY_VIEW)
def issue(request: HttpRequest, ref: str) -> HttpResponse:
    """The story as the body of an issue. ``?download=1`` gives the Markdown file."""
    story = story_by_ref(request.actor, ref)
    path = org_url(request, "stories:detail", story.ref)
    text = issue_body(story, absolute_url(path))
    if request.GET.get("download"):
        response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{story.ref}.md"'
        return response
    context = {
        "title": f"{story.ref} as an issue",
        "crumbs": [
            ("Token Stories", org_url(request, "stories:list")),
            (story.ref, path),
            ("Issue text", ""),
        ],
        "story": story,
        "text": text,
    }
    return render(request, "stories/issue.html", context)


@requires(P.STORY_VIEW)
def similar(request: HttpRequest) -> HttpResponse:
    """Stories like the one the address describes, best first, and how they ended.

    Reads the names of the story form. htmx gets the list, a browser without script a page.
    """
    found = similar_to(request.actor, _profile(request))
    context = {
        "title": "Stories like yours",
        "crumbs": [("Token Stories", org_url(request, "stories:list")), ("Similar", "")],
        "similar": found,
        "may_start": can_anywhere(request.actor, P.STORY_WRITE),
    }
    part = request.headers.get("HX-Request") == "true"
    template = "stories/_similar.html" if part else "stories/similar.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _profile(request: HttpRequest) -> Profile:
    asked = request.GET
    model = asked.get("mix.0.model", "")[:200]
    if asked.get("volume_basis") == "users":
        users, adoption, each = (
            _number(asked.get(f"production.{name}.likely", ""))
            for name in ("users", "adoption", "per_user")
        )
        volume = users * adoption * each / 100
    else:
        volume = _number(asked.get("production.interactions.likely", ""))
    return Profile(
        kind=_one_of(asked.get("kind", ""), CapabilityKind.values),
        pattern=_one_of(asked.get("pattern", ""), [p.value for p in Pattern]),
        unit_id=_unit(asked.get("unit", "")),
        models=frozenset({resolve_model(model)}) if model else frozenset(),
        volume=volume,
    )


def _one_of(text: str, known: list[str]) -> str:
    return text if text in known else ""


def _unit(text: str) -> Any:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> Decimal:
    try:
        return max(Decimal(0), parse_number(text))
    except ValueError:
        return Decimal(0)
