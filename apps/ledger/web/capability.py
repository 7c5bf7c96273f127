"""Cards on the page of a capability: its runs against their bands, and why its cost changed."""

from datetime import timedelta

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.common import clock, fmt
from apps.ledger.query import Query
from apps.ledger.query import why as explain
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Reach
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web import run_words, why
from apps.portfolio.models import Capability
from apps.portfolio.panels import Panel
from apps.tenancy.urls import org_url

DAYS = 30


def runs_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """Runs of the last 30 days. None without the permission, or where nothing ever ran."""
    if not can(request.actor, P.USAGE_VIEW, unit_id=capability.unit_id):
        return None
    settings = ledger_settings()
    today = clock.today(settings.timezone)
    reach = Reach(
        start=today - timedelta(days=DAYS - 1),
        end=today + timedelta(days=1),
        capability=(capability.id,),
    )
    found = selectors.figures(reach)
    if not found.totals.runs:
        return None
    lines = run_words.band_lines(found, selectors.bands_of(capability.kind))
    return Panel(
        "ledger/_capability_runs.html",
        {
            "headline": run_words.headline(found, settings.currency),
            "days": DAYS,
            "bands": lines,
            "outside": run_words.outside(lines),
            "url": f"{org_url(request, 'ledger:runs')}?capability={capability.id}",
            **run_words.context(found, settings.currency),
        },
    )


def why_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """Why the last 30 days cost more or less than the 30 before. None without cost in both."""
    if not can(request.actor, P.USAGE_VIEW, unit_id=capability.unit_id):
        return None
    today, days = clock.today(ledger_settings().timezone), timedelta(days=DAYS)
    query = Query(start=today - days, end=today, filters={"capability": [str(capability.id)]})
    found = explain(query, (query.start - days, query.start))
    if not found.before.rows and not found.now.rows:
        return None
    currency = ledger_settings().currency
    earlier, later = (fmt.money(n, currency) for n in (found.before_nanos, found.now_nanos))
    summary = f"{later} in {fmt.day_range(query.start, query.end)}, {earlier} in the days before"
    return Panel(
        "ledger/_why_panel.html",
        {
            "title": why.title(found.drivers.change, currency),
            "summary": summary,
            "table": why.table(found.drivers, currency, f"{summary}."),
            "unpriced": found.unpriced_tokens,
        },
    )
