"""The card of a capability: its tier and why, what comes with it, what was granted besides."""

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.common import clock, fmt
from apps.entitlements import rules
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.context import context_line
from apps.entitlements.selectors.held import held_on
from apps.entitlements.selectors.tiers import tier_book
from apps.entitlements.web import words
from apps.portfolio.models import Capability
from apps.portfolio.panels import Panel
from apps.portfolio.tiers import entitles_words


def entitlement_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """None for a retired one."""
    if capability.is_retired:
        return None
    book = tier_book([capability.id])
    applied = book.of_capability(capability)
    today = clock.today()
    units = book.path(capability.unit_id)
    mine = [one for one in held_on(today) if one.is_held_by(capability.id, units)]
    limit, _ = rules.context_limit(applied.rule, mine)
    rows = Entitlement.objects.select_related("unit", "capability").filter(
        id__in=[one.id for one in mine]
    )
    sees = can(request.actor, P.USAGE_VIEW, unit_id=capability.unit_id)
    line = context_line(capability) if sees else None
    names = words.unit_names([applied.of] if applied.of else [])
    return Panel(
        "entitlements/_capability.html",
        {
            "tier": applied.tier.label,
            "why": words.why_words(applied, names),
            "gives": entitles_words(applied.rule),
            "limit": fmt.tokens(limit) if limit else "Any",
            "line": line,
            "over": line is not None and line.state == "over",
            "rows": [
                {"row": row, "to": words.to_what(row), "state": words.state_of(row, today)}
                for row in rows.order_by("ends_on", "number")
            ],
            "ask_url": words.ask_url(request, capability=str(capability.id))
            if request.actor.membership_id
            else "",
        },
    )
