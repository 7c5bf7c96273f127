"""The list of budgets: which run out first?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.budgets import selectors
from apps.budgets.enums import BudgetStatus as State
from apps.budgets.enums import Health, Scope
from apps.budgets.web.present import BudgetRow, scope_words
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage, SearchFilter
from apps.organizations.selectors import unit_choices
from apps.tenancy.urls import org_url


@dataclass(frozen=True, slots=True)
class NameSearch(SearchFilter):
    """Search over rows that are worked out, not queried."""

    def apply(self, qs: Any, value: Any) -> Any:
        words = value.casefold().split()
        return [row for row in qs if all(word in row.name_norm for word in words)]


def _narrow_scope(rows: Any, value: Any) -> Any:
    return [row for row in rows if row.budget.scope == value]


def _narrow_health(rows: Any, value: Any) -> Any:
    return [row for row in rows if row.health.value == value]


def _narrow_unit(rows: Any, value: Any) -> Any:
    return [row for row in rows if str(row.budget.unit_id) == value]


def _exact(row: BudgetRow, value: int | None) -> Any:
    return None if value is None else from_nanos(value)


@requires(P.BUDGET_VIEW)
class BudgetList(ListPage):
    """Sorted by the day each runs out."""

    title = "Budgets"
    noun = ("budget", "budgets")
    default_sort = "urgency"
    filename = "budgets"
    crumbs = (("Budgets", ""),)
    columns = (
        Column(
            "name",
            "Budget",
            value=lambda row: row.budget.name,
            sort="name_norm",
            link=lambda row, request: org_url(request, "budgets:detail", budget_id=row.status.id),
            sub=lambda row: scope_words(row.budget),
        ),
        Column("scope", "Scope", value=lambda row: scope_words(row.budget), in_table=False),
        Column(
            "period",
            "Period from",
            value=lambda row: row.status.period.start,
            in_table=False,
        ),
        Column(
            "period_end",
            "Period to",
            value=lambda row: row.status.period.last_day,
            in_table=False,
        ),
        Column("plan", "Used against limit", value=lambda row: row.bullet, in_csv=False, full=True),
        Column(
            "used",
            "Used",
            value=lambda row: row.used_words,
            sort="used",
            align="num",
            in_csv=False,
        ),
        Column(
            "limit",
            "Limit",
            value=lambda row: row.limit_words,
            sort="limit",
            align="num",
            in_csv=False,
        ),
        Column(
            "share",
            "Share",
            value=lambda row: fmt.pct(row.share),
            sort="share",
            align="num",
            csv=lambda row: row.share,
            csv_label="Share used",
        ),
        Column(
            "limit_money",
            "Limit",
            value=lambda row: _exact(row, row.status.money.limit),
            in_table=False,
            csv_label="Limit (money)",
        ),
        Column(
            "used_money",
            "Used",
            value=lambda row: _exact(row, row.status.money.used),
            in_table=False,
            csv_label="Used (money)",
        ),
        Column("currency", "Currency", value=lambda row: row.budget.currency, in_table=False),
        Column(
            "limit_tokens",
            "Limit",
            value=lambda row: row.status.tokens.limit,
            in_table=False,
            csv_label="Limit (tokens)",
        ),
        Column(
            "used_tokens",
            "Used",
            value=lambda row: row.status.tokens.used,
            in_table=False,
            csv_label="Used (tokens)",
        ),
        Column(
            "committed",
            "Committed below",
            value=lambda row: _exact(row, row.status.committed_nanos),
            in_table=False,
        ),
        Column(
            "run_out",
            "Runs out",
            value=lambda row: row.run_out,
            sort="urgency",
            csv=lambda row: row.main.run_out_on,
        ),
        Column("health", "State", value=lambda row: row.health.label, in_table=False),
    )
    filters = (
        NameSearch("q", "Search", placeholder="Name…"),
        CustomFilter("scope", "Scope", choices=Scope.choices(), narrow=_narrow_scope),
        CustomFilter(
            "unit",
            "Team",
            choices=lambda request: unit_choices(),
            narrow=_narrow_unit,
        ),
        CustomFilter("health", "State", choices=Health.choices(), narrow=_narrow_health),
        CustomFilter(
            "show",
            "Show",
            choices=(("closed", "Closed"),),
            any_label="Active",
            narrow=lambda rows, value: rows,
        ),
    )

    def get_queryset(self) -> QuerySet[Any] | Sequence[Any]:
        closed = self.request.GET.get("show") == "closed"
        wanted = State.CLOSED if closed else State.ACTIVE
        found = selectors.budgets_for(self.request.actor).filter(status=wanted)
        self.all = [BudgetRow(status) for status in selectors.budget_statuses(found)]
        return self.all

    def get_title(self) -> str:
        """The answer: how many need somebody."""
        over = sum(row.health is Health.EXHAUSTED for row in self.all)
        soon = sum(row.health is Health.RUNS_OUT for row in self.all)
        if not over and not soon:
            return "Budgets are on course" if self.all else "Budgets"
        parts = [f"{over} used up"] if over else []
        parts += [f"{soon} on course to run out"] if soon else []
        return f"{fmt.plural(len(self.all), 'budget')}: {' and '.join(parts)}"

    def get_lede(self) -> str:
        return "Measured use against each limit in its current period, first to run out on top."

    def get_actions(self) -> Sequence[Action]:
        watched = (
            Action("Thresholds reached", org_url(self.request, "budgets:crossings"), "bell"),
            Action("Burn alerts", org_url(self.request, "budgets:burns"), "gauge"),
        )
        if not can_anywhere(self.request.actor, P.BUDGET_MANAGE):
            return watched
        return (
            *watched,
            Action("New budget", org_url(self.request, "budgets:create"), "plus", primary=True),
        )

    def get_empty(self) -> Empty:
        body = (
            "A budget opens by itself when a Token Story is approved. "
            "Open one for a team or the whole organization to see when it runs out."
        )
        action = self.get_actions()[-1]
        if action.primary:
            return Empty("No budget yet", body, action.label, action.url, "wallet")
        return Empty("No budget yet", body, icon="wallet")

    def row_class(self, obj: BudgetRow) -> str:
        return "mut" if not obj.budget.is_active else ""
