"""The journey of one story: who takes part, what they type, and what must come out of it.

The plain walk (tests/web/stories) and the browser (tests/browser) tell the same story: filed in
July, approved with a lower cap, live in August, and out of its band by the first of September.
"""

from datetime import UTC, datetime
from decimal import Decimal

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import open_request_of
from apps.organizations.services import bind_role
from apps.stories.models import TokenStory
from tests.factories.approvals import set_route
from tests.factories.stories import make_prices
from tests.world import OrganizationWorld

FILED = datetime(2031, 7, 14, 9, tzinfo=UTC)
"""A Monday, later than any clock of a database: keys made then have not expired there."""
AFTER = datetime(2031, 9, 1, 6, tzinfo=UTC)
"""The first morning after the first whole month."""
TITLE = "Claims triage copilot"

FIRST = {
    "title": TITLE,
    "starts_on": "2031-07",
    "live_on": "2031-08",
    "volume_basis": "interactions",
    "unit_noun": "claim",
    "horizon": "12",
    "production.interactions.likely": "14,000",
    "production.calls.likely": "9",
    "production.parts.system_prompt.likely": "4K",
    "production.parts.context.likely": "5,200",
    "production.parts.output.likely": "640",
    "production.cache_hit.likely": "10",
    "production.retry.likely": "6",
    "mix.0.model": "atlas/medium",
    "dev_basis": "none",
    "value_metric": "Handling time",
    "value_unit": "minutes",
    "value_change": "-4.5",
    "value_per": "interaction",
    "value_adoption": "70",
    "value_money": "0.70",
    "value_why": "Six adjusters triaged 412 claims with the prototype.",
    "cap": "6,000",
}
"""What the team types first: nine calls a claim, and little caching."""

SECOND = {
    "production.calls.likely": "6",
    "production.cache_hit.likely": "35",
    "cap": "4,000",
}
"""What it types after the architect's note."""

CHANGES = "Nine calls a claim are three too many. Cache the system prompt."
CONDITION = "Report minutes saved by 30 September"
LOWER = "3250.50"
LOWER_NANOS = 3_250_500_000_000
USED = Decimal(9_000)
"""What August cost: 600 million output tokens at $15 a million."""

STEPS = (
    {"name": "Architecture", "roles": ["ea"], "due_working_days": 2},
    {"name": "TokenOps", "roles": ["tokenops_lead"], "due_working_days": 2},
    {"name": "Finance", "roles": ["cfo"], "due_working_days": 3},
)


def build_journey(org: OrganizationWorld) -> None:
    """Prices, the route, and five people; the one who files is an architect as well, so that only
    the separation of duties keeps them from approving their own story.
    """
    author = org.person(Role.MEMBER)
    for role in (Role.EA, Role.TOKENOPS_LEAD, Role.CFO, Role.AUDITOR):
        org.person(role)
    with org.scope():
        make_prices()
        set_route(*STEPS)
        bind_role(
            actor=system_actor("tests"),
            membership_id=author.membership.id,
            role=Role.EA,
        )


def records(ref: str) -> list[dict[str, object]]:
    """A day of August as the team's gateway pushes it."""
    return [
        {
            "event_id": f"call-{n}",
            "occurred_at": "2031-08-18T10:00:00Z",
            "provider": "atlas",
            "model": "medium",
            "requests": 250_000,
            "input_uncached": 0,
            "output": 150_000_000,
            "story": ref,
            "phase": "production",
        }
        for n in range(4)
    ]


def story_of(org: OrganizationWorld) -> TokenStory:
    with org.scope():
        return TokenStory.objects.get()


def request_of(org: OrganizationWorld, subject: str = "story") -> ApprovalRequest | None:
    """The open request about the story, or about a month of it."""
    with org.scope():
        return open_request_of(subject, TokenStory.objects.get().id)
