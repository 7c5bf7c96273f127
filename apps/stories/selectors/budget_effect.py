"""Budgets around a story: what each month may cost, and what an approval takes from its parent."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.budgets.models import Budget
from apps.budgets.rules.amounts import limit_of
from apps.budgets.rules.periods import Period, periods_between
from apps.budgets.selectors.budgets import (
    active_budget_of_story,
    entries_by_budget,
    get_budget,
)
from apps.budgets.selectors.commitments import commitments_above
from apps.budgets.selectors.status import BudgetStatus, budget_statuses
from apps.common import clock
from apps.common.periods import Month, month_of
from apps.stories.models import TokenStory


def story_budget_amounts(budget_id: UUID, months: Iterable[Month]) -> dict[Month, int | None]:
    """What a story's monthly budget allows in each month it covers; None is unlimited."""
    wanted = list(months)
    budget = get_budget(budget_id)
    entries = entries_by_budget([budget_id]).get(budget_id, [])
    today = clock.today(budget.timezone)
    found: dict[Month, int | None] = {}
    for period in periods_between(budget.plan, wanted[0].start, wanted[-1].end):
        month = month_of(period.start)
        if month in wanted:
            found[month] = limit_of(entries, period, max(period.start, today)).nanos
    return found


@dataclass(frozen=True, slots=True)
class ParentEffect:
    """A budget above the story in its current period. Money in nanos."""

    budget: Budget
    period: Period
    limit: int
    committed: int
    added: int

    @property
    def after(self) -> int:
        return self.committed + self.added

    @property
    def fits(self) -> bool:
        return self.after <= self.limit

    @property
    def share_before(self) -> float:
        return self.committed / self.limit if self.limit else 1.0

    @property
    def share_after(self) -> float:
        return self.after / self.limit if self.limit else 1.0

    @property
    def width_before(self) -> str:
        """Width of a bar, in percent of the budget."""
        return f"{min(100.0, self.share_before * 100):.2f}"

    @property
    def width_after(self) -> str:
        return f"{min(100.0, max(0.0, self.share_after * 100)):.2f}"


def parent_effects(
    *,
    unit_id: UUID,
    capability_id: UUID | None,
    cap_nanos: int,
    current_cap: int | None,
    once: bool = False,
) -> list[ParentEffect]:
    """What approving a monthly cap commits of each limited budget above the story.

    ``current_cap`` is the cap already approved, which the new one replaces. A budget of several
    months is charged for those from this month to the end of its period; ``once`` for one month
    alone.
    """
    effects = []
    for status in commitments_above(unit_id=unit_id, capability_id=capability_id):
        if status.limit_nanos is None:
            continue
        months = 1 if once else _months_left(status.period, month_of(status.today))
        effects.append(
            ParentEffect(
                budget=status.budget,
                period=status.period,
                limit=status.limit_nanos,
                committed=status.committed_nanos,
                added=(cap_nanos - (current_cap or 0)) * months,
            )
        )
    return effects


def _months_left(period: Period, current: Month) -> int:
    first = max(month_of(period.start), current)
    last = month_of(period.end)
    count = (last.year - first.year) * 12 + last.month - first.month
    return max(1, count)


def story_budget(story: TokenStory) -> BudgetStatus | None:
    """How the story's budget stands this month; None before the approval and after closing."""
    budget = active_budget_of_story(story.id) if story.budget_id else None
    return budget_statuses([budget])[0] if budget else None
