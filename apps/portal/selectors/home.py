"""What the home page shows, by what the person may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, Q, Sum, When

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can_anywhere
from apps.audits.enums import AuditStatus
from apps.audits.models import Audit
from apps.audits.selectors import audits
from apps.budgets.enums import BudgetStatus as Life
from apps.budgets.enums import Health
from apps.budgets.selectors.budgets import budgets_for
from apps.budgets.selectors.status import BudgetStatus, budget_statuses
from apps.portfolio.enums import Tier
from apps.stories.enums import StoryStatus
from apps.stories.models import TokenStory
from apps.stories.selectors.returns import Doubt, doubts, in_doubt, policy
from apps.stories.selectors.stories import stories

MOST_BUDGETS = 40
SHOWN = 6
_TROUBLE = {Health.EXHAUSTED: 0, Health.RUNS_OUT: 1}

#: The block a role reads first; the first of a person's roles that is named here decides.
MAIN_BLOCK: tuple[tuple[Role, str], ...] = (
    (Role.CFO, "budgets"),
    (Role.CIO, "teams"),
    (Role.OWNER, "teams"),
    (Role.CTO, "capabilities"),
    (Role.CDO, "capabilities"),
    (Role.EA, "capabilities"),
    (Role.TOKENOPS_LEAD, "capabilities"),
    (Role.TOKENOPS_ANALYST, "capabilities"),
    (Role.UNIT_LEAD, "stories"),
    (Role.MEMBER, "stories"),
)


FIRST_BLOCK: tuple[tuple[Role, str], ...] = (
    (Role.EA, "tiers"),
    (Role.AUDITOR, "audits"),
)


@dataclass(frozen=True, slots=True)
class Budgets:
    """Active budgets, those in trouble first."""

    shown: Sequence[BudgetStatus]
    count: int
    in_trouble: int

    @property
    def on_course(self) -> int:
        return self.count - self.in_trouble


def main_block(actor: Actor) -> str:
    """Which block stands first for the actor."""
    return next((block for role, block in MAIN_BLOCK if role in actor.roles), "teams")


def first_block(actor: Actor) -> str:
    """What stands above the chart for roles whose work the figures do not show; else empty."""
    return next((block for role, block in FIRST_BLOCK if role in actor.roles), "")


def newest_audits(actor: Actor) -> list[Audit]:
    """The newest audits with their counts of findings, unfinished ones first."""
    if not can_anywhere(actor, P.AUDIT_VIEW):
        return []
    done = Case(When(status=AuditStatus.SIGNED, then=1), default=0, output_field=IntegerField())
    return list(audits(actor).annotate(done=done).order_by("done", "-id")[:SHOWN])


@dataclass(frozen=True, slots=True)
class TierLine:
    """The stories of one consumption tier: approved ones, what they cost, and what is asked."""

    tier: Tier
    approved: int
    month_nanos: int
    in_review: int


def tier_lines(actor: Actor) -> list[TierLine]:
    """Stories by consumption tier, the heaviest first; tiers nobody uses are left out."""
    if not can_anywhere(actor, P.STORY_VIEW):
        return []
    approved = Q(approved_revision_id__isnull=False) & ~Q(status=StoryStatus.CLOSED.value)
    waiting = Q(status__in=[StoryStatus.SUBMITTED.value, StoryStatus.IN_REVIEW.value])
    rows = (
        stories(actor)
        .exclude(tier="")
        .order_by()
        .values("tier")
        .annotate(
            approved=Count("id", filter=approved),
            month=Sum("month_cost_nanos", filter=approved),
            in_review=Count("id", filter=waiting),
        )
    )
    found = [
        TierLine(Tier(r["tier"]), r["approved"], int(r["month"] or 0), r["in_review"])
        for r in rows
        if r["approved"] or r["in_review"]
    ]
    return sorted(found, key=lambda line: -list(Tier).index(line.tier))


def budgets(actor: Actor) -> Budgets | None:
    """The actor's budgets with where they stand now; None without the permission."""
    if not can_anywhere(actor, P.BUDGET_VIEW):
        return None
    active = budgets_for(actor).filter(status=Life.ACTIVE.value).order_by("name", "id")
    found = budget_statuses(active[:MOST_BUDGETS])
    found.sort(key=lambda status: (_TROUBLE.get(status.main.health, 2), -(status.main.share or 0)))
    trouble = sum(status.main.health in _TROUBLE for status in found)
    return Budgets(found[:SHOWN], len(found), trouble)


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """A story whose return is in doubt, and why."""

    ref: str
    title: str
    lifetime_nanos: int
    currency: str
    why: Sequence[Doubt]


def returns_in_doubt(actor: Actor, today: date) -> tuple[list[ReturnLine], int]:
    """The most expensive stories without a return to rely on, and how many there are."""
    if not can_anywhere(actor, P.STORY_VIEW):
        return [], 0
    rows, rule = in_doubt(actor).order_by("-lifetime_cost_likely", "-pk"), policy()
    shown = [
        ReturnLine(
            row.story.ref,
            row.story.title,
            row.lifetime_cost_likely,
            row.currency,
            list(doubts(row, rule, today)),
        )
        for row in rows[:SHOWN]
    ]
    return shown, len(shown) if len(shown) < SHOWN else rows.count()


def own_stories(actor: Actor) -> list[TokenStory]:
    """The newest stories the actor may read."""
    if not can_anywhere(actor, P.STORY_VIEW):
        return []
    return list(stories(actor).order_by("-number")[:SHOWN])
