"""Trouble on schedule: which of the requests to one API fail, and how.

The counter is per API and counts requests that passed authentication, so a client that retries
always gets through, and two runs of the same client see the same trouble.
"""

from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every nth request is refused; 0 switches a kind off. Retry-After is in seconds."""

    limited_every: int = 61
    broken_every: int = 97
    retry_after: int = 1


class Faults:
    """Counts requests and says which one fails."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def next_status(self, api: str) -> int:
        """200, 429 or 500 for the next request to this API."""
        with self._lock:
            count = self._counts[api] = self._counts.get(api, 0) + 1
        if self.schedule.limited_every and count % self.schedule.limited_every == 0:
            return 429
        if self.schedule.broken_every and count % self.schedule.broken_every == 0:
            return 500
        return 200
