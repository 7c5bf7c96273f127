"""Changes of budgets: one module per use case."""

from apps.budgets.services.amending import (
    change_budget,
    close_budget,
    grant_budget,
    move_budget,
    revise_budget,
)
from apps.budgets.services.burning import take_burn
from apps.budgets.services.opening import create_budget, open_budget
from apps.budgets.services.thresholds import set_threshold_default
from apps.budgets.services.undoing import approval_in_use, undo_approval
from apps.budgets.services.watching import Watched, watch

__all__ = [
    "Watched",
    "approval_in_use",
    "change_budget",
    "close_budget",
    "create_budget",
    "grant_budget",
    "move_budget",
    "open_budget",
    "revise_budget",
    "set_threshold_default",
    "take_burn",
    "undo_approval",
    "watch",
]
