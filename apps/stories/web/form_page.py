"""The story form: filing, editing, pricing while typing, autosave. Works without script."""

from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views import View

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.errors import FieldError, Invalid, NotFound
from apps.common.web.forms import add_errors
from apps.stories import services
from apps.stories.enums import Act
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.models_used import suggestions
from apps.stories.selectors.profile import blank_assumptions, measured_production
from apps.stories.selectors.stories import (
    draft_of,
    revision_by_id,
    revisions,
    story_by_ref,
)
from apps.stories.services.plan import plan_of
from apps.stories.web import access
from apps.stories.web.forms import StoryForm
from apps.stories.web.forms.layout import field_name
from apps.stories.web.forms.story import MODEL_LIST, assumption_initial, initial_of, posted
from apps.stories.web.panel import WHAT_IF, Panel, WhatIf, build_panel
from apps.tenancy.urls import org_url

ESTIMATE = "estimate"


def story_form(actor: Actor, *args: Any, **kwargs: Any) -> StoryForm:
    """The form with the choices of this actor."""
    return StoryForm(
        *args,
        capabilities=access.capability_choices(actor),
        units=access.unit_choices(actor),
        people=access.people_choices(actor),
        **kwargs,
    )


def place_errors(form: StoryForm, error: Invalid) -> None:
    """Put a service's errors on the inputs they are about."""
    moved = [FieldError(_form_field(item.field), item.message, item.fix) for item in error.errors]
    add_errors(form, Invalid(error.message, code=error.code, fix=error.fix, errors=moved))


_RENAMED = {
    "production.mix": "mix.0.model",
    "production.horizon_months": "horizon",
    "cap_nanos": "cap",
}


def _form_field(name: str) -> str:
    plain = name.removeprefix("assumptions.")
    return _RENAMED.get(plain, plain)


class StoryPage(View):
    """What filing and editing share: the page, its panel and its buttons."""

    template_name: ClassVar[str] = "stories/form.html"

    def page(
        self,
        request: HttpRequest,
        form: StoryForm,
        *,
        story: TokenStory | None,
        draft: StoryDraft | None = None,
        panel: Panel | None = None,
        what_if: WhatIf | None = None,
    ) -> HttpResponse:
        """The whole page; 422 when the form holds errors."""
        what_if = what_if or WhatIf()
        actor: Actor = request.actor
        if panel is None:
            panel = self._panel_of(request, form, story, what_if)
        number = (story.revision_number if story else 0) + 1
        context = {
            "title": story.title if story else "New Token Story",
            "crumbs": self._crumbs(request, story),
            "form": form,
            "tables": form.tables,
            "story": story,
            "draft": draft,
            "next_number": number,
            "panel": panel,
            "what_if": what_if,
            "what_if_labels": what_if.labels,
            "sliders": WHAT_IF,
            "models": suggestions(),
            "model_list": MODEL_LIST,
            "saved_text": saved_text(draft),
            "previous": revisions(story).first() if story and story.revision_number else None,
            "may": access.acts_for(actor, story, has_draft=draft is not None) if story else (),
        }
        status = 422 if form.is_bound and form.errors else 200
        return render(request, self.template_name, context, status=status)

    def _panel_of(
        self, request: HttpRequest, form: StoryForm, story: TokenStory | None, what_if: WhatIf
    ) -> Panel:
        actor: Actor = request.actor
        bound = form if form.is_bound else _as_posted(actor, form)
        bound.is_valid()
        return build_panel(
            actor=actor, form=bound, what_if=what_if, author_id=story.author_id if story else None
        )

    def _crumbs(self, request: HttpRequest, story: TokenStory | None) -> list[tuple[str, str]]:
        crumbs = [("Token Stories", org_url(request, "stories:list"))]
        if story is None:
            return [*crumbs, ("New", "")]
        return [*crumbs, (story.ref, org_url(request, "stories:detail", story.ref)), ("Edit", "")]


def _as_posted(actor: Actor, form: StoryForm) -> StoryForm:
    """The unbound form as if its initial data had been posted, to price it."""
    data = {}
    for name in form.fields:
        value = form[name].value()
        data[name] = "" if value is None else value
    return story_form(actor, data, lenient=True)


def saved_text(draft: StoryDraft | None) -> str:
    """When the working copy was stored, for people."""
    if draft is None:
        return ""
    ago = fmt.ago(draft.saved_at, clock.now())
    return f"Saved {ago} by {draft.saved_by_name}."


@requires(P.STORY_WRITE)
class NewStory(StoryPage):
    """File a story. ``?like=TS-0117`` copies one, ``?capability=`` starts from measured use."""

    def get(self, request: HttpRequest) -> HttpResponse:
        actor: Actor = request.actor
        return self.page(request, story_form(actor, initial=self._initial(request)), story=None)

    def post(self, request: HttpRequest) -> HttpResponse:
        actor: Actor = request.actor
        form = story_form(actor, request.POST)
        if not form.is_valid():
            return self.page(request, form, story=None)
        try:
            with transaction.atomic():
                story = services.create_draft(actor=actor, plan=form.plan())
                if request.POST.get("do") == Act.SUBMIT:
                    services.submit(actor=actor, story_id=story.id, version=story.version)
        except Invalid as error:
            place_errors(form, error)
            return self.page(request, form, story=None)
        done = "stories:detail" if request.POST.get("do") == Act.SUBMIT else "stories:edit"
        return redirect(org_url(request, done, story.ref))

    def _initial(self, request: HttpRequest) -> dict[str, Any]:
        actor: Actor = request.actor
        like = request.GET.get("like", "")
        if like:
            return self._like(actor, like)
        units = access.unit_choices(actor)
        initial = {
            **assumption_initial(blank_assumptions()),
            "kind": "production",
            "unit": units[0][0] if len(units) == 1 else "",
            "dev_basis": "effort",
            "value_adoption": 100,
            "value_owner": str(actor.membership_id or ""),
            "mix.0.share": 100,
        }
        wanted = request.GET.get("capability", "")
        known = dict(access.capability_choices(actor))
        if wanted in known:
            production = measured_production(wanted)  # type: ignore[arg-type]
            measured = assumption_initial(blank_assumptions(production)) if production else {}
            name = known[wanted].rsplit(" (", 1)[0]
            initial |= {**measured, "capability": wanted, "title": name, "dev_basis": "effort"}
        return initial

    def _like(self, actor: Actor, ref: str) -> dict[str, Any]:
        try:
            other = story_by_ref(actor, ref)
        except NotFound:
            return assumption_initial(blank_assumptions())
        source = draft_of(other)
        if other.current_revision_id:
            source = revision_by_id(other.current_revision_id)  # type: ignore[assignment]
        if source is None:
            return assumption_initial(blank_assumptions())
        fresh = blank_assumptions()
        return {
            **initial_of(plan_of(source)),
            "title": f"{other.title} (copy)",
            "capability": "",
            "starts_on": fresh.starts_on,
            "live_on": fresh.live_on,
        }


@requires(P.STORY_WRITE)
class EditStory(StoryPage):
    """Edit the working copy of a story."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        draft = draft_of(story)
        if draft is None or Act.SAVE not in access.acts_for(actor, story, has_draft=True):
            return redirect(org_url(request, "stories:detail", story.ref))
        form = story_form(actor, initial=initial_of(plan_of(draft)))
        return self.page(request, form, story=story, draft=draft)

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        form = story_form(actor, request.POST)
        if not form.is_valid():
            return self.page(request, form, story=story, draft=draft_of(story))
        try:
            with transaction.atomic():
                saved = services.save_draft(
                    actor=actor,
                    story_id=story.id,
                    version=posted_version(request.POST),
                    plan=form.plan(),
                )
                if request.POST.get("do") == Act.SUBMIT:
                    services.submit(actor=actor, story_id=saved.id, version=saved.version)
                    return redirect(org_url(request, "stories:detail", saved.ref))
        except Invalid as error:
            place_errors(form, error)
            return self.page(request, form, story=story, draft=draft_of(story))
        return redirect(org_url(request, "stories:edit", saved.ref))


@requires(P.STORY_WRITE)
class SaveDraft(View):
    """Autosave: stores the working copy and says so, or says what is wrong. Answers a fragment."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        form = story_form(actor, request.POST)
        if not form.is_valid():
            return self._refused(request, form)
        try:
            with transaction.atomic():
                saved = services.save_draft(
                    actor=actor,
                    story_id=story.id,
                    version=posted_version(request.POST),
                    plan=form.plan(),
                )
        except Invalid as error:
            place_errors(form, error)
            return self._refused(request, form)
        context = {"story": saved, "saved_text": "Saved just now."}
        return render(request, "stories/_saved.html", context)

    def _refused(self, request: HttpRequest, form: StoryForm) -> HttpResponse:
        name, messages = next(iter(form.errors.items()))
        label = form.fields[name].label if name in form.fields else "The form"
        context = {"refused": f"Not saved. {label}: {messages[0]}"}
        return render(request, "stories/_saved.html", context, status=422)


def posted_version(data: QueryDict) -> int:
    """The version the person saw; -1 (never a version) when it is missing."""
    try:
        return int(data.get("version", ""))
    except ValueError:
        return -1


@requires(P.STORY_WRITE)
class EstimateStory(StoryPage):
    """Price what is in the form. htmx gets the panel, a browser without script the whole page.

    ``do=apply`` writes the what-if values into the form.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        actor: Actor = request.actor
        what_if = WhatIf.read(request.POST)
        form = story_form(actor, request.POST, lenient=True)
        form.is_valid()
        if request.POST.get("do") == "apply" and not form.errors:
            changed = what_if.applied(form.assumptions())
            form = story_form(actor, posted(changed, request.POST.dict()), lenient=True)
            form.is_valid()
            what_if = WhatIf()
        story = self._story(actor, request.POST.get("ref", ""))
        panel = build_panel(
            actor=actor, form=form, what_if=what_if, author_id=story.author_id if story else None
        )
        if request.headers.get("HX-Request") == "true" and request.POST.get("do") != "apply":
            context = {
                "panel": panel,
                "what_if": what_if,
                "what_if_labels": what_if.labels,
                "sliders": WHAT_IF,
                "fragment": True,
            }
            response = render(request, "stories/_estimate_panel.html", context)
        else:
            draft = draft_of(story) if story else None
            response = self.page(
                request, form, story=story, draft=draft, panel=panel, what_if=what_if
            )
        patch_vary_headers(response, ["HX-Request"])
        return response

    def _story(self, actor: Actor, ref: str) -> TokenStory | None:
        if not ref:
            return None
        return story_by_ref(actor, ref)


__all__ = ["EditStory", "EstimateStory", "NewStory", "SaveDraft", "field_name"]
