"""What the trail writes about itself."""

from apps.trail.registry import register

TRAIL_VERIFIED = register("trail.verified", "Trail verified")
