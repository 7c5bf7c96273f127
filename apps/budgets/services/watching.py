"""One look at every budget: does it burn, and which thresholds has it reached?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.budgets.enums import BudgetStatus as State
from apps.budgets.enums import BurnState, BurnWindow
from apps.budgets.models import Budget, BudgetBurn
from apps.budgets.rules.periods import Period, previous_period
from apps.budgets.selectors import burns
from apps.budgets.selectors.status import BudgetStatus, budget_statuses
from apps.budgets.selectors.thresholds import known_crossings, thresholds_of
from apps.budgets.services import burning, crossings

SETTLING = timedelta(days=5)
"""How long after a period its last usage may still come in and reach a threshold."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look did: burn alerts raised, budgets that burn, alerts eased, thresholds told."""

    raised: int = 0
    burning: int = 0
    eased: int = 0
    crossed: int = 0


def watch() -> Watched:
    """Look at every active budget in the open scope. A fixed number of queries for any number of
    budgets; budgets are taken in one order, so that two looks at once wait for each other and tell
    nobody twice."""
    active = Budget.objects.filter(status=State.ACTIVE).order_by("id")
    budgets = list(active.select_related("owner_membership", "unit", "capability"))
    statuses = budget_statuses(budgets)
    raised, burn, eased = _look_at_burns(statuses)
    return Watched(raised, burn, eased, _look_at_thresholds(budgets, statuses))


def _look_at_burns(statuses: Sequence[BudgetStatus]) -> tuple[int, int, int]:
    live = {status.id: status for status in statuses}
    known: dict[object, dict[BurnWindow, BudgetBurn]] = defaultdict(dict)
    over = []
    for row in burns.to_look_at(status.period.start for status in statuses):
        status = live.get(row.budget_id)
        if status is not None and row.period_start == status.period.start:
            known[row.budget_id][BurnWindow(row.window)] = row
        elif row.state == BurnState.BURNING:
            over.append(row)
    sums = [0, 0, 0]
    for status in statuses:
        for index, count in enumerate(burning.look(status, known[status.id])):
            sums[index] += count
    return sums[0], sums[1], sums[2] + sum(burning.ease(row) for row in over)


def _look_at_thresholds(budgets: Sequence[Budget], statuses: Sequence[BudgetStatus]) -> int:
    wanted = thresholds_of(budgets)
    looked = sorted([*_ended(statuses), *statuses], key=lambda s: (s.id, s.period.start))
    starts = {status.period.start for status in looked}
    rows = known_crossings(budget.id for budget in budgets).filter(period_start__in=starts)
    known = {crossings.key_of(row): row for row in rows}
    return sum(crossings.look(status, wanted.get(status.id, ()), known) for status in looked)


def _ended(statuses: Sequence[BudgetStatus]) -> list[BudgetStatus]:
    """Budgets whose last period ended a few days ago, in that period: one reading of the ledger for
    each such range of days."""
    ended: dict[Period, list[Budget]] = defaultdict(list)
    for status in statuses:
        if status.period.start <= status.today < status.period.start + SETTLING:
            before = previous_period(status.budget.plan, status.period)
            if before is not None:
                ended[before].append(status.budget)
    return [
        status
        for period in sorted(ended)
        for status in budget_statuses(ended[period], period=period)
    ]
