"""Trends: how use moves, and what that will cost. The address is the whole state."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.budgets.rules.filling import Verdict
from apps.budgets.selectors.history import History, histories
from apps.common import fmt
from apps.common.web import csvout
from apps.ledger.query import TooSlow, time_limit
from apps.ledger.selectors.coverage import coverage
from apps.ledger.web.first_use import nothing_connected
from apps.portal.nav import link_to
from apps.portal.selectors import trends as reads
from apps.portal.selectors.amplification import amplification
from apps.portal.selectors.slices import Slice, read_slice
from apps.portal.web import trends_effects as effects
from apps.portal.web import trends_prices as price_tables
from apps.portal.web import trends_tables as tables
from apps.portal.web import trends_text as text
from apps.portal.web.controls import PEOPLE_HIDDEN
from apps.portal.web.explore_state import FILTERS
from apps.portal.web.trends_state import State, controls, read_state
from apps.tenancy.urls import org_url

REGION = "trends"


@requires(P.USAGE_VIEW)
def trends(request: HttpRequest) -> HttpResponseBase:
    """The page, its region for htmx, or with `?format=csv&table=` one table in full precision."""
    chosen = read_slice(request.actor, request.GET, FILTERS)
    state = read_state(request.GET)
    if request.GET.get("format") == "csv":
        return _export(request, chosen, state)
    context: dict[str, Any] = {
        "crumbs": [("Inform", ""), ("Trends", "")],
        "region": REGION,
        "state": state,
        "filtered": chosen.narrowed,
        "nothing": nothing_connected(request),
        "notice": PEOPLE_HIDDEN if chosen.refused else "",
    }
    try:
        with time_limit():
            context |= _figures(request, chosen, state)
    except TooSlow as error:
        context |= {"cut": error.message, "title": "The question took too long"}
    if _wants_region(request):
        template = "portal/_trends_region.html"
    else:
        template = "portal/trends.html"
        context["controls"] = controls(chosen, state)
    response: HttpResponse = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _figures(request: HttpRequest, chosen: Slice, state: State) -> dict[str, Any]:
    span = state.span
    found = reads.groups(chosen, span, state.by, state.measure)
    everything = reads.together(found, "All")
    growing = [reads.growth_of(group, span) for group in found]
    total = reads.growth_of(everything, span) if everything else None
    context: dict[str, Any] = {"title": text.headline(total, state), "has_use": bool(found)}
    if not found or everything is None:
        return context
    differing = [reads.days_of(group, span) for group in found]
    prices = reads.prices(chosen, span, everything.first)
    amplified = amplification(chosen, span.end, everything.first, state.extra)
    budgets = _budgets(request, chosen, state)
    filling = [one for one in budgets if one.verdict is Verdict.FILLING]
    covered = coverage()
    return context | {
        "growth": tables.growth_sheet(growing, state),
        "growth_title": text.growth_title(growing, span.grain),
        "variability": tables.variability_sheet(differing, state),
        "days_title": text.days_title(differing),
        "prices": prices,
        "prices_title": text.prices_title(prices),
        "chart": text.price_chart(prices, state) if prices.ends else "",
        "elasticity": text.elasticity_text(prices),
        "banner": text.banner(prices),
        "variance": price_tables.variance_sheet(prices, state),
        "amplified": amplified,
        "pace_days": fmt.day_range(amplified.start, amplified.end),
        "sensitivity": effects.sensitivity_sheet(amplified, state),
        "inefficiencies": effects.inefficiency_sheet(amplified, state),
        "sees_budgets": can_anywhere(request.actor, P.BUDGET_VIEW),
        "budgets": effects.filling_sheet(budgets, _link(request)),
        "filling": filling,
        "alerts_url": link_to(request, "quality:list"),
        "coverage": covered,
        "data_as_of": covered.data_as_of,
    }


def _link(request: HttpRequest) -> Any:
    return lambda one: org_url(request, "budgets:detail", one.budget.id)


def _budgets(request: HttpRequest, chosen: Slice, state: State) -> list[History]:
    """Budgets in sight; of chosen teams and capabilities only theirs."""
    if not can_anywhere(request.actor, P.BUDGET_VIEW):
        return []
    asked = chosen.filters
    units, capabilities = (
        frozenset(UUID(value) for value in asked[axis]) if axis in asked else None
        for axis in ("unit", "capability")
    )
    return histories(request.actor, state.span.end, units, capabilities)


def _export(request: HttpRequest, chosen: Slice, state: State) -> HttpResponseBase:
    """One table, every row, to the nano; growth where no known one is named."""
    asked = request.GET.get("table", "")
    with time_limit():
        sheet = _sheet(request, chosen, state, asked)
        name = f"trends-{sheet.key}-{state.span.start}-{state.last_asked}.csv"
        return csvout.response(name, sheet.head, sheet.lines())


def _sheet(request: HttpRequest, chosen: Slice, state: State, asked: str) -> tables.Sheet:
    span = state.span
    if asked in ("prices", "variance"):
        prices = reads.prices(chosen, span, reads.first_use(chosen, span))
        build = price_tables.index_sheet if asked == "prices" else price_tables.variance_sheet
        return build(prices, state)
    if asked == "budgets":
        return effects.filling_sheet(_budgets(request, chosen, state), _link(request))
    if asked in ("sensitivity", "inefficiencies"):
        first = reads.first_use(chosen, span)
        amplified = amplification(chosen, span.end, first, state.extra)
        if asked == "sensitivity":
            return effects.sensitivity_sheet(amplified, state)
        return effects.inefficiency_sheet(amplified, state)
    found = reads.groups(chosen, span, state.by, state.measure)
    if asked == "variability":
        return tables.variability_sheet([reads.days_of(group, span) for group in found], state)
    return tables.growth_sheet([reads.growth_of(group, span) for group in found], state)


def _wants_region(request: HttpRequest) -> bool:
    return (
        request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == REGION
    )
