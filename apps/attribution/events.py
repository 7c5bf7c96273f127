"""What the trail and other apps learn about attribution."""

from apps.trail.registry import register

RULE_ADDED = register("attribution.rule_added", "Attribution rule added")
RULE_CHANGED = register("attribution.rule_changed", "Attribution rule changed")
RULE_RETIRED = register("attribution.rule_retired", "Attribution rule retired")
RULES_REORDERED = register("attribution.rules_reordered", "Attribution rules put in another order")

ATTRIBUTION_CHANGED = "attribution.changed"
"""Outbox topic: rules changed; payload {"version": n}. The ledger re-attributes open periods."""
