"""Reads of planning, inside the open scope."""

from apps.planning.selectors.cycles import (
    cycle_by_id,
    cycles,
    envelope_by_id,
    round_by_number,
    rounds_of,
)

__all__ = ["cycle_by_id", "cycles", "envelope_by_id", "round_by_number", "rounds_of"]
