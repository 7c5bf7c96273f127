"""Card on the page of a capability: its runs, against the bands of its kind."""

from datetime import timedelta

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.common import clock
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Reach
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web import run_words
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
