"""Reads of budgets, inside the open scope. How one stands: `selectors.status`."""

from apps.budgets.selectors.budgets import (
    active_budget_of_story,
    budget_by_id,
    budgets_for,
    entries_of,
    get_budget,
    limit_for,
)

__all__ = [
    "active_budget_of_story",
    "budget_by_id",
    "budgets_for",
    "entries_of",
    "get_budget",
    "limit_for",
]
