"""Cards on the page of a capability: what it used, and the budgets that pay for it."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can, can_anywhere, visible_unit_ids
from apps.budgets import selectors
from apps.budgets.enums import BudgetStatus as State
from apps.budgets.web.present import BudgetRow
from apps.common import charts, clock, fmt
from apps.ledger.changelog.selectors import marks as change_marks
from apps.ledger.query import Query, run
from apps.ledger.web.notes import Event, chart_notes, prices_of
from apps.portfolio.models import Capability
from apps.portfolio.panels import Panel

DAYS = 30


def usage_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """Daily cost of the last 30 days, tokens and requests. None without the permission."""
    if not can(request.actor, P.USAGE_VIEW, unit_id=capability.unit_id):
        return None
    today = clock.today(request.organization.timezone)
    start = today - timedelta(days=DAYS - 1)
    result = run(
        Query(
            start=start,
            end=today + timedelta(days=1),
            grain="day",
            filters={"capability": [str(capability.id)]},
        )
    )
    by_day = {row.period: row for row in result.rows}
    days = [start + timedelta(days=n) for n in range(DAYS)]
    currency, total = result.currency, result.total
    costs = [(by_day[day].cost_nanos or 0) if day in by_day else 0 for day in days]
    labels = [fmt.day(day, today) for day in days]
    chart = charts.stacked_bars(
        labels,
        [charts.Series("Cost", "s1", costs)],
        title=f"Daily cost, {capability.name}",
        summary=f"{fmt.money(total.cost_nanos, currency)} in {DAYS} days",
        axis=lambda value: fmt.axis_money(value, currency),
        cell=lambda value: fmt.money(int(value), currency, style="cents"),
        notes=chart_notes(_events(request, capability, start), days, "day") if result.rows else (),
    )
    return Panel(
        "budgets/_capability_usage.html",
        {
            "chart": chart if result.rows else "",
            "cost": fmt.money(total.cost_nanos, currency) if result.rows else fmt.DASH,
            "tokens": fmt.tokens(total.tokens.total),
            "requests": fmt.count(total.requests),
            "unit_cost": fmt.money(
                fmt.per_million(total.cost_nanos, total.tokens.total), currency, style="unit"
            ),
            "unpriced": fmt.tokens(total.unpriced_tokens) if total.unpriced_tokens else "",
            "data_as_of": result.data_as_of,
            "coverage": result.coverage,
            "zone": result.timezone,
            "days": DAYS,
        },
    )


def _events(request: HttpRequest, capability: Capability, start: date) -> list[Event]:
    """Changes of the capability and of the prices of what it uses."""
    end = start + timedelta(days=DAYS)
    changes = change_marks(request.actor, start, end, {capability.id})
    return [*changes, *prices_of(start, end, {capability.id})]


def budgets_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """Active budgets of the capability and of its stories."""
    if not can_anywhere(request.actor, P.BUDGET_VIEW):
        return None
    found = selectors.budgets_for(request.actor).filter(
        capability_id=capability.id, status=State.ACTIVE
    )
    rows = [BudgetRow(status) for status in selectors.budget_statuses(found)]
    return Panel(
        "budgets/_capability_budgets.html",
        {
            "rows": sorted(rows, key=lambda row: row.urgency),
            "capability": capability,
            "may_open": can(request.actor, P.BUDGET_MANAGE, unit_id=capability.unit_id)
            and not capability.is_retired,
        },
    )


def costs(request: HttpRequest) -> Mapping[UUID, int]:
    """Cost of the last 30 days by capability, as far as the actor may see usage."""
    units = visible_unit_ids(request.actor, P.USAGE_VIEW)
    today = clock.today(request.organization.timezone)
    result = run(
        Query(
            start=today - timedelta(days=DAYS - 1),
            end=today + timedelta(days=1),
            group_by=("capability",),
            unit_ids=units,
        )
    )
    return {
        UUID(row.keys[0]): row.cost_nanos
        for row in result.rows
        if row.keys[0] and row.cost_nanos is not None
    }
