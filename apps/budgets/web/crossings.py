"""Thresholds: those of the organization, and what budgets have reached."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can, require
from apps.access.web import requires
from apps.budgets import services
from apps.budgets.enums import Basis
from apps.budgets.models import BudgetCrossing
from apps.budgets.rules.crossing import OVERRUN
from apps.budgets.selectors import thresholds as selectors
from apps.budgets.services import crossings
from apps.budgets.web import forms
from apps.common import fmt
from apps.common.templatetags.ui import chip
from apps.common.web.filters import CustomFilter
from apps.common.web.forms import FormPage
from apps.common.web.lists import Action, ChoiceFilter, Column, Empty, ListPage, SearchFilter
from apps.organizations.selectors import organization
from apps.tenancy.urls import org_url


def what(row: BudgetCrossing) -> str:
    """`80% of the limit, measured`."""
    return f"{row.percent}% of the limit, {Basis(row.basis).label.lower()}"


def by_how_much(row: BudgetCrossing) -> str:
    """Where use stood when it was told."""
    return f"{crossings.amount(row, row.used)} of {crossings.amount(row, row.limit)}"


def tone(row: BudgetCrossing) -> str:
    if row.is_overrun or row.percent > OVERRUN:
        return "bad"
    return "warn" if row.percent >= 80 else ""


def _threshold(row: BudgetCrossing) -> SafeString:
    return chip(f"{row.percent}% {Basis(row.basis).label.lower()}", tone(row))


@requires(P.BUDGET_VIEW)
class CrossingList(ListPage):
    """What budgets told, the latest first."""

    noun = ("threshold", "thresholds")
    filename = "budget-thresholds"
    default_sort = "-found_at,-id"
    filters = (
        SearchFilter("q", "Search", fields=("budget__name_norm",), placeholder="Budget…"),
        ChoiceFilter("basis", "On", choices=Basis.choices()),
        CustomFilter(
            "over",
            "Show",
            choices=(("yes", "Used up or over"),),
            any_label="All",
            narrow=lambda rows, value: rows.filter(basis=Basis.ACTUAL, percent__gte=OVERRUN),
        ),
    )
    columns = (
        Column(
            "budget",
            "Budget",
            value=lambda row: row.budget.name,
            link=lambda row, request: (
                org_url(request, "budgets:detail", budget_id=row.budget_id)
                + f"?period={row.period_start}"
            ),
            sort="budget__name_norm",
        ),
        Column(
            "threshold", "Reached", value=_threshold, csv=lambda row: row.percent, sort="percent"
        ),
        Column("basis", "On", value=lambda row: row.basis, in_table=False),
        Column(
            "used",
            "Used then",
            value=lambda row: crossings.amount(row, row.used),
            csv=lambda row: row.used,
            csv_label="Used then (nanos or tokens)",
            sub=lambda row: f"of {crossings.amount(row, row.limit)}",
            align="num",
        ),
        Column("limit", "Limit then (nanos or tokens)", in_table=False),
        Column("measure", "Measure", in_table=False),
        Column("period_start", "Period from", sort="period_start", phone=False),
        Column("crossed_on", "On about", sort="crossed_on"),
        Column(
            "found_at",
            "Told",
            value=lambda row: fmt.moment(row.found_at, organization().timezone),
            csv=lambda row: row.found_at,
            sort="found_at",
        ),
        Column("raised", "Times told", in_table=False),
    )
    empty = Empty(
        "No budget has reached a threshold",
        "When measured use reaches a share of a limit, or is forecast to, its owner, the team's "
        "leads and TokenOps are told once, and it appears here.",
        icon="bell",
    )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Budgets", org_url(self.request, "budgets:list")), ("Thresholds reached", "")]

    def get_queryset(self) -> QuerySet[BudgetCrossing]:
        return selectors.crossings(self.request.actor)

    def get_title(self) -> str:
        over = self.get_queryset().filter(basis=Basis.ACTUAL, percent=OVERRUN).count()
        if not over:
            return "No budget was used up"
        return f"Budgets were used up {fmt.plural(over, 'time')}"

    def get_lede(self) -> str:
        return "Each is told once in a period, and again only after the limit was raised."

    def get_actions(self) -> list[Action]:
        if not can(self.request.actor, P.BUDGET_MANAGE):
            return []
        url = org_url(self.request, "budgets:thresholds")
        return [Action("Change the thresholds", url, "bell")]


@requires(P.BUDGET_MANAGE)
class Thresholds(FormPage):
    """The organization's thresholds: of every budget that has none of its own."""

    form_class = forms.ThresholdsForm
    title = "When budgets speak up"
    lede = "For every budget without thresholds of its own. They tell people; nothing is stopped."
    submit_label = "Save the thresholds"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Budgets", self.cancel_url()), ("Thresholds", "")]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(request.actor, P.BUDGET_MANAGE)
        return super().dispatch(request, *args, **kwargs)

    def cancel_url(self) -> str:
        return org_url(self.request, "budgets:list")

    def get_initial(self) -> dict[str, Any]:
        found = selectors.threshold_default()
        return {
            "actual": ", ".join(str(percent) for percent in found.actual),
            "forecast": ", ".join(str(percent) for percent in found.forecast),
            "version": found.version,
        }

    def save(self, form: Any) -> str:
        services.set_threshold_default(actor=self.request.actor, **form.cleaned_data)
        messages.success(self.request, "Saved. They hold from the next look on.")
        return self.cancel_url()
