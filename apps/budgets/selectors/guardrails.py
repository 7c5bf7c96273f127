"""Whether somebody would notice when a capability uses more than was agreed."""

from datetime import date
from uuid import UUID

from apps.budgets.enums import BudgetStatus, Scope
from apps.budgets.models import Budget
from apps.budgets.rules.amounts import limit_of
from apps.budgets.rules.periods import period_on
from apps.budgets.selectors.budgets import entries_by_budget
from apps.budgets.selectors.thresholds import thresholds_of


def lacking_guardrail(capability_id: UUID, on: date) -> str:
    """Why no budget guards the capability from `on`; empty when one does.

    A guard is an active budget of the capability, or of one of its stories, with a limit,
    thresholds at which it speaks up, and somebody who answers: its owner or the capability's.
    A team's budget does not count: it hides one capability among others.
    """
    budgets = list(
        Budget.objects.select_related("capability")
        .filter(
            capability_id=capability_id,
            scope__in=[Scope.CAPABILITY, Scope.STORY],
            status=BudgetStatus.ACTIVE,
        )
        .order_by("starts_on", "id")
    )
    budgets = [b for b in budgets if b.ends_on is None or b.ends_on > on]
    if not budgets:
        return "it has no budget of its own"
    ids = [budget.id for budget in budgets]
    entries, thresholds = entries_by_budget(ids), thresholds_of(budgets)
    first = ""
    for budget in budgets:
        day = max(on, budget.starts_on)
        period = period_on(budget.plan, day)
        limit = limit_of(entries.get(budget.id, []), period, day) if period else None
        if limit is None or (limit.nanos is None and limit.tokens is None):
            lacks = "has no limit"
        elif budget.id not in thresholds:
            lacks = "has no thresholds"
        elif not (
            budget.owner_membership_id
            or (budget.capability and budget.capability.owner_membership_id)
        ):
            lacks = "has nobody who answers for it"
        else:
            return ""
        first = first or f"its budget “{budget.name}” {lacks}"
    return first
