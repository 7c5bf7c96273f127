"""`/o/<organization>/`: what needs me, are we on plan, what changed."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.services import can_anywhere, visible_unit_ids
from apps.access.web import requires
from apps.budgets.enums import Health
from apps.common import clock, fmt
from apps.ledger.query import Coverage
from apps.portal.nav import link_to
from apps.portal.rules.windows import DEFAULT_PERIOD
from apps.portal.selectors import home as reads
from apps.portal.selectors.inform import Line, Overview, overview
from apps.portal.selectors.setup import may, setup_steps
from apps.portal.selectors.slices import Slice
from apps.portal.selectors.waiting import Waiting, waiting
from apps.portal.web import inform_charts, inform_text
from apps.stories.web.list_page import status_chip

MOVERS = 5
LINKS = ("portal:inform", "budgets:list", "stories:list", "approvals:list", "audits:list")
LINES = {"unit": "teams", "capability": "capabilities"}
"""The axes of lines with their days, by the block that shows them."""
HEALTH_TONES = {Health.EXHAUSTED: "bad", Health.RUNS_OUT: "bad", Health.ON_COURSE: "ok"}


@requires(P.ORG_VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """The home page of the person's roles."""
    actor = request.actor
    currency = request.organization.currency
    view = _figures(request)
    coverage = view.coverage if view else Coverage(None, [])
    todo = waiting(
        request,
        clock.today(request.organization.timezone),
        coverage,
        _unattributed(view),
        currency,
    )
    budgets = reads.budgets(actor)
    context: dict[str, Any] = {
        "title": headline(view, todo, budgets),
        "crumb": "Home",
        "view": view,
        "todo": todo,
        "budgets": _budget_rows(budgets),
        "budget_total": budgets,
        "main_block": reads.main_block(actor),
        "currency": currency,
        "coverage_sources": coverage.sources,
        "whole": visible_unit_ids(actor, P.USAGE_VIEW) is None,
        "links": {
            name.replace(":", "_"): link_to(request, name)
            for name in (
                "portal:inform",
                "budgets:list",
                "stories:list",
                "approvals:list",
                "audits:list",
                "stories:returns",
            )
        },
    }
    if context["main_block"] == "budgets":
        context["returns"], context["returns_count"] = reads.returns_in_doubt(
            actor, clock.today(request.organization.timezone)
        )
    if context["main_block"] == "stories":
        context["stories"] = [(story, status_chip(story)) for story in reads.own_stories(actor)]
    context["first_block"] = reads.first_block(actor)
    if context["first_block"] == "audits":
        context["audits"] = reads.newest_audits(actor)
    if context["first_block"] == "tiers":
        context["tiers"] = reads.tier_lines(actor)
    if view and view.has_use:
        context["chart"] = inform_charts.bars(view, "kind", inform_charts.MEASURES["cost"])
        context["movers"] = _movers(view)
        context["token_kinds"] = inform_charts.token_kinds(view)
        context["unattributed"] = _unattributed(view)
    context["setup"] = _setup(request, view, coverage, budgets)
    return render(request, "portal/home.html", context)


def _figures(request: HttpRequest) -> Overview | None:
    """Month to date in the actor's reach; None without the permission."""
    if not can_anywhere(request.actor, P.USAGE_VIEW):
        return None
    shown = [axis for axis, block in LINES.items() if block == reads.main_block(request.actor)]
    reach = Slice(visible_unit_ids(request.actor, P.USAGE_VIEW))
    return overview(reach, DEFAULT_PERIOD, sparks=shown)


def headline(view: Overview | None, todo: Waiting, budgets: reads.Budgets | None) -> str:
    """Where the money stands, then what waits."""
    parts = []
    if budgets and budgets.in_trouble:
        total = fmt.plural(budgets.count, "budget")
        verb = "runs" if budgets.in_trouble == 1 else "run"
        parts.append(f"{budgets.in_trouble} of {total} {verb} out early")
    elif view and view.has_use:
        parts.append(inform_text.headline(view, DEFAULT_PERIOD))
    if todo.decisions:
        verb = "waits" if todo.decisions == 1 else "wait"
        parts.append(f"{fmt.plural(todo.decisions, 'decision')} {verb} for you")
    elif todo.findings:
        verb = "waits" if todo.findings == 1 else "wait"
        parts.append(f"{fmt.plural(todo.findings, 'finding')} {verb} for your answer")
    if not parts:
        return "Nothing waits for you" if view and view.has_use else "Welcome to TokenOps"
    text = ", and ".join(parts)
    return text[0].upper() + text[1:]


def _unattributed(view: Overview | None) -> int:
    if view is None:
        return 0
    return sum(line.cost_nanos or 0 for line in view.units if line.key is None)


def _movers(view: Overview) -> Sequence[Line]:
    """Teams and capabilities whose cost moved most, against the days before."""
    moved = [line for line in view.capabilities if line.key and line.difference]
    return sorted(moved, key=lambda line: -abs(line.difference or 0))[:MOVERS]


def _budget_rows(budgets: reads.Budgets | None) -> list[dict[str, Any]]:
    """Each budget as the table shows it, in its own limiting measure."""
    rows = []
    for status in budgets.shown if budgets else ():
        main, is_money = status.main, status.measure == "money"

        def text(
            value: int | None, *, money: bool = is_money, code: str = status.budget.currency
        ) -> str:
            return fmt.money(value, code) if money else fmt.tokens(value)

        rows.append(
            {
                "id": status.id,
                "name": status.budget.name,
                "period": status.period,
                "used": text(main.used),
                "limit": text(main.limit),
                "bullet": (main.used, main.limit, main.forecast_end) if main.limit else None,
                "label": f"{fmt.pct(main.share)} used",
                "forecast": text(main.forecast_end) if main.forecast_end is not None else "",
                "reason": main.forecast_reason,
                "runs_out": main.run_out_on,
                "health": Health(main.health).label,
                "tone": HEALTH_TONES.get(main.health, ""),
            }
        )
    return rows


def _setup(
    request: HttpRequest,
    view: Overview | None,
    coverage: Coverage,
    budgets: reads.Budgets | None,
) -> list[dict[str, Any]]:
    """The steps of getting started, each with its address for those who may do it."""
    steps = setup_steps(
        request.actor, view=view, coverage=coverage, has_budget=bool(budgets and budgets.count)
    )
    following = next((step for step in steps if not step.done), None)
    return [
        {
            "step": step,
            "url": link_to(request, step.url_name) if may(request.actor, step) else "",
            "now": step is following,
        }
        for step in steps
    ]
