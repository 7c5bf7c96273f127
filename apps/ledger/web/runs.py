"""Runs of agents and workflows: what they cost, what they are made of, and each of them."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.money import from_nanos
from apps.common.web.filters import parse_day
from apps.common.web.lists import (
    REGION,
    Action,
    ChoiceFilter,
    Column,
    CustomFilter,
    DateRangeFilter,
    Empty,
    ListPage,
)
from apps.ledger.changelog.selectors import marks as change_marks
from apps.ledger.enums import RunOutcome, RunWordKind
from apps.ledger.models import UsageRun
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Names, Reach
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web import run_words
from apps.ledger.web.notes import Event, prices_of
from apps.organizations.selectors import unit_choices, unit_subtree_ids
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capabilities
from apps.tenancy.urls import org_url

DAYS = 30
MOST_DAYS = 400


def days_asked(request: HttpRequest) -> tuple[date, date]:
    """[start, end) of the query string: by default the last 30 days, at most MOST_DAYS."""
    today = clock.today(ledger_settings().timezone)
    last = min(parse_day(request.GET.get("day_to", "")) or today, today)
    first = parse_day(request.GET.get("day_from", "")) or last - timedelta(days=DAYS - 1)
    first = max(min(first, last), last - timedelta(days=MOST_DAYS - 1))
    return first, last + timedelta(days=1)


class _Days(DateRangeFilter):
    """Days of the ledger; they are always set and applied by the reach."""

    def read(self, request: HttpRequest) -> Any:
        start, end = days_asked(request)
        return [start, end - timedelta(days=1)]

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs

    def control(self, request: HttpRequest, value: Any) -> Any:
        shown = [value[0].isoformat(), value[1].isoformat()]
        drawn = super().control(request, value)
        return type(drawn)("dates", self.name, self.label, shown, keep=True)


def _seen(qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
    """The reach has narrowed already."""
    return qs


def _once(request: HttpRequest, name: str, read: Callable[[], Any]) -> Any:
    """What several filters and columns of one request ask for, read once."""
    known: dict[str, Any] = request.__dict__.setdefault("run_choices", {})
    if name not in known:
        known[name] = read()
    return known[name]


def _words(request: HttpRequest, kind: RunWordKind) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = _once(request, kind.name, lambda: selectors.words(kind))
    return found


def _word_choices(kind: RunWordKind) -> Any:
    return lambda request: [(text, text) for _, text in _words(request, kind)]


def _capabilities(request: HttpRequest) -> list[tuple[str, str]]:
    def read() -> list[tuple[str, str]]:
        rows = capabilities(request.actor).order_by("name_norm").values_list("id", "name")
        return [(str(capability_id), name) for capability_id, name in rows]

    found: list[tuple[str, str]] = _once(request, "capabilities", read)
    return found


def _units(request: HttpRequest) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = _once(request, "units", unit_choices)
    return found


@requires(P.USAGE_VIEW)
class RunList(ListPage):
    """Figures of the runs in reach, then the runs themselves. Everything is in the address."""

    template_name = "ledger/runs.html"
    noun = ("run", "runs")
    paging = "keyset"
    keyset_key = "run_key"
    default_sort = "-started_at"
    filename = "runs"
    crumbs = (("Inform", ""), ("Agent runs", ""))
    filters = (
        _Days("day", "Days"),
        CustomFilter("capability", "Capability", choices=_capabilities, narrow=_seen),
        CustomFilter(
            "workflow", "Workflow", choices=_word_choices(RunWordKind.WORKFLOW), narrow=_seen
        ),
        CustomFilter("agent", "Agent", choices=_word_choices(RunWordKind.AGENT), narrow=_seen),
        CustomFilter("unit", "Team", choices=_units, narrow=_seen),
        ChoiceFilter("outcome", "Outcome", choices=[(str(o.value), o.label) for o in RunOutcome]),
        CustomFilter(
            "retries",
            "Retries",
            choices=(("1", "With retries"), ("0", "Without")),
            narrow=lambda qs, value: qs.filter(**{"retries__gt" if value == "1" else "retries": 0}),
        ),
    )

    @cached_property
    def reach(self) -> Reach:
        """What the filters of owner and name say; the figures follow these, not the outcome."""
        start, end = days_asked(self.request)
        chosen = {f.name: f.read(self.request) for f in self.filters if f.name != "day"}
        words = dict[str, tuple[int, ...]]()
        for name, kind in (("workflow", RunWordKind.WORKFLOW), ("agent", RunWordKind.AGENT)):
            known = {text: number for number, text in _words(self.request, kind)}
            words[name] = (known[chosen[name]],) if chosen[name] else ()
        return Reach(
            start=start,
            end=end,
            units=visible_unit_ids(self.request.actor, P.USAGE_VIEW),
            unit=sorted(unit_subtree_ids(UUID(chosen["unit"]))) if chosen["unit"] else (),
            capability=(UUID(chosen["capability"]),) if chosen["capability"] else (),
            workflow=words["workflow"],
            agent=words["agent"],
        )

    @cached_property
    def figures(self) -> selectors.Figures:
        return selectors.figures(self.reach)

    @cached_property
    def names(self) -> Names:
        return Names()

    @cached_property
    def currency(self) -> str:
        return ledger_settings().currency

    @cached_property
    def capability(self) -> Capability | None:
        """The one capability that the page is narrowed to."""
        if len(self.reach.capability) != 1:
            return None
        return capabilities(self.request.actor).filter(id=self.reach.capability[0]).first()

    def get_queryset(self) -> QuerySet[UsageRun]:
        return selectors.runs(self.reach)

    def get_title(self) -> str:
        text = run_words.headline(self.figures, self.currency)
        return f"{self.capability.name}: {text}" if self.capability else text

    def get_lede(self) -> str:
        days = fmt.day_range(self.reach.start, self.reach.end)
        return (
            f"Runs that began {days}. A run belongs to the team and capability of its first call."
        )

    def get_actions(self) -> Sequence[Action]:
        return (
            Action(
                "Reference bands",
                org_url(self.request, "ledger:run_bands"),
                "adjustments-horizontal",
            ),
        )

    def get_empty(self) -> Empty:
        if selectors.has_runs():
            return Empty(
                "No runs in these days",
                "Choose other days, or take a filter away.",
                "Show the last 30 days",
                self.request.path,
                "route",
            )
        return Empty(
            "No runs yet",
            "Send records with a `run`: its id, agent, workflow and tool. They appear here with "
            "what they cost, where they repeat themselves and what their prompts are made of.",
            icon="route",
        )

    def get_columns(self) -> Sequence[Column]:
        zone, currency, names = ledger_settings().timezone, self.currency, self.names
        return [
            Column(
                "run",
                "Run",
                value=lambda row: row.run_id,
                link=lambda row, request: org_url(request, "ledger:run", run=row.code),
                sub=lambda row: " · ".join(
                    filter(None, (names.word(row.workflow_id), names.word(row.agent_id)))
                ),
            ),
            Column(
                "workflow", "Workflow", value=lambda r: names.word(r.workflow_id), in_table=False
            ),
            Column("agent", "Agent", value=lambda r: names.word(r.agent_id), in_table=False),
            Column(
                "capability",
                "Capability",
                value=lambda row: names.owner("capability", row.capability_id),
                sub=lambda row: names.owner("unit", row.unit_id),
            ),
            Column("unit", "Team", value=lambda r: names.owner("unit", r.unit_id), in_table=False),
            Column(
                "started",
                "Started",
                sort="started_at",
                value=lambda row: fmt.moment(row.started_at, zone),
                csv=lambda row: row.started_at.isoformat(),
                sub=lambda row: fmt.duration((row.ended_at - row.started_at).total_seconds()),
            ),
            Column(
                "seconds",
                "Seconds",
                value=lambda row: (row.ended_at - row.started_at).total_seconds(),
                in_table=False,
            ),
            Column(
                "outcome",
                "Outcome",
                value=run_words.outcome,
                csv=lambda row: row.get_outcome_display(),
            ),
            Column("calls", "Calls", sort="calls", align="num"),
            Column(
                "retries",
                "Retries",
                sort="retries",
                align="num",
                sub=lambda r: f"{r.failed_calls} failed" if r.failed_calls else "",
            ),
            Column("failed", "Failed calls", value=lambda r: r.failed_calls, in_table=False),
            Column(
                "tokens",
                "Tokens",
                sort="tokens",
                value=lambda row: fmt.tokens(row.tokens),
                csv=lambda row: row.tokens,
                align="num",
            ),
            Column("input", "Input tokens", value=lambda r: r.input_tokens, in_table=False),
            Column(
                "cached", "Cached input tokens", value=lambda r: r.cached_tokens, in_table=False
            ),
            Column("output", "Output tokens", value=lambda r: r.output_tokens, in_table=False),
            Column(
                "cost",
                "Cost",
                sort="cost_nanos",
                value=lambda row: fmt.money(_cost(row), currency, "unit"),
                csv=lambda row: None if _cost(row) is None else from_nanos(row.cost_nanos),
                csv_label=f"Cost ({currency})",
                sub=lambda r: f"{r.unpriced_calls} without a price" if r.unpriced_calls else "",
                align="num",
            ),
        ]

    def _order(self, request: HttpRequest) -> tuple[str, list[str]]:
        sort, order = super()._order(request)
        first = order[0]
        return sort, [first, "-run_key" if first.startswith("-") else "run_key"]

    def _rows(self, request: HttpRequest) -> Any:
        self.names.load(self.page.rows)
        return super()._rows(request)

    def _export(self, rows: Any) -> HttpResponseBase:
        self.names.load_words(number for number, _ in _all_words())
        return super()._export(rows)

    def extra_context(self) -> dict[str, Any]:
        if not self.figures.totals.runs:
            return {"has_figures": False}
        by: selectors.By = "workflow_id" if self.capability else "capability_id"
        if self.reach.workflow:
            by = "agent_id"
        measure = self.request.GET.get("trend", "cost")
        measure = measure if measure in run_words.TRENDS else "cost"
        worst_by: selectors.By = "agent_id" if self.reach.workflow else "workflow_id"
        found = {
            "has_figures": True,
            "trend": run_words.trend(self.reach, self.currency, self._events(), measure),
            "trends": run_words.TRENDS.items(),
            "trend_key": measure,
            "trend_label": run_words.TRENDS[measure],
            "worst": run_words.worst(self.reach, self.names, worst_by),
            "worst_param": worst_by.removesuffix("_id"),
            "groups": run_words.groups(self.reach, self.names, by),
            "group_param": by.removesuffix("_id"),
            "group_label": by.removesuffix("_id").capitalize(),
            **run_words.context(self.figures, self.currency),
        }
        if self.capability:
            bands = selectors.bands_of(self.capability.kind)
            found["bands"] = run_words.band_lines(self.figures, bands)
            found["outside"] = run_words.outside(found["bands"])
            found["kind"] = self.capability.get_kind_display()
        return found

    def _events(self) -> list[Event]:
        """Changes of the capability, or of all in sight, and the price changes of what they use.

        Of one agent, workflow or team no change is known."""
        reach, found = self.reach, list[Event]()
        if not (reach.workflow or reach.agent or reach.unit):
            wanted = set(reach.capability) or None
            found += change_marks(self.request.actor, reach.start, reach.end, wanted)
        return [*found, *prices_of(reach.start, reach.end, reach.capability, reach.units)]

    def _respond(self, request: HttpRequest, controls: Sequence[Any], sort: str) -> HttpResponse:
        """A region for htmx carries the figures with it: they follow the same filters."""
        region = (
            request.headers.get("HX-Request") == "true"
            and request.headers.get("HX-Target") == REGION
        )
        response = super()._respond(request, controls, sort)
        if region:
            context = {"title": self.get_title(), "lede": self.get_lede(), "oob": True}
            more = render(request, "ledger/_run_figures.html", {**context, **self.extra_context()})
            response.content += more.content
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response


def _cost(row: UsageRun) -> int | None:
    return None if row.unpriced_calls == row.calls else row.cost_nanos


def _all_words() -> list[tuple[int, str]]:
    return [pair for kind in RunWordKind for pair in selectors.words(kind)]
