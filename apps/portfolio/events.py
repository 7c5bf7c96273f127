"""What the portfolio writes in the trail."""

from apps.trail.registry import register

CAPABILITY_ADDED = register("capability.added", "Capability added")
CAPABILITY_CHANGED = register("capability.changed", "Capability changed")
CAPABILITY_RETIRED = register("capability.retired", "Capability retired")
CAPABILITY_RESTORED = register("capability.restored", "Capability brought back")
TIERS_CHANGED = register("tiers.changed", "Consumption tiers changed")
