"""What entitlements write in the trail."""

from apps.trail.registry import register

GRANTED = register("entitlement.granted", "Entitlement granted")
TAKEN_BACK = register("entitlement.taken_back", "Entitlement taken back with its approval")
ENDED = register("entitlement.ended", "Entitlement ended early")
LAPSED = register("entitlement.lapsed", "Entitlement ended with its last day")
TIER_SET = register("entitlement.tier_set", "Tier of a team or person set")
