"""What is asked beside the stories: a question, an exception, and what is late by now."""

import datetime as dt

from apps.access.roles import Role
from apps.approvals import services
from apps.approvals.selectors import open_request_of
from apps.asks.models import Ask
from apps.asks.services import AskInput, file_ask
from apps.budgets.models import Budget
from apps.common import clock
from apps.common.money import NANOS
from apps.stories.models import TokenStory
from apps.stories.services.band import watch_bands
from tokenops.demo.filings import GROWN
from tokenops.demo.organization import Demo


def ensure_approvals(demo: Demo) -> None:
    """Once, inside the organization's scope, after the stories are filed."""
    if Ask.objects.filter(kind="exception").exists():
        return
    waiting = TokenStory.objects.filter(status__in=["submitted", "in_review"]).order_by("number")
    first = waiting.first()
    request = open_request_of("story", first.id) if first else None
    if first is None or request is None:
        return
    services.ask_question(
        actor=demo.role(Role.CFO),
        request_id=request.id,
        text="Who measures the value, and from which day?",
    )
    today = clock.today()
    file_ask(
        actor=demo.lead_of("CLM"),
        asked=AskInput(
            kind="exception",
            rule="model",
            title="A preview model for scanned letters",
            reason="The standard model fails on handwriting. Twenty users, four weeks.",
            about="Structured claims from first notice",
            unit_id=demo.units["CLM"],
            amount_nanos=800 * NANOS,
            starts_on=today,
            ends_on=today + dt.timedelta(days=28),
        ),
    )
    story = TokenStory.objects.filter(capability__slug=GROWN).first()
    budget = Budget.objects.filter(story_id=story.id).first() if story else None
    if budget is not None:
        file_ask(
            actor=demo.lead_of("DVX"),
            asked=AskInput(
                kind="increase",
                title="Two weeks of migration",
                reason="Forty services move before the freeze; every engineer has an agent at it.",
                budget_id=budget.id,
                amount_nanos=6_000 * NANOS,
                starts_on=today,
            ),
        )
    watch_bands()
    services.run_deadlines()
