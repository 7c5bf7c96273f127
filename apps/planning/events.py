"""What planning writes in the trail."""

from apps.trail.registry import register

CYCLE_OPENED = register("planning_cycle.opened", "Planning cycle opened")
ROUND_STARTED = register("planning_cycle.round_started", "Planning round started")
CYCLE_LOCKED = register("planning_cycle.locked", "Planning cycle locked")
ENVELOPE_ADDED = register("envelope.added", "Team added to a planning cycle")
ENVELOPE_REQUESTED = register("envelope.requested", "Envelope requested")
ENVELOPE_ALLOCATED = register("envelope.allocated", "Envelope allocated")
