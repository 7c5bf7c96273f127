"""Changes of entitlements and tiers."""

from apps.entitlements.services.granting import check_wanted, mint, take_back, used_since
from apps.entitlements.services.keeping import end_entitlement, lapse, remind, set_tier

__all__ = [
    "check_wanted",
    "end_entitlement",
    "lapse",
    "mint",
    "remind",
    "set_tier",
    "take_back",
    "used_since",
]
