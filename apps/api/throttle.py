"""Rate limits: calls a minute for each API key or person, counted in the cache.

Telemetry has a limit of its own: hundreds of exporters share one key, each with a body every few
seconds, and must not use up the calls of the key's other programs.
"""

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from apps.access.actors import Actor

WINDOW = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """State of one window: its limit, what is left and the seconds until it starts again."""

    limit: int
    remaining: int
    reset: int

    @property
    def exceeded(self) -> bool:
        return self.remaining < 0

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.remaining, 0)),
            "RateLimit-Reset": str(self.reset),
        }


PUSH_PREFIXES = ("/api/v1/usage/records", "/api/v1/otlp/", "/api/v1/litellm", "/api/v1/events")


def spend(actor: Actor, path: str = "") -> Allowance:
    """Count one call. The counter is one atomic increment; it dies with its window."""
    pushed = path.startswith(PUSH_PREFIXES)
    limit: int = settings.API_PUSHES_PER_MINUTE if pushed else settings.API_CALLS_PER_MINUTE
    now = int(time.time())
    window = now // WINDOW
    name = f"{'push' if pushed else 'api'}:{actor.organization_id}:{actor.kind}:{actor.id}:{window}"
    cache.add(name, 0, timeout=WINDOW * 2)
    try:
        used = cache.incr(name)
    except ValueError:
        used = 1
    return Allowance(limit, limit - used, (window + 1) * WINDOW - now)
