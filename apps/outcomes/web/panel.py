"""The card on the page of a capability: what it gives for its tokens."""

from django.http import HttpRequest

from apps.outcomes.selectors.worth import DAYS, sees, worth_now
from apps.outcomes.services import may_decide
from apps.outcomes.web import words
from apps.outcomes.web.detail_page import figures
from apps.portfolio.models import Capability
from apps.portfolio.panels import Panel


def worth_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """Delivery per token, cost per outcome, the decision. None without the permission."""
    if not sees(request.actor, capability.unit_id):
        return None
    worth = worth_now(capability)
    return Panel(
        "outcomes/_capability_worth.html",
        {
            "worth": worth,
            **figures(worth),
            "decision": words.decision(worth),
            "review": words.review(worth.decision),
            "may_decide": may_decide(request.actor, worth),
            "days": DAYS,
        },
    )
