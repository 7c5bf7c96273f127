"""Changes of planning cycles and envelopes."""

from apps.planning.services.cycles import lock_cycle, locked, open_cycle, start_round
from apps.planning.services.envelopes import (
    add_envelope,
    allocate_envelope,
    open_envelope_budget,
    request_envelope,
)
from apps.planning.services.telling import remind_closing

__all__ = [
    "add_envelope",
    "allocate_envelope",
    "lock_cycle",
    "locked",
    "open_cycle",
    "open_envelope_budget",
    "remind_closing",
    "request_envelope",
    "start_round",
]
