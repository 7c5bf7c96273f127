"""Back-off of the outbox, pure."""

from datetime import timedelta

MAX_ATTEMPTS = 12
LEASE = timedelta(seconds=120)
_CAP = timedelta(hours=1)


def delay_after(attempts: int) -> timedelta:
    """Wait before the next try: 2 s, doubling, at most an hour."""
    return min(timedelta(seconds=2 ** min(attempts, 12)), _CAP)


def is_dead(attempts: int) -> bool:
    """After twelve tries (about three hours) a person must look."""
    return attempts >= MAX_ATTEMPTS
