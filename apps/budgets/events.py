"""What budgets write in the trail, and the topics they announce."""

from apps.trail.registry import register

BUDGET_OPENED = register("budget.opened", "Budget opened")
BUDGET_REVISED = register("budget.revised", "Budget revised")
BUDGET_GRANTED = register("budget.granted", "Budget raised for one period")
BUDGET_MOVED = register("budget.moved", "Budget moved")
BUDGET_CHANGED = register("budget.changed", "Budget details changed")
BUDGET_CLOSED = register("budget.closed", "Budget closed")

TOPIC_CHANGED = "budget.changed"
"""Outbox: an amount changed or a budget closed. Payload: budget_id, entry_id (may be empty)."""

BURN_RAISED = register("budget.burn_raised", "Budget burns fast")
BURN_EASED = register("budget.burn_eased", "Budget burns no longer")
BURN_TAKEN = register("budget.burn_taken", "Burning budget taken on")

THRESHOLD_CROSSED = register("budget.threshold_crossed", "Budget threshold reached")
THRESHOLDS_SET = register("budget.thresholds_set", "Thresholds of budgets changed")

TOPIC_CROSSED = "budget.crossed"
"""Outbox: a budget told a threshold. Payload: budget_id, crossing_id, basis, percent, raised."""
