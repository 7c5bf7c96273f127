"""One budget: when does it run out, what made its amount, what speaks up when?"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.budgets import selectors
from apps.budgets.enums import Basis
from apps.budgets.models import Budget
from apps.budgets.rules.periods import Period, nearest_period, next_period, previous_period
from apps.budgets.selectors import burns
from apps.budgets.selectors.budgets import active_tree
from apps.budgets.selectors.status import BudgetStatus
from apps.budgets.selectors.thresholds import crossings_of
from apps.budgets.services import burning
from apps.budgets.web import crossings, present
from apps.budgets.web.burn import burn_chart
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web import csvout
from apps.common.web.filters import parse_day
from apps.common.web.lists import Action
from apps.tenancy.urls import org_url


@requires(P.BUDGET_VIEW)
class Detail(View):
    """`?period=2026-11-01` shows the period that day lies in."""

    def get(self, request: HttpRequest, budget_id: UUID) -> HttpResponseBase:
        budget = selectors.budget_by_id(request.actor, budget_id)
        today = clock.today(budget.timezone)
        wanted = parse_day(request.GET.get("period", "")) or today
        period = nearest_period(budget.plan, wanted)
        status = selectors.budget_status(budget, period)
        if request.GET.get("format") == "csv":
            return _export(status)
        return render(request, "budgets/detail.html", self._context(request, status))

    def _context(self, request: HttpRequest, status: BudgetStatus) -> dict[str, Any]:
        budget, main = status.budget, status.main
        figures = present.Figures(status.measure, budget.currency)
        burn = burns.burning_of(budget)
        return {
            "title": present.headline(status),
            "lede": present.lede(status),
            "crumb": budget.name,
            "crumbs": [("Budgets", org_url(request, "budgets:list")), (budget.name, "")],
            "actions": self._actions(request, budget),
            "budget": budget,
            "status": status,
            "burn": burn,
            "burn_words": burning.headline(burn, status.today) if burn else "",
            "main": main,
            "period_words": present.period_words(status.period, budget.period_kind, status.today),
            "last_day": fmt.day(status.period.last_day, status.today),
            "limit": "No limit" if main.limit is None else figures.limit(main.limit),
            "used": figures.short(main.used),
            "share": fmt.pct(main.share),
            "elapsed": fmt.pct(status.elapsed),
            "likely": figures.short(main.forecast_end),
            "likely_range": present.forecast_range(status),
            "over": figures.short(main.forecast_over) if (main.forecast_over or 0) > 0 else "",
            "spare": figures.short(-main.forecast_over)
            if main.forecast_over is not None and main.forecast_over <= 0
            else "",
            "per_day": figures.short(main.spent_per_day),
            "sustainable": figures.short(main.sustainable_per_day),
            "other": self._other_measure(status),
            "chart": burn_chart(status),
            "own_thresholds": budget.own_thresholds,
            "crossings": [
                {
                    "words": crossings.what(row),
                    "by": crossings.by_how_much(row),
                    "on": fmt.day(row.crossed_on, status.today),
                    "told": row.found_at,
                    "again": row.raised - 1,
                    "tone": crossings.tone(row),
                }
                for row in reversed(crossings_of(budget, status.period))
            ],
            "thresholds": [
                {
                    "words": f"{Basis(t.basis).label} use reaches {t.percent}%",
                    "amount": figures.short(t.at),
                    "state": present.threshold_words(t, status),
                }
                for t in main.thresholds
            ],
            "children": self._children(request, status),
            "entries": [
                (entry, present.entry_words(entry, budget))
                for entry in reversed(selectors.entries_of(budget))
            ],
            "before": _neighbour(previous_period(budget.plan, status.period), budget, status.today),
            "after": _neighbour(next_period(budget.plan, status.period), budget, status.today),
            "scope_words": present.scope_words(budget),
        }

    def _actions(self, request: HttpRequest, budget: Budget) -> list[Action]:
        found = []
        if budget.is_active and request.actor.membership_id is not None:
            ask = f"{org_url(request, 'asks:new')}?kind=increase&budget={budget.id}"
            found = [Action("Ask for more", ask, "send")]
        if budget.is_active and can(request.actor, P.BUDGET_MANAGE, unit_id=budget.unit_id):

            def url(name: str) -> str:
                return org_url(request, f"budgets:{name}", budget_id=budget.id)

            found = [
                Action("Details", url("edit"), "pencil"),
                Action("Add for one period", url("grant"), "plus"),
                Action("Move", url("move"), "coins"),
                Action("Revise", url("revise"), "adjustments-horizontal", primary=True),
            ]
        return found

    def _other_measure(self, status: BudgetStatus) -> dict[str, str] | None:
        """The second limit of a budget that has two."""
        if status.money.limit is None or status.tokens.limit is None:
            return None
        name = "tokens" if status.measure == "money" else "money"
        other = status.tokens if name == "tokens" else status.money
        figures = present.Figures(name, status.budget.currency)
        return {
            "name": "Tokens" if name == "tokens" else "Money",
            "used": figures.short(other.used),
            "limit": figures.limit(other.limit),
            "share": fmt.pct(other.share),
        }

    def _children(self, request: HttpRequest, status: BudgetStatus) -> list[present.BudgetRow]:
        """Budgets directly below, in the period of this one, that the actor may see."""
        ids = active_tree()[1].get(status.budget.id, [])
        if not ids:
            return []
        found = selectors.budgets_for(request.actor).filter(id__in=ids)
        rows = [present.BudgetRow(s) for s in selectors.budget_statuses(found)]
        return sorted(rows, key=lambda row: row.urgency)


def _neighbour(period: Period | None, budget: Budget, today: date) -> dict[str, str] | None:
    if period is None:
        return None
    return {
        "day": period.start.isoformat(),
        "words": present.period_words(period, budget.period_kind, today),
    }


def _export(status: BudgetStatus) -> HttpResponseBase:
    """Every day of the period so far: measured money and tokens, and what was left."""
    last = min(status.period.last_day, status.today)
    days = [
        status.period.start + timedelta(days=n)
        for n in range((last - status.period.start).days + 1)
    ]
    return csvout.response(
        f"budget-{status.period.start.isoformat()}.csv",
        ("Day", f"Used ({status.budget.currency})", f"Left ({status.budget.currency})", "Tokens"),
        _rows(status, days),
    )


def _rows(status: BudgetStatus, days: list[date]) -> list[tuple[Any, ...]]:
    rows, left = [], status.money.limit
    for day in days:
        used = status.money.daily.get(day, 0)
        left = None if left is None else left - used
        rows.append(
            (
                day,
                from_nanos(used),
                None if left is None else from_nanos(left),
                status.tokens.daily.get(day, 0),
            )
        )
    return rows
