"""The iteration calendar: the list, a series, an import, one sprint's dates."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.services import can_anywhere, visible_unit_ids
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.errors import Invalid
from apps.common.money import from_nanos
from apps.common.web.filters import Filter
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import (
    Action,
    Column,
    CustomFilter,
    DateRangeFilter,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.organizations.selectors import organization, unit_choices
from apps.sprints import rules, selectors, services
from apps.sprints.models import Sprint
from apps.sprints.retro import signed_tokens
from apps.sprints.selectors.standing import Amount, SprintStanding, standings
from apps.tenancy.urls import org_url

STATES = (("running", "Running"), ("coming", "To come"), ("over", "Over"))


def _in_state(rows: Any, state: str) -> Any:
    today = clock.today(organization().timezone)
    if state == "running":
        return rows.filter(starts_on__lte=today, ends_on__gt=today)
    if state == "coming":
        return rows.filter(starts_on__gt=today)
    return rows.filter(ends_on__lte=today)


@requires(P.STORY_VIEW)
class Sprints(ListPage):
    """Sprints in sight, the latest first, with what each was forecast to use and used."""

    noun = ("sprint", "sprints")
    default_sort = "-starts_on,name_norm"
    filename = "sprints"
    crumbs = (("Sprints", ""),)
    filters: ClassVar[Sequence[Filter]] = (
        SearchFilter("q", "Search", fields=("name_norm",), placeholder="Name…"),
        RelationFilter("unit", "Team", choices=lambda request: unit_choices()),
        CustomFilter("state", "When", choices=STATES, narrow=_in_state),
        DateRangeFilter("starts_on", "First day"),
    )

    def get_queryset(self) -> QuerySet[Sprint]:
        return selectors.sprints(self.request.actor)

    @cached_property
    def figures(self) -> dict[UUID, SprintStanding]:
        """Of the sprints that are shown; of all in sight for a file."""
        rows = list(self.page.rows) if hasattr(self, "page") else list(self.get_queryset())
        return standings(self.request.actor, rows)

    def get_columns(self) -> Sequence[Column]:
        today, currency = clock.today(organization().timezone), organization().currency

        def of(row: Sprint) -> SprintStanding:
            return self.figures[row.id]

        def tokens(label: str, name: str, read: Any) -> Column:
            return Column(
                name,
                label,
                value=lambda row: _tokens(read(of(row))),
                csv=lambda row: found.tokens if (found := read(of(row))) else None,
                csv_label=f"{label} (tokens)",
                align="num",
            )

        return (
            Column(
                "name",
                "Sprint",
                sort="name_norm",
                link=lambda row, request: org_url(request, "sprints:detail", sprint_id=row.id),
                sub=lambda row: row.goal,
                csv=lambda row: row.name,
            ),
            Column("unit", "Team", value=lambda row: row.unit.name),
            Column("starts_on", "From", sort="starts_on"),
            Column("ends_on", "To", value=lambda row: row.ends_on - timedelta(days=1)),
            Column("state", "State", value=lambda row: row.state(today).capitalize()),
            Column("stories", "Stories", value=lambda row: len(of(row).lines), align="num"),
            tokens("Forecast", "forecast", lambda found: found.forecast),
            tokens("So far", "expected", lambda found: found.expected if found.begun else None),
            tokens("Used", "used", lambda found: found.used),
            Column(
                "difference",
                "Difference",
                value=lambda row: _share(of(row)),
                csv=lambda row: d.tokens if (d := of(row).difference) else None,
                csv_label="Difference (tokens)",
                align="num",
            ),
            Column(
                "cost",
                "Cost",
                value=lambda row: _cost(of(row).used, currency),
                csv=lambda row: from_nanos(used.nanos) if (used := of(row).used) else None,
                csv_label=f"Cost ({currency})",
                align="num",
                phone=False,
            ),
        )

    def get_title(self) -> str:
        found = _in_state(self.get_queryset(), "running").count()
        return f"{fmt.plural(found, 'sprint')} running" if found else "No sprint is running"

    def get_lede(self) -> str:
        return "What stories were forecast to use in each sprint, against what they used."

    def get_actions(self) -> list[Action]:
        if not can_anywhere(self.request.actor, P.SPRINT_MANAGE):
            return []
        return [
            Action("Import", org_url(self.request, "sprints:import"), "download"),
            Action("Add sprints", org_url(self.request, "sprints:new"), "plus", primary=True),
        ]

    def get_empty(self) -> Empty:
        title = "No sprint in the calendar"
        if not can_anywhere(self.request.actor, P.SPRINT_MANAGE):
            return Empty(title, "The team's lead adds them.", icon="calendar")
        body = "A series of two-week sprints takes one form; stories join by their dates."
        url = org_url(self.request, "sprints:new")
        return Empty(title, body, "Add sprints", url, icon="calendar")


def _tokens(amount: Amount | None) -> str:
    return fmt.DASH if amount is None else fmt.tokens(amount.tokens)


def _cost(amount: Amount | None, currency: str) -> str:
    return fmt.DASH if amount is None else fmt.money(amount.nanos, currency, style="exact")


def _share(found: SprintStanding) -> str:
    """The difference against the forecast so far, in percent; in tokens without one."""
    if found.difference is None:
        return fmt.DASH
    if not found.expected.tokens:
        return signed_tokens(found.difference.tokens)
    return fmt.delta(found.difference.tokens / found.expected.tokens, 0)


def _teams(request: HttpRequest) -> list[tuple[str, str]]:
    return unit_choices(visible_unit_ids(request.actor, P.SPRINT_MANAGE))


def _date(label: str, text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=text, widget=widget)


class SeriesForm(forms.Form):
    """A series of sprints."""

    unit = forms.ChoiceField(label="Team", help_text="And all teams below it.")
    called = forms.CharField(label="Called", max_length=60, initial="Sprint")
    number = forms.IntegerField(label="First number", min_value=1, max_value=9999, initial=1)
    starts_on = _date("First day")
    weeks = forms.IntegerField(label="Weeks each", min_value=1, max_value=8, initial=2)
    count = forms.IntegerField(
        label="How many", min_value=1, max_value=rules.MOST_SPRINTS, initial=6
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = _teams(request)


@requires(P.SPRINT_MANAGE)
class NewSprints(FormPage):
    """A series that follows the team's last sprint, or starts next Monday."""

    form_class: ClassVar[type[forms.BaseForm]] = SeriesForm
    title = "Add sprints"
    lede = "They follow each other without a gap."
    submit_label = "Add the sprints"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sprints", self.cancel_url()), ("New", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "sprints:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request}

    def get_initial(self) -> dict[str, Any]:
        today = clock.today(organization().timezone)
        found: dict[str, Any] = {"starts_on": today + timedelta(days=7 - today.weekday())}
        wanted = self.request.GET.get("unit", "")
        if wanted in {unit for unit, _ in _teams(self.request)}:
            found["unit"] = wanted
            rows = Sprint.objects.filter(unit_id=UUID(wanted))
            last = rows.order_by("-starts_on").first()
            if last is not None:
                found |= {"starts_on": last.ends_on, "number": rows.count() + 1}
        return found

    def save(self, form: Any) -> str:
        data = form.cleaned_data
        made = services.add_sprints(
            actor=self.request.actor,
            unit_id=UUID(data["unit"]),
            wanted=rules.series(
                data["starts_on"], data["count"], data["weeks"], data["called"], data["number"]
            ),
        )
        messages.success(self.request, f"{fmt.plural(len(made), 'sprint')} added.")
        return org_url(self.request, "sprints:list") + f"?unit={data['unit']}"


class ImportForm(forms.Form):
    """A calendar as CSV."""

    unit = forms.ChoiceField(label="Team")
    file = forms.FileField(
        label="CSV file",
        required=False,
        help_text="name,start,end,goal: days as 2027-01-04, the end is the last day.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    table = forms.CharField(
        label="Or paste the table",
        required=False,
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": "6", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = _teams(request)

    def text(self) -> str:
        """Raises Invalid for a file that is not UTF-8 or too large, and for nothing at all."""
        upload, table = self.cleaned_data.get("file"), self.cleaned_data["table"]
        if upload is None:
            if not table.strip():
                raise Invalid("Nothing to import.", field="file", fix="Choose a file, or paste.")
            return str(table)
        if upload.size > 200_000:
            raise Invalid("The file is too large.", field="file", fix="At most 200 kB.")
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise Invalid(
                "The file is not UTF-8.", field="file", fix="Save it as UTF-8."
            ) from error


@requires(P.SPRINT_MANAGE)
class ImportSprints(NewSprints):
    """A calendar from another tool: all of it, or none."""

    form_class = ImportForm
    title = "Import a calendar"
    lede = "Every line is one sprint. A wrong line is named and nothing is taken."
    submit_label = "Import"

    def get_initial(self) -> dict[str, Any]:
        return {"unit": self.request.GET.get("unit", "")}

    def save(self, form: Any) -> str:
        unit = form.cleaned_data["unit"]
        made = services.add_sprints(
            actor=self.request.actor,
            unit_id=UUID(unit),
            wanted=rules.read_calendar(form.text()),
        )
        messages.success(self.request, f"{fmt.plural(len(made), 'sprint')} imported.")
        return org_url(self.request, "sprints:list") + f"?unit={unit}"


class SprintForm(forms.Form):
    """One sprint's name, dates and goal."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=80)
    starts_on = _date("First day")
    ends_on = _date("Last day")
    goal = forms.CharField(label="Goal", max_length=400, required=False)


class OfSprint(FormPage):
    """A form about one sprint."""

    sprint: Sprint

    def dispatch(self, request: HttpRequest, sprint_id: UUID) -> HttpResponseBase:
        self.sprint = selectors.sprint_by_id(request.actor, sprint_id)
        return super().dispatch(request)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Sprints", org_url(self.request, "sprints:list")),
            (self.sprint.name, self.cancel_url()),
            (self.submit_label, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "sprints:detail", sprint_id=self.sprint.id)


@requires(P.SPRINT_MANAGE)
class ChangeSprint(OfSprint):
    """Rename or move a sprint."""

    form_class = SprintForm
    submit_label = "Change"

    def get_title(self) -> str:
        return f"Change {self.sprint.name}"

    def get_initial(self) -> dict[str, Any]:
        last: date = self.sprint.ends_on - timedelta(days=1)
        return {
            "version": self.sprint.version,
            "name": self.sprint.name,
            "starts_on": self.sprint.starts_on,
            "ends_on": last,
            "goal": self.sprint.goal,
        }

    def save(self, form: SprintForm) -> str:
        data = form.cleaned_data
        services.change_sprint(
            actor=self.request.actor,
            sprint_id=self.sprint.id,
            version=data["version"],
            name=data["name"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"] + timedelta(days=1),
            goal=data["goal"],
        )
        messages.success(self.request, "The sprint is changed.")
        return self.cancel_url()


class VersionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.SPRINT_MANAGE)
class RemoveSprint(OfSprint, ConfirmPage):
    """Takes a sprint out of the calendar."""

    form_class = VersionForm
    template_name = "confirm.html"
    submit_label = "Remove"
    danger = True
    message = "Its stories and their usage stay; what was put in or taken out by hand is forgotten."

    def get_title(self) -> str:
        return f"Remove {self.sprint.name}"

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.sprint.version}

    def save(self, form: VersionForm) -> str:
        services.remove_sprint(
            actor=self.request.actor,
            sprint_id=self.sprint.id,
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, f"{self.sprint.name} is removed.")
        return org_url(self.request, "sprints:list")
