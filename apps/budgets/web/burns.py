"""Burning budgets: the alerts, and the page that says what burns and what can be done about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can, require
from apps.access.web import requires
from apps.budgets import selectors as budgets
from apps.budgets import services
from apps.budgets.enums import BurnState, BurnWindow
from apps.budgets.models import Budget, BudgetBurn
from apps.budgets.selectors import burns as selectors
from apps.budgets.services import burning
from apps.budgets.web.present import Figures
from apps.common import fmt
from apps.common.templatetags.ui import chip
from apps.common.web.forms import ConfirmPage
from apps.common.web.lists import ChoiceFilter, Column, Empty, ListPage
from apps.tenancy.urls import org_url

TONES = {BurnState.BURNING: "bad", BurnState.EASED: "ok"}


def _state(row: BudgetBurn) -> SafeString:
    return chip(BurnState(row.state).label, TONES[BurnState(row.state)])


@requires(P.BUDGET_VIEW)
class BurnList(ListPage):
    """Budgets that burn, and those that did."""

    noun = ("alert", "alerts")
    filename = "burn-alerts"
    default_sort = "state,-last_seen,-id"
    filters = (
        ChoiceFilter("state", "State", choices=BurnState.choices()),
        ChoiceFilter("window", "Over", choices=BurnWindow.choices()),
    )
    columns = (
        Column(
            "budget",
            "Budget",
            value=lambda row: row.budget.name,
            link=lambda row, request: org_url(request, "budgets:stop", budget_id=row.budget_id),
            sort="budget__name_norm",
        ),
        Column("state", "State", value=_state, csv=lambda row: row.state, sort="state"),
        Column(
            "rate",
            "Times its pace",
            value=lambda row: f"{burning.rate(row)}×",
            csv=lambda row: row.rate_percent / 100,
            sort="rate_percent",
            align="num",
        ),
        Column("window", "Over", value=lambda row: BurnWindow(row.window).label),
        Column(
            "used",
            "Used in it",
            value=lambda row: burning.amount(row, row.used),
            csv=lambda row: row.used,
            csv_label="Used in it (nanos or tokens)",
            sub=lambda row: f"of {burning.amount(row, row.limit)}",
            align="num",
        ),
        Column("measure", "Measure", in_table=False),
        Column("since", "Since", sort="since"),
        Column("runs_out_on", "Used up on about", sort="runs_out_on"),
        Column("taken_by", "Who has it"),
        Column("raised", "Times raised", in_table=False),
        Column("note", "Note", in_table=False),
    )
    empty = Empty(
        "No budget burns",
        "A budget that uses more than four times its even share in a day, or one and a half times "
        "in a week, appears here within minutes of the data.",
        icon="gauge",
    )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Budgets", org_url(self.request, "budgets:list")), ("Burn alerts", "")]

    def get_queryset(self) -> QuerySet[BudgetBurn]:
        return selectors.burns(self.request.actor)

    def get_title(self) -> str:
        found = self.get_queryset().filter(state=BurnState.BURNING).count()
        if not found:
            return "No budget burns"
        return f"{fmt.plural(found, 'budget')} {'burns' if found == 1 else 'burn'}"

    def get_lede(self) -> str:
        return "Use against an even spending of what was left: at 1 a budget just lasts its period."

    def row_class(self, obj: BudgetBurn) -> str:
        return "" if obj.is_burning else "mut"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done, from the mildest on; `effect` says what it does and does not."""

    label: str
    url: str
    effect: str
    icon: str


@requires(P.BUDGET_VIEW)
def stop(request: HttpRequest, budget_id: UUID) -> HttpResponse:
    """What burns in a budget, and the acts there are, the mildest first. Nothing here cuts anybody
    off: people decide, with reasons, and everything can be taken back."""
    budget = budgets.budget_by_id(request.actor, budget_id)
    status = budgets.budget_status(budget)
    row = selectors.burning_of(budget)
    burn = selectors.burn_of(status)
    day = burn.since if burn and burn.days == 1 else status.today - timedelta(days=1)
    sees = can(request.actor, P.USAGE_VIEW, unit_id=budget.unit_id)
    figures = Figures(status.measure, budget.currency)
    found = selectors.drivers(request.actor, budget, status.measure, day) if sees else {}
    may_take = burning.owns(request.actor, budget) or can(
        request.actor, P.BUDGET_MANAGE, unit_id=budget.unit_id
    )
    context = {
        "title": burning.headline(row, status.today)
        if row
        else f"{budget.name} does not burn: it is at its pace or below",
        "lede": burning.explanation(row) if row else "",
        "crumbs": [
            ("Budgets", org_url(request, "budgets:list")),
            (budget.name, org_url(request, "budgets:detail", budget_id=budget.id)),
            ("Stop the bleeding", ""),
        ],
        "row": row,
        "rate": burning.rate(row) if row else "",
        "left": figures.short(status.main.remaining),
        "pace": figures.short(status.main.sustainable_per_day),
        "today": figures.short(status.main.daily.get(status.today, 0)),
        "runs_out": fmt.day(row.runs_out_on, status.today) if row else "",
        "take_url": org_url(request, "budgets:burn_take", burn_id=row.id)
        if row and not row.taken_by and may_take
        else "",
        "day": fmt.day(day, status.today),
        "drivers": [
            {
                "label": selectors.GROUPS[group],
                "rows": [
                    {
                        "label": driver.label,
                        "now": figures.short(driver.now),
                        "usual": figures.short(driver.usual),
                        "more": figures.short(driver.more),
                    }
                    for driver in drivers
                ],
            }
            for group, drivers in found.items()
            if drivers
        ],
        "sees": sees,
        "acts": list(_acts(request, budget)),
        "usual_days": selectors.USUAL_DAYS,
    }
    return render(request, "budgets/stop.html", context)


def _acts(request: HttpRequest, budget: Budget) -> Iterator[Act]:
    """What this person may do, from looking to changing the plan."""
    actor, slug = request.actor, budget.capability_id

    def url(name: str, query: str = "", **words: Any) -> str:
        return org_url(request, name, **words) + query

    if can(actor, P.USAGE_VIEW, unit_id=budget.unit_id):
        narrowed = f"?capability={slug}&" if slug else "?"
        yield Act(
            "See it by hour",
            url("portal:explore", f"{narrowed}group=api_key&grain=hour"),
            "Which key, user or model began when. Changes nothing.",
            "search",
        )
    yield Act(
        "Look at what was changed",
        url("changelog:list", f"?capability={slug}" if slug else ""),
        "Releases, prompts and switched models of these days: undo the one that did it.",
        "git-compare",
    )
    if can(actor, P.BUDGET_MANAGE, unit_id=budget.unit_id):
        yield Act(
            "Tighten the thresholds",
            url("budgets:edit", budget_id=budget.id),
            "The budget speaks up earlier. Stops nobody.",
            "bell",
        )
    if can(actor, P.SOURCE_VIEW):
        yield Act(
            "Review the keys",
            url("connectors:inventory"),
            "Ban a key that should not be used: its use raises an alert until it is revoked.",
            "lock",
        )
    if can(actor, P.MODEL_STANDING_MANAGE):
        yield Act(
            "Move to a cheaper model",
            url("pricing:list"),
            "Say which models are standard: estimates and reviews hold teams to them.",
            "cpu",
        )
    if budget.capability_id and can(actor, P.CAPABILITY_MANAGE, unit_id=budget.unit_id):
        yield Act(
            "Change its tier",
            url("portfolio:edit", capability_id=budget.capability_id),
            "More scrutiny for its next stories. What runs goes on.",
            "stack-2",
        )
    if actor.membership_id is not None:
        yield Act(
            "Ask for an exception",
            url("asks:new", "?kind=exception&rule=guardrail"),
            "The use is wanted for some days: somebody decides, and it ends by itself.",
            "hourglass",
        )
        yield Act(
            "Ask for more",
            url("asks:new", f"?kind=increase&budget={budget.id}"),
            "The use is right and the plan was not.",
            "send",
        )
    if can(actor, P.BUDGET_MANAGE, unit_id=budget.unit_id):
        yield Act(
            "Move money from another budget",
            url("budgets:move", budget_id=budget.id),
            "The sum stays the same.",
            "coins",
        )


class TakeForm(forms.Form):
    """A note, and the version the person saw."""

    note = forms.CharField(label="What you will do", required=False, max_length=500)
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.BUDGET_VIEW)
class Take(ConfirmPage):
    """Somebody has it."""

    form_class = TakeForm
    title = "Take this on"
    submit_label = "Take it on"
    message = "Others see that you have it. It eases by itself when the budget no longer burns."

    @property
    def row(self) -> BudgetBurn:
        found = selectors.burn_by_id(self.request.actor, self.kwargs["burn_id"])
        if not burning.owns(self.request.actor, found.budget):
            require(self.request.actor, P.BUDGET_MANAGE, unit_id=found.budget.unit_id)
        return found

    def get_crumbs(self) -> Sequence[tuple[str, str]]:  # type: ignore[override]
        return [
            ("Budgets", org_url(self.request, "budgets:list")),
            (self.row.budget.name, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "budgets:stop", budget_id=self.row.budget_id)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.row.version}

    def save(self, form: Any) -> str:
        row = services.take_burn(
            actor=self.request.actor,
            burn_id=self.kwargs["burn_id"],
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        messages.success(self.request, "You have it.")
        return org_url(self.request, "budgets:stop", budget_id=row.budget_id)
