"""The card of a page about something that uses tokens: what it used in the last 30 days."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.common import charts, clock, fmt
from apps.common.web.panels import Panel
from apps.ledger.query import Query, run
from apps.ledger.web.notes import Event, chart_notes, prices_of
from apps.organizations.models import Unit
from apps.organizations.selectors import unit_subtree_ids
from apps.tenancy.urls import org_url

DAYS = 30
TEMPLATE = "ledger/_usage_card.html"


def usage_card(
    request: HttpRequest,
    name: str,
    filters: Mapping[str, Sequence[str]],
    events: Callable[[date], Sequence[Event]],
    *,
    note: str = "",
    link: str,
) -> Panel:
    """Daily cost, tokens, requests and unit price of what the filters name, with a link to more.

    `events` gives what is marked on the chart, from a day on. The caller asks for the permission.
    """
    today = clock.today(request.organization.timezone)
    start = today - timedelta(days=DAYS - 1)
    result = run(
        Query(start=start, end=today + timedelta(days=1), grain="day", filters=dict(filters))
    )
    by_day = {row.period: row for row in result.rows}
    days = [start + timedelta(days=n) for n in range(DAYS)]
    currency, total = result.currency, result.total
    costs = [(by_day[day].cost_nanos or 0) if day in by_day else 0 for day in days]
    chart = charts.stacked_bars(
        [fmt.day(day, today) for day in days],
        [charts.Series("Cost", "s1", costs)],
        title=f"Daily cost, {name}",
        summary=f"{fmt.money(total.cost_nanos, currency)} in {DAYS} days",
        axis=lambda value: fmt.axis_money(value, currency),
        cell=lambda value: fmt.money(int(value), currency, style="cents"),
        notes=chart_notes(events(start), days, "day") if result.rows else (),
    )
    tokens = total.tokens
    return Panel(
        TEMPLATE,
        {
            "name": name,
            "note": note,
            "link": link,
            "chart": chart if result.rows else "",
            "cost": fmt.money(total.cost_nanos, currency) if result.rows else fmt.DASH,
            "tokens": fmt.tokens(tokens.total),
            "input": fmt.tokens(tokens.input),
            "cached": fmt.pct(tokens.cache_read / tokens.input) if tokens.input else "",
            "output": fmt.tokens(tokens.generated),
            "requests": fmt.DASH
            if total.counted_requests is None
            else fmt.count(total.counted_requests),
            "unit_cost": fmt.money(
                fmt.per_million(total.cost_nanos, tokens.total - total.unpriced_tokens),
                currency,
                style="unit",
            ),
            "unpriced": fmt.tokens(total.unpriced_tokens) if total.unpriced_tokens else "",
            "data_as_of": result.data_as_of,
            "coverage": result.coverage,
            "zone": result.timezone,
            "days": DAYS,
        },
    )


def unit_panel(request: HttpRequest, unit: Unit) -> Panel | None:
    """What a unit and those below it used. None without the permission there."""
    if not can(request.actor, P.USAGE_VIEW, unit_id=unit.id):
        return None
    below = unit_subtree_ids(unit.id)
    return usage_card(
        request,
        unit.name,
        {"unit": sorted(str(one) for one in below)},
        lambda start: prices_of(start, start + timedelta(days=DAYS), units=below),
        note=_below(below),
        link=f"{org_url(request, 'portal:explore')}?group=capability&unit={unit.id}",
    )


def _below(units: frozenset[UUID]) -> str:
    return f"With {fmt.plural(len(units) - 1, 'unit')} below it" if len(units) > 1 else ""
