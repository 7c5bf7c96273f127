"""The card of the change log on the page of a capability."""

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.ledger.changelog import rules, selectors
from apps.ledger.changelog.enums import Origin
from apps.ledger.changelog.web import words
from apps.portfolio.models import Capability
from apps.portfolio.panels import Panel
from apps.tenancy.urls import org_url

SHOWN = 6


def changes_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """The latest changes, what they did, and steps nobody has explained. Absent where there is
    nothing to show and nothing to record."""
    found = list(
        selectors.changes(request.actor)
        .filter(capability_id=capability.id, withdrawn_at=None)
        .order_by("-day", "-occurred_at", "-id")[: SHOWN + 1]
    )
    sees = can(request.actor, P.USAGE_VIEW, unit_id=capability.unit_id)
    steps = selectors.steps_of(capability.id) if sees else []
    may_record = can(request.actor, P.CHANGE_RECORD, unit_id=capability.unit_id)
    if not found and not steps and not may_record:
        return None
    effects = selectors.effects(found[:SHOWN]) if sees else {}
    opens = can(request.actor, P.SOURCE_VIEW)
    return Panel(
        "changelog/_panel.html",
        {
            "rows": [
                {
                    "row": row,
                    "words": rules.change_words(row.kind, row.title),
                    "effect": words.headline(effects.get(row.id)) if sees else "",
                    "seen": row.origin == Origin.LEDGER,
                }
                for row in found[:SHOWN]
            ],
            "more": len(found) > SHOWN,
            "steps": [
                {
                    "title": step.title.removeprefix(f"{capability.name}: "),
                    "detail": step.detail,
                    "url": org_url(request, "quality:detail", quality_alert_id=step.id)
                    if opens
                    else "",
                }
                for step in steps
            ],
            "all_url": f"{org_url(request, 'changelog:list')}?capability={capability.id}",
            "record_url": f"{org_url(request, 'changelog:new')}?capability={capability.id}"
            if may_record
            else "",
        },
    )
