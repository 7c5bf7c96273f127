"""What seats write in the trail."""

from apps.trail.registry import register

PLAN_ADDED = register("seat_plan.added", "Seat plan added")
PLAN_CHANGED = register("seat_plan.changed", "Seat plan changed")
SEATS_CHANGED = register("seat_plan.seats_changed", "Seats changed")
