"""One sprint: its stories, forecast against use, what changed, and the retrospective."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.text import slugify

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import charts, fmt
from apps.common.money import from_nanos
from apps.common.web.filters import CustomFilter, Filter
from apps.common.web.lists import Action, Column, Empty, ListPage
from apps.organizations.selectors import organization
from apps.sprints import selectors, services
from apps.sprints.models import Sprint
from apps.sprints.retro import difference_words, headline, markdown, signed_tokens
from apps.sprints.selectors.standing import SprintStanding, StoryLine, standing
from apps.sprints.web.calendar import OfSprint
from apps.stories.enums import Phase
from apps.stories.selectors.planned import planned_stories
from apps.tenancy.urls import org_url

SHOWN = (("over", "Above forecast"), ("under", "Below forecast"), ("unused", "Nothing measured"))


def _narrow(rows: Any, value: str) -> Any:
    def fits(line: StoryLine) -> bool:
        if line.difference is None:
            return value == "unused"
        moved = line.difference.tokens
        return (value == "over" and moved > 0) or (value == "under" and moved < 0)

    return [line for line in rows if fits(line)]


@requires(P.STORY_VIEW)
class SprintPage(ListPage):
    """The stories of a sprint."""

    noun = ("story", "stories")
    template_name = "sprints/detail.html"
    default_sort = "story__number"
    filters: Sequence[Filter] = (  # type: ignore[misc]
        CustomFilter("show", "Show", choices=SHOWN, narrow=_narrow),
    )
    sprint: Sprint

    def dispatch(self, request: HttpRequest, sprint_id: UUID) -> HttpResponseBase:
        self.sprint = selectors.sprint_by_id(request.actor, sprint_id)
        return super().dispatch(request)

    @cached_property
    def found(self) -> SprintStanding:
        return standing(self.request.actor, self.sprint)

    @property
    def filename(self) -> str:  # type: ignore[override]
        return f"retro-{slugify(self.sprint.name) or 'sprint'}"

    def get_queryset(self) -> Sequence[StoryLine]:
        return self.found.lines

    def get_columns(self) -> Sequence[Column]:
        currency = organization().currency

        def tokens(name: str, label: str, *, signed: bool = False) -> Column:
            def show(line: StoryLine) -> str:
                amount = getattr(line, name)
                if amount is None:
                    return fmt.DASH
                return signed_tokens(amount.tokens) if signed else fmt.tokens(amount.tokens)

            return Column(
                name,
                label,
                value=show,
                csv=lambda line: a.tokens if (a := getattr(line, name)) else None,
                csv_label=f"{label} (tokens)",
                align="num",
                sort=f"{name}__tokens",
            )

        def cost(name: str, label: str, *, in_table: bool = True) -> Column:
            style = fmt.signed_money if name == "difference" else fmt.money
            return Column(
                f"{name}_cost",
                label,
                value=lambda line: (
                    fmt.DASH
                    if (a := getattr(line, name)) is None
                    else style(a.nanos, currency, style="exact")
                ),
                csv=lambda line: from_nanos(a.nanos) if (a := getattr(line, name)) else None,
                csv_label=f"{label} ({currency})",
                align="num",
                phone=False,
                in_table=in_table,
                sort=f"{name}__nanos",
            )

        return (
            Column(
                "story",
                "Story",
                value=lambda line: line.story.title,
                sub=lambda line: f"{line.story.ref}{', put in by hand' if line.by_hand else ''}",
                link=lambda line, request: org_url(request, "stories:detail", line.story.ref),
                sort="story__title_norm",
            ),
            Column("ref", "Reference", value=lambda line: line.story.ref, in_table=False),
            Column("team", "Team", value=lambda line: line.story.unit.name, phone=False),
            tokens("forecast", "Whole sprint"),
            tokens("expected", "Forecast so far"),
            tokens("used", "Used"),
            tokens("difference", "Difference", signed=True),
            cost("expected", "Forecast cost", in_table=False),
            cost("used", "Cost"),
            cost("difference", "Cost difference"),
            Column(
                "changed",
                "What changed",
                value=lambda line: difference_words(line, currency).capitalize(),
                full=True,
            ),
        )

    def get_title(self) -> str:
        return headline(self.found)

    def get_lede(self) -> str:
        sprint = self.sprint
        days = fmt.day_range(sprint.starts_on, sprint.ends_on)
        return f"{sprint.unit.name}, {days}. {sprint.goal}".strip()

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sprints", org_url(self.request, "sprints:list")), (self.sprint.name, "")]

    def get_actions(self) -> list[Action]:
        def url(name: str) -> str:
            return org_url(self.request, f"sprints:{name}", sprint_id=self.sprint.id)

        found = [Action("Retro as Markdown", url("retro"), "download")]
        if can(self.request.actor, P.SPRINT_MANAGE, unit_id=self.sprint.unit_id):
            found += [
                Action("Change", url("change"), "pencil"),
                Action("Remove", url("remove"), "x"),
                Action("Put in or take out", url("story"), "plus", primary=True),
            ]
        return found

    def get_empty(self) -> Empty:
        body = "Stories of the team join with their estimate's months, or by hand."
        return Empty("No story plans use in this sprint", body, icon="file-text")

    def extra_context(self) -> dict[str, Any]:
        found, currency = self.found, organization().currency
        return {
            "sprint": self.sprint,
            "found": found,
            "currency": currency,
            "items": [
                (item, line.story)
                for line in found.lines
                for item in found.work_items.get(line.story.id, ())
            ],
            "phases": [(Phase(line.phase).label, line) for line in found.phases],
            "chart": _chart(found),
            "last_complete": found.through - timedelta(days=1),
        }


def _chart(found: SprintStanding) -> Any:
    """Tokens added up over the sprint: forecast and used."""
    if len(found.daily) < 2 or not found.lines:
        return None
    planned: list[int] = []
    used: list[int | None] = []
    for expected, measured in found.daily.values():
        planned.append((planned[-1] if planned else 0) + expected.tokens)
        before = used[-1] if used else 0
        used.append(None if measured is None or before is None else before + measured.tokens)
    days = list(found.daily)
    return charts.lines(
        [str(day.day) for day in days],
        [charts.Series("Forecast", "s6", planned), charts.Series("Used", "s1", used)],
        title="Tokens added up over the sprint",
        summary="Forecast from the stories' estimates, and measured use of complete days.",
        axis=fmt.axis_tokens,
        cell=lambda value: fmt.tokens(int(value)),
        labels=[fmt.long_day(day) for day in days],
        head="Day",
    )


class ChooseForm(forms.Form):
    """A story, and what about it."""

    story = forms.ChoiceField(label="Story")
    what = forms.ChoiceField(
        label="In this sprint",
        choices=[("in", "Put it in"), ("out", "Take it out"), ("dates", "Let its dates decide")],
    )

    def __init__(self, *args: Any, request: HttpRequest, sprint: Sprint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = planned_stories(request.actor, sprint.starts_on, sprint.ends_on)
        self.fields["story"].choices = [
            (str(plan.story.id), f"{plan.story.ref} {plan.story.title}") for plan in plans.values()
        ]


@requires(P.SPRINT_MANAGE)
class ChooseStory(OfSprint):
    """Against or without its dates."""

    form_class = ChooseForm
    submit_label = "Say so"
    lede = "A story is in the sprints its estimate's months fall into, unless you say otherwise."

    def get_title(self) -> str:
        return f"Stories of {self.sprint.name}"

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request, "sprint": self.sprint}

    def save(self, form: ChooseForm) -> str:
        data = form.cleaned_data
        services.choose_story(
            actor=self.request.actor,
            sprint_id=self.sprint.id,
            story_id=UUID(data["story"]),
            is_in={"in": True, "out": False, "dates": None}[data["what"]],
        )
        messages.success(self.request, f"{self.sprint.name} is changed.")
        return self.cancel_url()


@requires(P.STORY_VIEW)
def retro_file(request: HttpRequest, sprint_id: UUID) -> HttpResponse:
    """The retrospective as a Markdown file."""
    sprint = selectors.sprint_by_id(request.actor, sprint_id)
    text = markdown(standing(request.actor, sprint), organization().currency)
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    name = slugify(sprint.name) or "sprint"
    response["Content-Disposition"] = f'attachment; filename="retro-{name}.md"'
    return response
