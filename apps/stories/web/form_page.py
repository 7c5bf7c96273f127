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
from apps.common.errors import FieldError, Invalid
from apps.common.memo import remembering
from apps.common.numbers import show_number
from apps.common.web.forms import add_errors
from apps.stories import rules, services
from apps.stories.enums import Act
from apps.stories.estimator import load
from apps.stories.models import StoryDraft, TokenStory
from apps.stories.selectors.design import checklist_in_force
from apps.stories.selectors.estimating import estimate_now
from apps.stories.selectors.models_used import resolve_model, suggestions
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.standing import last_answer
from apps.stories.selectors.stories import draft_of, revisions, story_by_ref
from apps.stories.services.plan import plan_of
from apps.stories.web import access
from apps.stories.web.forms import StoryForm
from apps.stories.web.forms.mix import MODEL_LIST
from apps.stories.web.forms.story import initial_of, posted
from apps.stories.web.panel import Panel, build_panel
from apps.stories.web.start_page import initial_for, start_page
from apps.stories.what_if import SLIDERS, WhatIf, levers, on_model
from apps.tenancy.urls import org_url

ESTIMATE = "estimate"
FORM_ID = "storyform"


def story_form(
    actor: Actor, *args: Any, draft: StoryDraft | None = None, **kwargs: Any
) -> StoryForm:
    """The form with the choices of this actor. A stored draft's size keeps its tokens."""
    return StoryForm(
        *args,
        settings=settings_in_force(),
        checklist=checklist_in_force()[0],
        kept=load(draft.assumptions).development if draft else None,
        capabilities=access.capability_choices(actor),
        units=access.unit_choices(actor),
        people=access.people_choices(actor),
        **kwargs,
    )


def place_errors(form: StoryForm, error: Invalid) -> None:
    """Put a service's errors on the inputs they are about."""
    moved = [form_field(item) for item in error.errors]
    add_errors(form, Invalid(error.message, code=error.code, fix=error.fix, errors=moved))


_RENAMED = {
    "production.mix": "mix.0.model",
    "development.mix": "development.mix.0.model",
    "testing.mix": "testing.mix.0.model",
    "development.size": "dev_size",
    "production.horizon_months": "horizon",
    "cap_nanos": "cap",
}


def form_field(error: FieldError) -> FieldError:
    """A service's error under the name of the form's field."""
    plain = error.field.removeprefix("assumptions.")
    return FieldError(_RENAMED.get(plain, plain), error.message, error.fix)


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
            "sliders": SLIDERS,
            "models": suggestions(),
            "model_list": MODEL_LIST,
            "saved_text": saved_text(draft),
            "answer": last_answer(story) if story else None,
            "previous": revisions(story).first() if story and story.revision_number else None,
            "may": access.acts_for(actor, story, has_draft=draft is not None) if story else (),
        }
        status = 422 if form.is_bound and form.errors else 200
        return render(request, self.template_name, context, status=status)

    def _panel_of(
        self, request: HttpRequest, form: StoryForm, story: TokenStory | None, what_if: WhatIf
    ) -> Panel:
        actor: Actor = request.actor
        draft = draft_of(story) if story else None
        if form.is_bound:
            bound = story_form(actor, form.data, draft=draft, lenient=True)
        else:
            bound = _as_posted(actor, form, draft)
        bound.is_valid()
        return build_panel(actor=actor, form=bound, what_if=what_if, story=story)

    def _crumbs(self, request: HttpRequest, story: TokenStory | None) -> list[tuple[str, str]]:
        crumbs = [("Token Stories", org_url(request, "stories:list"))]
        if story is None:
            return [*crumbs, ("New", "")]
        return [*crumbs, (story.ref, org_url(request, "stories:detail", story.ref)), ("Edit", "")]


def _as_posted(actor: Actor, form: StoryForm, draft: StoryDraft | None) -> StoryForm:
    """The unbound form as if its initial data had been posted, to price it."""
    data = {}
    for name in form.fields:
        value = form[name].value()
        data[name] = "" if value is None else value
    return story_form(actor, data, draft=draft, lenient=True)


def saved_text(draft: StoryDraft | None) -> str:
    """When the working copy was stored, for people."""
    if draft is None or not draft.saved_by_name:
        return ""
    ago = fmt.ago(draft.saved_at, clock.now())
    return f"Saved {ago} by {draft.saved_by_name}."


@requires(P.STORY_WRITE)
class NewStory(StoryPage):
    """File a story. The bare address asks where to start; ``?template=``, ``?like=TS-0117``,
    ``?capability=`` and ``?blank=1`` open the form, filled from there.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        actor: Actor = request.actor
        if not any(request.GET.get(name) for name in ("template", "like", "capability", "blank")):
            return start_page(request)
        initial = initial_for(request, request.GET)
        return self.page(request, story_form(actor, initial=initial), story=None)

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


@requires(P.STORY_WRITE)
class EditStory(StoryPage):
    """Edit the working copy of a story."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        draft = draft_of(story)
        if draft is None or Act.SAVE not in access.acts_for(actor, story, has_draft=True):
            return redirect(org_url(request, "stories:detail", story.ref))
        form = story_form(actor, initial=initial_of(plan_of(draft)), draft=draft)
        return self.page(request, form, story=story, draft=draft)

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        form = story_form(actor, request.POST, draft=draft_of(story))
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
        form = story_form(actor, request.POST, draft=draft_of(story))
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

    ``do`` may take something over into the form first: ``apply`` the sliders, ``lever:trim`` a
    lever, ``model:provider/model`` another model, ``cap`` the high case as the cap.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Posted because a form is long, and nothing is written: it is a request that reads."""
        with remembering():
            return self._priced(request)

    def _priced(self, request: HttpRequest) -> HttpResponse:
        actor: Actor = request.actor
        what_if = WhatIf.read(request.POST)
        story = self._story(actor, request.POST.get("ref", ""))
        draft = draft_of(story) if story else None
        form = story_form(actor, request.POST, draft=draft, lenient=True)
        form.is_valid()
        # htmx adds the last button that was pressed to whatever the form sends: only a request
        # for the whole form (HX-Target) takes something over.
        htmx = request.headers.get("HX-Request") == "true"
        part = htmx and request.headers.get("HX-Target") != FORM_ID
        do = "" if part else request.POST.get("do", "")
        taken = do not in ("", ESTIMATE) and not form.errors
        if taken:
            data = taken_over(form, what_if, do, request.POST.dict())
            form = story_form(actor, data, draft=draft, lenient=True)
            form.is_valid()
            what_if = WhatIf() if do == "apply" else what_if
        panel = build_panel(actor=actor, form=form, what_if=what_if, story=story)
        if part:
            context = {
                "form": form,
                "panel": panel,
                "what_if": what_if,
                "sliders": SLIDERS,
                "fragment": True,
            }
            response = render(request, "stories/_estimate_panel.html", context)
        else:
            response = self.page(
                request, form, story=story, draft=draft, panel=panel, what_if=what_if
            )
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def _story(self, actor: Actor, ref: str) -> TokenStory | None:
        if not ref:
            return None
        return story_by_ref(actor, ref)


def taken_over(form: StoryForm, what_if: WhatIf, do: str, data: dict[str, Any]) -> dict[str, Any]:
    """Posted data with a change of the plan written into it; as it was when nothing fits."""
    a = form.assumptions()
    act, _, key = do.partition(":")
    if act == "apply":
        return posted(what_if.applied(a), data)
    if act == "model":
        return posted(on_model(a, *resolve_model(key)), data)
    if act == "lever":
        pulled = next((lever for lever in levers(a, has_batch=True) if lever.key == key), None)
        return posted(pulled.plan, data) if pulled else data
    if act == "cap":
        try:
            high = estimate_now(a, brief=True).month.cost.range.p90
        except Invalid:
            return data
        return {**data, "cap": show_number(rules.round_up_cap(high))}
    return data
