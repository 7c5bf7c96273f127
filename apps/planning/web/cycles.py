"""The list of cycles; opening one, adding a team, the next round, the lock."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action, ChoiceFilter, Column, Empty, ListPage, SearchFilter
from apps.organizations.selectors import organization, unit_choices, units_tree
from apps.planning import rules, selectors, services
from apps.planning.enums import CycleKind, CycleStatus
from apps.planning.models import PlanningCycle
from apps.planning.selectors.cycles import holders
from apps.planning.selectors.standing import standing
from apps.planning.web.present import days, money
from apps.tenancy.urls import org_url


def _amount(name: str, label: str) -> Column:
    return Column(
        name,
        label,
        value=lambda r: money(getattr(r, name), r.currency),
        csv=lambda r: None if getattr(r, name) is None else from_nanos(getattr(r, name)),
        align="num",
    )


@requires(P.BUDGET_VIEW)
class Cycles(ListPage):
    """Planning cycles, the latest first."""

    noun = ("cycle", "cycles")
    default_sort = "-starts_on,-ends_on"
    filename = "planning-cycles"
    crumbs = (("Planning cycles", ""),)
    filters = (
        SearchFilter("q", "Search", fields=("name_norm",), placeholder="Name…"),
        ChoiceFilter("kind", "Length", choices=CycleKind.choices()),
        ChoiceFilter("status", "Status", choices=CycleStatus.choices()),
    )
    columns = (
        Column(
            "name",
            "Cycle",
            sort="name_norm",
            link=lambda r, request: org_url(request, "planning:detail", cycle_id=r.id),
            sub=lambda r: f"{CycleKind(r.kind).label}, {days(r)}",
        ),
        Column("kind", "Length", value=lambda r: CycleKind(r.kind).label, in_table=False),
        Column("starts_on", "From", sort="starts_on"),
        Column("ends_on", "To", value=lambda r: rules.last_day(r.ends_on)),
        Column("requests_until", "Requests until", value=lambda r: r.closes_on, phone=False),
        Column("teams", "Teams", value=lambda r: r.teams or 0, align="num"),
        _amount("requested", "Asked for"),
        _amount("allocated", "Allocated"),
        Column("currency", "Currency", in_table=False),
        Column("rounds", "Rounds", value=lambda r: r.round_number + 1, align="num", phone=False),
        Column("status", "Status", value=lambda r: CycleStatus(r.status).label, sort="status"),
    )
    empty = Empty(
        "No planning cycle yet",
        "Teams ask for an envelope for a quarter or a year, you allocate in rounds and lock it.",
        icon="calendar",
    )

    def get_queryset(self) -> QuerySet[PlanningCycle]:
        return selectors.cycles(self.request.actor)

    def get_title(self) -> str:
        found = PlanningCycle.objects.values_list("status", flat=True)
        waiting = sum(status == CycleStatus.OPEN for status in found)
        if not waiting:
            return "No planning cycle is open" if found else "Plan budgets in cycles"
        return f"{fmt.plural(waiting, 'planning cycle')} open"

    def get_lede(self) -> str:
        return "Envelopes for teams over a quarter or a year: asked for, allocated, locked."

    def get_actions(self) -> list[Action]:
        if not can(self.request.actor, P.PLANNING_MANAGE):
            return []
        url = org_url(self.request, "planning:new")
        return [Action("Open a cycle", url, "plus", primary=True)]

    def get_empty(self) -> Empty:
        if not can(self.request.actor, P.PLANNING_MANAGE):
            return Empty(self.empty.title, "The CIO or CFO opens one.", icon="calendar")
        url = org_url(self.request, "planning:new")
        return Empty(self.empty.title, self.empty.body, "Open a cycle", url, icon="calendar")


class CycleForm(forms.Form):
    """A cycle: how long, from when, who plans."""

    name = forms.CharField(label="Name", max_length=120)
    kind = forms.ChoiceField(label="Length", choices=CycleKind.choices())
    starts_on = forms.DateField(
        label="First day",
        help_text="The first of a month.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    requests_until = forms.DateField(
        label="Requests until",
        required=False,
        help_text="Leads are reminded a week before. Empty: the day before the cycle begins.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    units = forms.MultipleChoiceField(
        label="Teams that plan",
        help_text="An envelope covers a team and those below it that have none of their own.",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["units"].choices = [(unit, name.strip()) for unit, name in unit_choices()]


@requires(P.PLANNING_MANAGE)
class NewCycle(FormPage):
    """Opens a cycle; the next quarter and the teams directly below the top are filled in."""

    form_class = CycleForm
    title = "Open a planning cycle"
    lede = "Teams then say what they need; what their stories plan is suggested."
    submit_label = "Open the cycle"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Planning cycles", self.cancel_url()), ("New", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "planning:list")

    def get_initial(self) -> dict[str, Any]:
        home = organization()
        kind = CycleKind.YEAR if self.request.GET.get("kind") == "year" else CycleKind.QUARTER
        start = rules.next_start(kind, clock.today(home.timezone), home.fiscal_year_start)
        top = [node.unit for node in units_tree() if node.level <= 1]
        below = [str(unit.id) for unit in top if unit.parent_id is not None]
        return {
            "name": rules.suggested_name(kind, start, home.fiscal_year_start),
            "kind": kind.value,
            "starts_on": start,
            "units": below or [str(unit.id) for unit in top],
        }

    def save(self, form: CycleForm) -> str:
        data = form.cleaned_data
        cycle = services.open_cycle(
            actor=self.request.actor,
            name=data["name"],
            kind=data["kind"],
            starts_on=data["starts_on"],
            requests_until=data["requests_until"],
            unit_ids=[UUID(unit) for unit in data["units"]],
        )
        messages.success(self.request, f"{cycle.name} is open.")
        return org_url(self.request, "planning:detail", cycle_id=cycle.id)


class OfCycle(FormPage):
    """A form about one cycle."""

    cycle: PlanningCycle

    def dispatch(self, request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
        self.cycle = selectors.cycle_by_id(cycle_id)
        if not self.cycle.is_open:
            raise services.locked(self.cycle)
        return super().dispatch(request)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Planning cycles", org_url(self.request, "planning:list")),
            (self.cycle.name, self.cancel_url()),
            (self.submit_label, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "planning:detail", cycle_id=self.cycle.id)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.cycle.version}


class RoundForm(forms.Form):
    """The next round."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=80, required=False)
    copy_from = forms.TypedChoiceField(label="Start from the numbers of", coerce=int)
    note = forms.CharField(
        label="What this round tries",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, cycle: PlanningCycle, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rounds = selectors.rounds_of(cycle)
        self.fields["copy_from"].choices = [(r.number, r.name) for r in reversed(rounds)]
        self.fields["name"].widget.attrs["placeholder"] = f"Round {cycle.round_number + 1}"


@requires(P.PLANNING_MANAGE)
class NewRound(OfCycle):
    """The numbers so far stay as they are; a copy takes the next changes."""

    form_class = RoundForm
    title = "Start the next round"
    lede = "The numbers so far stay to compare with; changes go into the new round."
    submit_label = "Start the round"

    def form_kwargs(self) -> dict[str, Any]:
        return {"cycle": self.cycle}

    def save(self, form: RoundForm) -> str:
        data = form.cleaned_data
        made = services.start_round(
            actor=self.request.actor,
            cycle_id=self.cycle.id,
            version=data["version"],
            name=data["name"],
            note=data["note"],
            copy_from=data["copy_from"],
        )
        messages.success(self.request, f"{made.name} is started.")
        return self.cancel_url()


class TeamForm(forms.Form):
    unit = forms.ChoiceField(label="Team")

    def __init__(self, *args: Any, cycle: PlanningCycle, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = {str(unit) for unit in holders(cycle, cycle.round_number)}
        self.fields["unit"].choices = [c for c in unit_choices() if c[0] not in there]


@requires(P.PLANNING_MANAGE)
class AddTeam(OfCycle):
    """One more team plans."""

    form_class = TeamForm
    title = "Let another team plan"
    lede = "Its use and stories move out of the envelope above it."
    submit_label = "Add the team"

    def form_kwargs(self) -> dict[str, Any]:
        return {"cycle": self.cycle}

    def save(self, form: TeamForm) -> str:
        made = services.add_envelope(
            actor=self.request.actor,
            cycle_id=self.cycle.id,
            unit_id=UUID(form.cleaned_data["unit"]),
        )
        messages.success(self.request, f"{made.unit.name} plans in {self.cycle.name}.")
        return org_url(self.request, "planning:envelope", envelope_id=made.id)


class LockForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="Note",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@requires(P.PLANNING_MANAGE)
class LockCycle(OfCycle, ConfirmPage):
    """Approves the newest round."""

    form_class = LockForm
    submit_label = "Lock the cycle"
    template_name = "confirm.html"

    def get_title(self) -> str:
        return f"Lock {self.cycle.name}"

    def get_message(self) -> str:
        found = standing(self.request.actor, self.cycle)
        given = money(found.allocated, self.cycle.currency)
        text = (
            f"The allocations of {fmt.plural(len(found.rows), 'team')}, {given} in all, become the "
            "approved envelopes. There is no unlocking: afterwards a budget request changes them."
        )
        if found.unallocated:
            names = ", ".join(row.envelope.unit.name for row in found.unallocated)
            text += f" Still without an allocation: {names}."
        return text

    def save(self, form: LockForm) -> str:
        data = form.cleaned_data
        cycle = services.lock_cycle(
            actor=self.request.actor,
            cycle_id=self.cycle.id,
            version=data["version"],
            note=data["note"],
        )
        messages.success(self.request, f"{cycle.name} is locked.")
        return self.cancel_url()
