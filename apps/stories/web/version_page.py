"""Frozen versions of a story: one alone, and two side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.common.errors import Invalid
from apps.stories.design import load_design
from apps.stories.models import TokenStory
from apps.stories.selectors.diff import compare
from apps.stories.selectors.stories import (
    revision_by_number,
    revisions,
    story_by_ref,
)
from apps.stories.web.detail_tabs import estimate_context, value_context
from apps.tenancy.urls import org_url


@requires(P.STORY_VIEW)
class StoryVersion(View):
    """A frozen version as it was submitted."""

    def get(self, request: HttpRequest, ref: str, number: int) -> HttpResponse:
        story = story_by_ref(request.actor, ref)
        revision = revision_by_number(story, number)
        context = {
            "title": f"{revision.title}, version {number}",
            "crumbs": self._crumbs(request, story, f"Version {number}"),
            "story": story,
            "revision": revision,
            "earlier": revisions(story).filter(number__lt=number).first(),
            **estimate_context(revision),
            **value_context(revision),
            "design": load_design(revision.design),
        }
        return render(request, "stories/version.html", context)

    def _crumbs(self, request: HttpRequest, story: TokenStory, last: str) -> list[tuple[str, str]]:
        return [
            ("Token Stories", org_url(request, "stories:list")),
            (story.ref, org_url(request, "stories:detail", story.ref)),
            (last, ""),
        ]


@requires(P.STORY_VIEW)
class StoryDiff(StoryVersion):
    """Two versions side by side: any two, named in the address or chosen (`?old=1&new=3`)."""

    def get(
        self, request: HttpRequest, ref: str, old: int | None = None, new: int | None = None
    ) -> HttpResponse:
        story = story_by_ref(request.actor, ref)
        if old is None or new is None:
            return self._chosen(request, story)
        before, after = revision_by_number(story, old), revision_by_number(story, new)
        rows = compare(before, after)
        changed = sum(row.changed for row in rows)
        context = {
            "title": f"{story.title}: version {old} against {new}",
            "crumbs": self._crumbs(request, story, f"{old} against {new}"),
            "story": story,
            "before": before,
            "after": after,
            "diff": rows,
            "changed": changed,
            "revisions": list(revisions(story)),
        }
        return render(request, "stories/diff.html", context)

    def _chosen(self, request: HttpRequest, story: TokenStory) -> HttpResponse:
        """The address of two versions that were picked, the older one first."""
        try:
            picked = sorted(int(request.GET.get(name, "")) for name in ("old", "new"))
        except ValueError:
            raise Invalid("Choose two versions.", field="old") from None
        return redirect(org_url(request, "stories:diff", story.ref, *picked))
