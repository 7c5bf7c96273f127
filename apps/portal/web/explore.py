"""Explore: how any slice behaves. The address is the whole state, so a link shares it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import clock
from apps.common.money import from_nanos
from apps.common.tokens import KINDS as TOKEN_KINDS
from apps.common.web import csvout
from apps.common.web.filters import Control, parse_day
from apps.ledger.query import Row
from apps.portal.rules.windows import Window, custom, grain_for
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors import explore as reads
from apps.portal.selectors.inform import window_now
from apps.portal.selectors.slices import Slice, read_slice
from apps.portal.web import explore_tables
from apps.portal.web.controls import control
from apps.portal.web.explore_measures import MEASURES, Measure

REGION = "explore"
GROUPS = (
    "unit",
    "capability",
    "kind",
    "model",
    "provider",
    "source",
    "story",
    "phase",
    "service_tier",
    "confidence",
    "account",
    "project",
    "api_key",
    "user",
)
FILTERS = ("unit", "capability", "kind", "model", "provider", "source", "phase")
RANGES = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "Year"))


@dataclass(frozen=True, slots=True)
class State:
    """What the query string asks for."""

    group: str
    then: str
    measure: Measure
    start: date
    end: date
    grain: str
    compare: bool
    today: date
    window: Window

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.group, self.then) if self.then else (self.group,)

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


@requires(P.USAGE_VIEW)
def explore(request: HttpRequest) -> HttpResponseBase:
    """The page, its region for htmx, or with `?format=csv` every row in full precision."""
    chosen = read_slice(request.actor, request.GET, FILTERS)
    state = _state(request)
    if request.GET.get("format") == "csv":
        return _export(chosen, state)
    found = reads.explore(
        chosen, state.window, group=state.groups, grain=state.grain, compare=state.compare
    )
    again = reads.compared(chosen, state.window, state.groups) if state.compare else {}
    context = {
        "title": "Explore",
        "crumbs": [("Inform", ""), ("Explore", "")],
        "region": REGION,
        "state": state,
        "found": found,
        "currency": found.totals.currency,
        "headline": explore_tables.headline(found, state.measure),
        "ranges": _ranges(state.today),
        "measures": MEASURES.values(),
        "filtered": chosen.narrowed,
    }
    if found.has_use:
        context["chart"] = explore_tables.chart(found, state.measure)
        context["table"] = explore_tables.table(found, state.measure, again)
    if _wants_region(request):
        template = "portal/_explore_region.html"
    else:
        template = "portal/explore.html"
        context["controls"] = _controls(chosen, state)
    response: HttpResponse = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _state(request: HttpRequest) -> State:
    get = request.GET.get
    settled, settings, covered = window_now("30d")
    today = clock.today(settings.timezone)
    end = min(parse_day(get("days_to", "")) or today, today) + timedelta(days=1)
    start = parse_day(get("days_from", "")) or end - timedelta(days=settled.days)
    start, end = reads.clamp(start, end)
    complete = settled.compared_end if covered.complete_through else None
    group = get("group", "unit") if get("group", "unit") in GROUPS else "unit"
    then = get("then", "") if get("then", "") in GROUPS and get("then") != group else ""
    wanted = get("grain", "") if get("grain", "") in reads.GRAINS else grain_for((end - start).days)
    grain = "day" if wanted == "hour" else reads.fine_enough(start, end, wanted)
    return State(
        group=group,
        then=then,
        measure=MEASURES.get(get("measure", ""), MEASURES["cost"]),
        start=start,
        end=end,
        grain=grain,
        compare=get("compare", "") == "1",
        today=today,
        window=custom(start, end, today, complete),
    )


def _controls(chosen: Slice, state: State) -> list[Control]:
    named = [(name, AXIS_LABELS[name]) for name in GROUPS]
    grains = tuple((grain, grain.capitalize()) for grain in reads.GRAINS)
    measures = tuple((m.key, m.label) for m in MEASURES.values())
    days = [state.start.isoformat(), state.last.isoformat()]
    return [
        Control("dates", "days", "Days", days, keep=True),
        Control("select", "measure", "Show", state.measure.key, measures, "", keep=True),
        Control("select", "group", "By", state.group, tuple(named), "", keep=True),
        Control("select", "then", "Then by", state.then, tuple(named), "Nothing"),
        Control("select", "grain", "Per", state.grain, grains, "", keep=True),
        Control(
            "select",
            "compare",
            "Compare",
            "1" if state.compare else "",
            (("1", "The days before"),),
            "Nothing",
        ),
        *(control(axis, chosen, state.start, state.end) for axis in FILTERS),
    ]


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
    result = chosen.ask(
        state.window.start,
        state.window.end,
        grain=state.grain,
        group_by=state.groups,
        order="period",
    )
    labels = [AXIS_LABELS[name] for name in state.groups]
    ids = [f"{label} (id)" for label in labels]
    head = [
        state.grain.capitalize(),
        *(text for pair in zip(labels, ids, strict=True) for text in pair),
        *(f"{kind} (tokens)" for kind in TOKEN_KINDS),
        "Requests",
        f"Cost ({result.currency})",
        "Unpriced (tokens)",
        "Unpriced requests",
    ]
    name = f"usage-{'-'.join(state.groups)}-{state.start}-{state.last}.csv"
    return csvout.response(name, head, _rows(result.rows))


def _rows(rows: list[Row]) -> Iterator[list[Any]]:
    for row in rows:
        yield [
            row.period,
            *(text for pair in zip(row.labels, row.keys, strict=True) for text in pair),
            *(getattr(row.tokens, kind) for kind in TOKEN_KINDS),
            row.requests,
            None if row.cost_nanos is None else from_nanos(row.cost_nanos),
            row.unpriced_tokens,
            row.unpriced_requests,
        ]
