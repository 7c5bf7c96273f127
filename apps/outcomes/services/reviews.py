"""Reminding owners of decisions whose day has come."""

from django.db import transaction

from apps.common import clock, fmt
from apps.notifications.services import notify
from apps.organizations.selectors import organization
from apps.outcomes.enums import Verdict
from apps.outcomes.models import WorthDecision
from apps.outcomes.selectors.decisions import due_reviews
from apps.tenancy.urls import org_url


@transaction.atomic
def remind_reviews() -> int:
    """Tell the owner of each decision that is due, once; how many are due. Safe to repeat."""
    home = organization()
    due = due_reviews(clock.today(home.timezone))
    for decision in due:
        _remind(decision, home.slug)
    return len(due)


def _remind(decision: WorthDecision, slug: str) -> None:
    name, verdict = decision.capability.name, Verdict(decision.verdict)
    still = " It still runs." if verdict is Verdict.RETIRE else ""
    notify(
        recipients=[decision.owner_id],
        kind="story.worth_due",
        key=f"worth_due:{decision.id}",
        title=f"Look again: {name}",
        body=(
            f"{decision.decided_by_name} decided on {fmt.long_day(decision.decided_at)}: "
            f"{verdict.label.lower()}. The review was set for {fmt.long_day(decision.review_on)}."
            f"{still}"
        ),
        path=org_url(slug, "outcomes:detail", decision.capability_id),
    )
