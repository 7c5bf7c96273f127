"""Reads of budgets, inside the open scope."""

from apps.budgets.selectors.budgets import (
    active_budget_of_story,
    budget_by_id,
    budgets_for,
    budgets_matching,
    entries_of,
    get_budget,
    limit_for,
)
from apps.budgets.selectors.status import BudgetStatus, budget_status, budget_statuses

__all__ = [
    "BudgetStatus",
    "active_budget_of_story",
    "budget_by_id",
    "budget_status",
    "budget_statuses",
    "budgets_for",
    "budgets_matching",
    "entries_of",
    "get_budget",
    "limit_for",
]
