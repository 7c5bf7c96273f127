"""Explore: how any slice behaves. The address is the whole state, so a link shares it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.tokens import KINDS as TOKEN_KINDS
from apps.common.web import csvout
from apps.ledger.query import NOT_COUNTED, PARTLY_COUNTED, Result, Row, TooSlow, time_limit
from apps.ledger.web import why
from apps.ledger.web.first_use import nothing_connected
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors import explore as reads
from apps.portal.selectors.slices import Slice, read_slice
from apps.portal.web import explore_tables
from apps.portal.web.controls import PEOPLE_HIDDEN
from apps.portal.web.explore_state import FILTERS, RANGES, State, controls, read_state
from apps.portal.web.league import send_url
from apps.savedviews.web.bar import bar, default_query

REGION = VIEWS = "explore"


@requires(P.USAGE_VIEW)
def explore(request: HttpRequest) -> HttpResponseBase:
    """The page, its region for htmx, or with `?format=csv` every row in full precision.

    Without any choice it opens the person's default view, if there is one.
    """
    if not request.GET and (query := default_query(request, VIEWS)):
        return HttpResponseRedirect(f"{request.path}?{query}")
    chosen = read_slice(request.actor, request.GET, FILTERS)
    state = read_state(request.GET)
    if chosen.refused:
        state = replace(state, notices=(*state.notices, PEOPLE_HIDDEN))
    if request.GET.get("format") == "csv":
        return _export(chosen, state)
    context: dict[str, Any] = {
        "crumbs": [("Inform", ""), ("Explore", "")],
        "region": REGION,
        "state": state,
        "ranges": _ranges(state.today),
        "filtered": chosen.narrowed,
        "nothing": nothing_connected(request),
        "views": bar(request, VIEWS, defaults=True),
        "send_url": send_url(request, VIEWS),
    }
    try:
        with time_limit():
            context |= _figures(request, chosen, state)
    except TooSlow as error:
        context |= _cut(state, error)
    context["title"] = context["headline"]
    if _wants_region(request):
        context["oob"] = True
        template = "portal/_explore_region.html"
    else:
        template = "portal/explore.html"
        context["controls"] = controls(chosen, state)
    response: HttpResponse = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _figures(request: HttpRequest, chosen: Slice, state: State) -> dict[str, Any]:
    found = reads.explore(
        request.actor,
        chosen,
        state.window,
        group=state.groups,
        grain=state.grain,
        compare=bool(state.compare),
        runs=state.measure.runs,
    )
    context: dict[str, Any] = {
        "found": found,
        "currency": found.totals.currency,
        "headline": explore_tables.headline(found, state.measure),
        "uncounted": NOT_COUNTED if _uncounted(found.totals) else "",
        "partly": PARTLY_COUNTED if found.totals.total.is_partial else "",
        "vs_last": state.window.before_end - timedelta(days=1),
    }
    if found.has_use:
        context["chart"] = explore_tables.chart(found, state.measure)
        context["table"] = explore_tables.table(found, state.measure)
    if found.change is not None:
        change, currency = found.change, found.totals.currency
        earlier, later = (fmt.money(n, currency) for n in (change.before_nanos, change.now_nanos))
        context["why_title"] = why.title(change.drivers.change, currency)
        context["why_text"] = f"{later} against {earlier} in {state.window.before_text}"
        context["why"] = why.table(change.drivers, currency, f"{context['why_text']}.")
        context["why_unpriced"] = change.unpriced_tokens
    # What stands beside the figures is read here, inside the limit.
    _ = found.totals.coverage, found.totals.data_as_of, found.totals.reported_total
    return context


def _uncounted(result: Result) -> bool:
    """Whether some row has tokens and no source that counts its requests."""
    return any(row.counted_requests is None for row in result.rows)


def _cut(state: State, error: TooSlow) -> dict[str, Any]:
    """What to ask instead of a question that took too long."""
    half = state.end - timedelta(days=max(1, (state.end - state.start).days // 2))
    coarse = reads.coarser(state.grain)
    return {
        "cut": error.message,
        "coarser": coarse if coarse != state.grain else "",
        "half": half.isoformat() if half > state.start else "",
        "headline": "The question took too long",
    }


def _ranges(today: date) -> list[dict[str, str]]:
    found = []
    for days, label in RANGES:
        start = today - timedelta(days=int(days) - 1)
        found.append({"label": label, "from": start.isoformat(), "to": today.isoformat()})
    return found


def _wants_region(request: HttpRequest) -> bool:
    return (
        request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == REGION
    )


def _export(chosen: Slice, state: State) -> HttpResponseBase:
    """Each group in each period, every token kind, to the nano."""
    with time_limit():
        head, rows = exact(chosen, state)
    return csvout.response(f"{filename(state)}.csv", head, rows)


def filename(state: State) -> str:
    return f"usage-{'-'.join(state.groups)}-{state.start}-{state.last}"


def exact(chosen: Slice, state: State) -> tuple[list[str], Iterator[list[Any]]]:
    """The head and rows of a file."""
    result = chosen.ask(
        state.window.start,
        state.window.end,
        grain=state.grain,
        group_by=state.groups,
        order="period",
        runs=state.measure.runs,
        requests=True,
    )
    reported = result.reported
    labels = [AXIS_LABELS[name] for name in state.groups]
    ids = [f"{label} (id)" for label in labels]
    head = [
        state.grain.capitalize(),
        *(text for pair in zip(labels, ids, strict=True) for text in pair),
        *(f"{kind} (tokens)" for kind in TOKEN_KINDS),
        "Requests",
        "Requests counted (share of tokens)",
        f"Cost ({result.currency})",
        *([f"Cost ({reported.currency})"] if reported else []),
        "Unpriced (tokens)",
        "Unpriced requests",
        *(["Runs"] if state.measure.runs else []),
    ]
    return head, _rows(result.rows, reported.rows if reported else None)


def _rows(rows: list[Row], converted: list[int | None] | None) -> Iterator[list[Any]]:
    for index, row in enumerate(rows):
        yield [
            row.period,
            *(text for pair in zip(row.labels, row.keys, strict=True) for text in pair),
            *row.tokens,
            row.counted_requests,
            row.requests_share,
            _amount(row.cost_nanos),
            *([] if converted is None else [_amount(converted[index])]),
            row.unpriced_tokens,
            row.counted_unpriced_requests,
            *([] if row.runs is None else [row.runs]),
        ]


def _amount(nanos: int | None) -> Decimal | None:
    return None if nanos is None else from_nanos(nanos)
