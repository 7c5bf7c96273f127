"""One story: what was promised, what happened, and what can be done with it now."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.access.web import requires
from apps.approvals import selectors as approvals
from apps.common import clock
from apps.common.errors import Invalid
from apps.stories import services
from apps.stories.design import load_design
from apps.stories.enums import Act
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.budget_effect import story_budget
from apps.stories.selectors.progress import Progress, progress
from apps.stories.selectors.standing import band_ahead, last_answer, left_band
from apps.stories.selectors.stories import (
    draft_of,
    live_successor,
    revision_by_id,
    revisions,
    story_by_ref,
)
from apps.stories.selectors.trueup import true_up
from apps.stories.services.pace import words as band_words
from apps.stories.web import access
from apps.stories.web.detail_tabs import (
    EFFECTS,
    estimate_context,
    headline,
    history,
    measured_value,
    moved,
    promised_chart,
    value_context,
)
from apps.stories.web.list_page import status_chip
from apps.tenancy.urls import org_url

MOST_MONTHS = 12

TABS = (
    ("measured", "Promised and measured"),
    ("estimate", "Estimate"),
    ("value", "Value"),
    ("design", "Design"),
    ("history", "History"),
)

SERVICES = {
    Act.WITHDRAW: services.withdraw,
    Act.AMEND: services.amend,
    Act.DISCARD: services.discard,
    Act.START_DELIVERY: services.start_delivery,
    Act.GO_LIVE: services.go_live,
    Act.TRUE_UP: services.true_up,
    Act.CLOSE: services.close,
}

BUTTONS: dict[Act, tuple[str, str, str]] = {
    Act.START_DELIVERY: ("Start delivery", "arrow-right", ""),
    Act.GO_LIVE: ("Mark as live", "flag", ""),
    Act.TRUE_UP: ("True up", "scale", "What did you learn about the estimate?"),
    Act.AMEND: ("Amend", "pencil", ""),
    Act.DISCARD: ("Discard the amendment", "x", ""),
    Act.WITHDRAW: ("Withdraw", "arrow-back-up", "Why? Optional."),
    Act.SUPERSEDE: ("Replace with a new story", "refresh", ""),
    Act.CLOSE: ("Close", "circle-x", "Why? Optional."),
}
"""Label, icon and the question for a note, in the order of the buttons."""


@requires(P.STORY_VIEW)
class StoryDetail(View):
    """The story page; ``?tab=`` measured, estimate, value or history."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        tab = request.GET.get("tab", "")
        tab = tab if tab in dict(TABS) else TABS[0][0]
        draft = draft_of(story)
        wanted = story.approved_revision_id or story.current_revision_id
        revision = revision_by_id(wanted) if wanted else None
        may = access.acts_for(actor, story, has_draft=draft is not None)
        zone = request.organization.timezone
        so_far = progress(story, zone=zone)
        successor = live_successor(story)
        context: dict[str, Any] = {
            "title": story.title,
            "crumbs": [("Token Stories", org_url(request, "stories:list")), (story.ref, "")],
            "story": story,
            "status": status_chip(story),
            "draft": draft,
            "revision": revision,
            "may": may,
            "buttons": [
                (act.value, *BUTTONS[act])
                for act in BUTTONS
                if act in may and not (act is Act.SUPERSEDE and successor)
            ],
            "may_keep": can(actor, P.STORY_TEMPLATE_MANAGE, unit_id=story.unit_id),
            "may_copy": can_anywhere(actor, P.STORY_WRITE),
            "can_edit": draft is not None and Act.SAVE in may,
            "tab": tab,
            "tabs": TABS,
            "progress": so_far,
            "headline": headline(story, so_far),
            "request_open": approvals.open_request_of("story", story.id),
            "answer": last_answer(story),
            "left_band": left_band(story),
            "band_ahead": (ahead := band_ahead(story)),
            "band_ahead_words": band_words(ahead) if ahead else "",
            "conditions": approvals.conditions_of_subject("story", story.id),
            "budget": story_budget(story),
            "latest": revisions(story).first(),
            "successor": successor,
            "zone": zone,
            "today": clock.today(zone),
        }
        context |= self._tab(tab, story, revision, so_far)
        return render(request, "stories/detail.html", context)

    def _tab(
        self,
        tab: str,
        story: TokenStory,
        revision: StoryRevision | None,
        so_far: Progress,
    ) -> dict[str, Any]:
        if tab == "history":
            return {"events": history(story), "revisions": list(revisions(story))}
        if revision is None:
            return {}
        if tab == "estimate":
            return estimate_context(revision)
        if tab == "design":
            return {"design": load_design(revision.design)}
        if tab == "value":
            return {**value_context(revision), **measured_value(self.request.actor, story)}
        return {
            "chart": promised_chart(so_far, revision.currency),
            "trueup": (after := true_up(story, so_far)),
            "moved": moved(after.drivers, revision.currency) if after else [],
            "by_month": [
                (each, moved(each.drivers, revision.currency))
                for each in (after.by_month[:MOST_MONTHS] if after else ())
            ],
            "effects": list(EFFECTS.values()),
            "exits": list(story.exits.order_by("-month")[:MOST_MONTHS]),
        }


@requires(P.STORY_WRITE, P.STORY_SUBMIT)
class StoryAct(View):
    """``do`` names the act, ``version`` what the person saw, ``note`` why."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        try:
            act = Act(request.POST.get("do", ""))
            version = int(request.POST.get("version", ""))
        except ValueError:
            raise Invalid("The request names no act and version.", field="do") from None
        if act is Act.SUBMIT:
            services.submit(
                actor=actor, story_id=story.id, version=version, note=request.POST.get("note", "")
            )
        elif act is Act.SUPERSEDE:
            successor = services.supersede(actor=actor, story_id=story.id, version=version)
            return redirect(org_url(request, "stories:edit", successor.ref))
        elif act in (Act.AMEND, Act.DISCARD):
            SERVICES[act](actor=actor, story_id=story.id, version=version)
        elif act in SERVICES:
            SERVICES[act](  # type: ignore[call-arg]
                actor=actor,
                story_id=story.id,
                version=version,
                note=request.POST.get("note", "")[:4000],
            )
        else:
            raise Invalid("This is decided on the approval page.", field="do")
        after = "stories:edit" if act is Act.AMEND else "stories:detail"
        return redirect(org_url(request, after, story.ref))
