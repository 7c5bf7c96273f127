"""When to try again: pure, so that the policy is a table of tests."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
MAX_ATTEMPTS = 6
FIRST_DELAY = 0.5
LONGEST_DELAY = 20.0
LONGEST_WAIT = 60.0
"""A provider that asks for more than this ends the run; the next one starts after that time."""


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date. None when absent or nonsense."""
    if not value:
        return None
    text = value.strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def delay(attempt: int, jitter: float, retry_after: float | None = None) -> float:
    """Seconds before try number `attempt` + 1 (attempts count from 1).

    The provider's own wait wins, with a little added so that many clients do not return at once;
    else doubling from half a second, of which a random half (`jitter` in [0, 1)) is taken off.
    """
    if retry_after is not None:
        return retry_after + 0.25 * jitter
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1)) * (1 - 0.5 * jitter))
