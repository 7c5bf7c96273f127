"""Identifiers: time-ordered UUIDs (RFC 9562, version 7)."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_counter = 0


def uuid7() -> UUID:
    """A version 7 UUID: milliseconds since 1970, then 12 counter bits, then 62 random bits.

    Ids of one process sort in the order they were made, also inside one millisecond.
    """
    global _last_ms, _counter  # noqa: PLW0603 -- one monotonic clock per process
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_ms:
            _last_ms, _counter = now, 0
        else:
            _counter += 1
            if _counter > 0xFFF:
                _last_ms, _counter = _last_ms + 1, 0
        millis, count = _last_ms, _counter
    rand = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(millis & ((1 << 48) - 1)) << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | rand)
