"""Templates of the organization: list, keep a story, change, retire."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.access.web import requires
from apps.common.errors import Invalid
from apps.common.web.forms import ConfirmPage
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.organizations.web.base import KeepingFormPage
from apps.portfolio.enums import CapabilityKind
from apps.stories import services
from apps.stories.enums import Pattern, ValuePer
from apps.stories.models import StoryTemplate
from apps.stories.selectors.models_used import suggestions
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.stories import story_by_ref
from apps.stories.selectors.templates import template_by_id, templates
from apps.stories.services.templates import template_assumptions
from apps.stories.web.form_page import form_field
from apps.stories.web.forms import StoryForm
from apps.stories.web.forms.mix import MODEL_LIST
from apps.stories.web.forms.story import assumption_initial
from apps.stories.web.list_page import units
from apps.tenancy.urls import org_url


def _offered(rows: QuerySet[StoryTemplate], value: str) -> QuerySet[StoryTemplate]:
    return rows.filter(retired_at__isnull=value != "retired")


@requires(P.STORY_VIEW)
class TemplateList(ListPage):
    """The organization's own starts for new stories."""

    title = "Story templates"
    lede = "Starts for new stories. Stories made from a template stay as they are when it changes."
    noun = ("template", "templates")
    filename = "story-templates"
    default_sort = "name_norm"
    columns = (
        Column(
            "name",
            "Template",
            sort="name_norm",
            link=lambda row, request: org_url(request, "stories:template", row.id),
            sub=lambda row: row.description,
        ),
        Column(
            "pattern",
            "How it works",
            value=lambda row: row.get_pattern_display() or "Something else",
        ),
        Column("kind", "Category", value=lambda row: row.get_kind_display()),
        Column("unit", "Kept by", value=lambda row: row.unit.name),
        Column(
            "source",
            "From story",
            value=lambda row: row.source_ref,
            link=lambda row, request: (
                org_url(request, "stories:detail", row.source_ref) if row.source_ref else ""
            ),
        ),
        Column("updated", "Changed", value=lambda row: row.updated_at.date(), sort="updated_at"),
        Column("state", "State", value=lambda row: "Retired" if row.retired_at else "Offered"),
    )
    filters: ClassVar[Any] = (
        SearchFilter("q", "Search", fields=("name_norm",), placeholder="Name…"),
        ChoiceFilter("pattern", "How it works", choices=Pattern.choices()),
        ChoiceFilter("kind", "Category", choices=CapabilityKind.choices),
        ChoiceFilter("unit", "Kept by", field="unit_id", choices=units),
        CustomFilter(
            "state",
            "State",
            choices=(("offered", "Offered"), ("retired", "Retired")),
            narrow=_offered,
        ),
    )

    def get_queryset(self) -> QuerySet[StoryTemplate]:
        return templates()

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Token Stories", org_url(self.request, "stories:list")), (self.title, "")]

    def get_actions(self) -> list[Action]:
        if not can_anywhere(self.request.actor, P.STORY_WRITE):
            return []
        return [Action("New Token Story", org_url(self.request, "stories:new"), "plus")]

    def get_empty(self) -> Empty:
        return Empty(
            "No templates of your own yet",
            "Open a story that estimated well and keep it as a template. The six built-in patterns "
            "are always offered.",
            "Token Stories",
            org_url(self.request, "stories:list"),
            icon="bookmark",
        )

    def row_class(self, obj: StoryTemplate) -> str:
        return "mut" if obj.retired_at else ""


class KeepForm(forms.Form):
    """Name of the template that a story becomes."""

    name = forms.CharField(label="Name", max_length=120)
    description = forms.CharField(
        label="When to use it",
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
    )


@requires(P.STORY_TEMPLATE_MANAGE)
class KeepStory(KeepingFormPage):
    """Save a story as a template."""

    form_class = KeepForm
    title = "Save as template"
    lede = "Keeps the estimate and the metric. Money, people, dates and cap are left out."
    submit_label = "Save template"

    def get_crumbs(self) -> list[tuple[str, str]]:
        ref = self.kwargs["ref"]
        return [
            ("Token Stories", org_url(self.request, "stories:list")),
            (ref, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "stories:detail", self.kwargs["ref"])

    def get_initial(self) -> dict[str, Any]:
        story = story_by_ref(self.request.actor, self.kwargs["ref"])
        return {"name": story.title[:120]}

    def save(self, form: KeepForm) -> str:
        template = services.save_as_template(
            actor=self.request.actor, ref=self.kwargs["ref"], **form.cleaned_data
        )
        messages.success(self.request, f"{template.name} is offered as a start for new stories.")
        return org_url(self.request, "stories:template", template.id)


NOT_KEPT = (
    "title", "unit", "capability", "summary", "work_item_url", "cap", "value_baseline",
    "value_change", "value_adoption", "value_money", "value_confidence", "value_measure_on",
    "value_owner", "value_evidence_url", "value_why",
)  # fmt: skip
"""What a template leaves to each story."""


class TemplateForm(StoryForm):
    """The estimator's part of the story form under a name."""

    name = forms.CharField(label="Name", max_length=120)
    description = forms.CharField(label="When to use it", max_length=400, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, capabilities=[], units=[], people=[], lenient=True, **kwargs)
        for name in NOT_KEPT:
            del self.fields[name]


@requires(P.STORY_VIEW)
class TemplatePage(KeepingFormPage):
    """One template: a form for those who keep it, a sheet for everybody else."""

    template_name = "stories/template.html"
    submit_label = "Save template"

    def template(self) -> StoryTemplate:
        return template_by_id(self.kwargs["template_id"])

    def get_title(self) -> str:
        return self.template().name

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Token Stories", org_url(self.request, "stories:list")),
            ("Templates", org_url(self.request, "stories:templates")),
            (self.get_title(), ""),
        ]

    def build_form(self, *args: Any) -> TemplateForm:
        template = self.template()
        a = template_assumptions(template)
        kwargs: dict[str, Any] = {"settings": settings_in_force(), "kept": a.development}
        if args:
            return TemplateForm(*args, **kwargs)
        initial = {
            **assumption_initial(a),
            "name": template.name,
            "description": template.description,
            "kind": template.kind,
            "pattern": template.pattern,
            "value_metric": template.value_metric,
            "value_unit": template.value_unit,
            "value_per": template.value_per,
            "version": template.version,
        }
        return TemplateForm(initial=initial, **kwargs)

    def save(self, form: TemplateForm) -> str:
        data = form.cleaned_data
        try:
            template = services.change_template(
                actor=self.request.actor,
                template_id=self.kwargs["template_id"],
                version=data["version"],
                name=data["name"],
                description=data["description"],
                kind=data["kind"] or CapabilityKind.PRODUCTION.value,
                pattern=data["pattern"],
                assumptions=form.assumptions(),
                value_metric=data["value_metric"],
                value_unit=data["value_unit"],
                value_per=data["value_per"] or ValuePer.INTERACTION.value,
            )
        except Invalid as error:
            raise Invalid(
                error.message, errors=[form_field(item) for item in error.errors]
            ) from error
        messages.success(self.request, "Template saved.")
        return org_url(self.request, "stories:template", template.id)

    def extra_context(self, form: Any) -> dict[str, Any]:
        template = self.template()
        actor = self.request.actor
        return {
            "template": template,
            "tables": form.tables,
            "models": suggestions(),
            "model_list": MODEL_LIST,
            "may_change": can(actor, P.STORY_TEMPLATE_MANAGE, unit_id=template.unit_id),
            "may_start": can_anywhere(actor, P.STORY_WRITE),
        }


@requires(P.STORY_TEMPLATE_MANAGE)
class RetireTemplate(ConfirmPage):
    """Offer a template no longer, or again."""

    def template(self) -> StoryTemplate:
        return template_by_id(self.kwargs["template_id"])

    def get_title(self) -> str:
        name = self.template().name
        return f"Bring back {name}" if self.template().retired_at else f"Retire {name}"

    def get_message(self) -> str:
        if self.template().retired_at:
            return "The template is offered again to everybody who starts a story."
        return "New stories no longer start from it. Stories made from it stay as they are."

    def cancel_url(self) -> str:
        return org_url(self.request, "stories:template", self.kwargs["template_id"])

    def save(self, form: Any) -> str:
        template = self.template()
        act = services.restore_template if template.retired_at else services.retire_template
        act(actor=self.request.actor, template_id=template.id, version=template.version)
        return org_url(self.request, "stories:templates")

    def dispatch(self, request: HttpRequest, template_id: UUID) -> HttpResponseBase:
        return super().dispatch(request, template_id=template_id)
