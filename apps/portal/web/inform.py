"""Inform overview: on plan, why did it change, who uses it. Everything is in the address."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common.money import from_nanos
from apps.common.tokens import KINDS as TOKEN_KINDS
from apps.common.web import csvout
from apps.common.web.filters import Control
from apps.ledger.web import why
from apps.portal.nav import link_to
from apps.portal.rules.windows import DEFAULT_PERIOD, PERIODS
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors.inform import Overview, overview
from apps.portal.selectors.slices import Slice, read_slice
from apps.portal.web import inform_charts, inform_text
from apps.portal.web.controls import controls

AXES = ("unit", "kind", "model", "source")
GROUPS = ("kind", "unit", "model")
REGION = "inform"


@requires(P.USAGE_VIEW)
def inform(request: HttpRequest) -> HttpResponseBase:
    """The overview; `?format=csv` gives the chart's figures in full precision."""
    period = _one(request, "period", dict(PERIODS), DEFAULT_PERIOD)
    by = _one(request, "by", GROUPS, "kind")
    measure = inform_charts.MEASURES[_one(request, "measure", inform_charts.MEASURES, "cost")]
    chosen = read_slice(request.actor, request.GET, AXES)
    if request.GET.get("format") == "csv":
        return _export(overview(chosen, period, by, requests=True), by)
    view = overview(chosen, period, by)
    context = {
        "title": inform_text.headline(view, period),
        "lede": inform_text.lede(view),
        "crumbs": [("Inform", ""), ("Overview", "")],
        "view": view,
        "region": REGION,
        "measure": measure.key,
        "measures": inform_charts.MEASURES.values(),
        "by": by,
        "groups": [(name, AXIS_LABELS[name]) for name in GROUPS],
        "currency": view.settings.currency,
        **_figures(request, view, by, measure),
    }
    if _wants_region(request):
        template = "portal/_inform_region.html"
    else:
        template = "portal/inform.html"
        context["controls"] = _controls(chosen, period, view)
    response: HttpResponse = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _figures(
    request: HttpRequest, view: Overview, by: str, measure: inform_charts.Measure
) -> dict[str, Any]:
    if not view.has_use:
        connect = can_anywhere(request.actor, P.SOURCE_MANAGE)
        return {"connect_url": link_to(request, "connectors:list") if connect else ""}
    return {
        "chart": inform_charts.bars(view, by, measure),
        "drivers": inform_charts.drivers(view),
        "why_title": why.title(view.difference, view.settings.currency),
        "token_kinds": inform_charts.token_kinds(view),
        "prices_url": link_to(request, "ledger:unpriced"),
        "attribution_url": link_to(request, "ledger:unattributed"),
    }


def _controls(chosen: Slice, period: str, view: Overview) -> list[Control]:
    start = min(view.window.start, view.window.before_start)
    period_control = Control("select", "period", "Period", period, PERIODS, any_label="", keep=True)
    return [period_control, *controls(AXES, chosen, start, view.window.end)]


def _wants_region(request: HttpRequest) -> bool:
    return (
        request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == REGION
    )


def _one(request: HttpRequest, name: str, known: Any, default: str) -> str:
    value = request.GET.get(name, "")
    return value if value in known else default


def _export(view: Overview, by: str) -> HttpResponseBase:
    head = [
        view.grain.capitalize(),
        AXIS_LABELS[by],
        *(f"{kind} (tokens)" for kind in TOKEN_KINDS),
        "Requests",
        "Requests counted (share of tokens)",
        f"Cost ({view.settings.currency})",
        "Unpriced (tokens)",
        "Unpriced requests",
    ]
    name = f"usage-by-{by}-{view.window.start}-{view.window.end}.csv"
    return csvout.response(name, head, _rows(view))


def _rows(view: Overview) -> Iterator[list[Any]]:
    for period in view.periods:
        for key, found in view.bars.items():
            row = found.get(period)
            if row is None:
                continue
            yield [
                period,
                view.bar_labels[key],
                *row.tokens,
                row.counted_requests,
                row.requests_share,
                None if row.cost_nanos is None else from_nanos(row.cost_nanos),
                row.unpriced_tokens,
                row.counted_unpriced_requests,
            ]
