"""The planning gap: what runs or is planned without an estimate."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import actor_of, requires
from apps.common import fmt
from apps.common.web.forms import FormPage
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.organizations.selectors import organization
from apps.stories.selectors.gaps import Gap, GapKind, planning_gaps
from apps.stories.services.initiatives import import_initiatives
from apps.tenancy.urls import org_url

MOST_BYTES = 2_000_000


def _link(gap: Gap, request: HttpRequest) -> str:
    if gap.ref:
        return org_url(request, "stories:detail", gap.ref)
    if gap.capability_id:
        return org_url(request, "portfolio:detail", gap.capability_id)
    return gap.url


def _of_kind(rows: Any, kind: str) -> Any:
    return [gap for gap in rows if gap.kind == kind]


@requires(P.STORY_VIEW)
class PlanningGap(ListPage):
    """Every gap in sight, what costs most first."""

    lede = "Use, phases and planned work that nobody has estimated."
    noun = ("gap", "gaps")
    filename = "planning-gap"

    def get_crumbs(self) -> list[tuple[str, str]]:
        stories = org_url(self.request, "stories:list")
        return [("Token Stories", stories), ("Planning gap", "")]

    columns = (
        Column("subject", "What", sub=lambda gap: gap.detail, link=_link),
        Column("kind", "Why", value=lambda gap: gap.kind.label),
        Column("unit_name", "Team"),
        Column(
            "cost",
            "Cost, 30 days",
            value=lambda gap: (
                None
                if gap.cost_nanos is None
                else fmt.money(gap.cost_nanos, organization().currency, style="exact")
            ),
            csv=lambda gap: gap.cost_nanos,
            csv_label="Cost of 30 days (nanos)",
            align="num",
        ),
    )
    filters = (CustomFilter("kind", "Why", choices=GapKind.choices(), narrow=_of_kind),)
    empty = Empty(
        "Everything that runs is planned",
        "Every capability with use has an approved story, every story an estimate for each phase, "
        "and every known initiative a story.",
        icon="circle-check",
    )

    def get_queryset(self) -> list[Gap]:
        if not hasattr(self, "_gaps"):
            self._gaps = planning_gaps(actor_of(self.request))
        return self._gaps

    def get_title(self) -> str:
        running = [g for g in self.get_queryset() if g.kind is GapKind.NO_STORY]
        if not running:
            return "Planning gap"
        cost = sum(gap.cost_nanos or 0 for gap in running)
        money = fmt.money(cost, organization().currency)
        verb = "runs" if len(running) == 1 else "run"
        things = fmt.plural(len(running), "capability", "capabilities")
        return f"{things} {verb} without an approved story, {money} in 30 days"

    def get_actions(self) -> Sequence[Action]:
        returns = Action(
            "Without a return", org_url(self.request, "stories:returns"), icon="target"
        )
        if not can_anywhere(actor_of(self.request), P.STORY_WRITE):
            return (returns,)
        return (
            returns,
            Action("Import initiatives", org_url(self.request, "stories:initiatives"), "plus"),
            Action("New Token Story", org_url(self.request, "stories:new"), "plus", primary=True),
        )


class InitiativesForm(forms.Form):
    file = forms.FileField(
        label="CSV from the tracker",
        help_text="Columns key and title; url and team where known. UTF-8, at most 2 MB.",
    )

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB. Split it.")
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not UTF-8. Save it as CSV UTF-8.") from None


@requires(P.STORY_WRITE)
class ImportInitiatives(FormPage):
    title = "Import initiatives"
    lede = "Planned work of your tracker: what no story links to is shown as a gap."
    submit_label = "Import"
    form_class = InitiativesForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Planning gap", self.cancel_url()), ("Import", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "stories:gaps")

    def save(self, form: InitiativesForm) -> str:
        done = import_initiatives(actor=actor_of(self.request), text=form.cleaned_data["file"])
        messages.success(
            self.request, f"{done.new} new, {done.changed} changed, {done.same} as they were."
        )
        return self.cancel_url() + "?kind=initiative"
