"""Which automatic approvals somebody looks at: decided by the request's own id.

The same request always gets the same answer, nobody can choose which are looked at, and over many
requests the share is the one that was set.
"""

from hashlib import sha256
from uuid import UUID


def is_sampled(request_id: UUID, percent: int) -> bool:
    """True for `percent` of all ids; 0 samples none, 100 all."""
    return int.from_bytes(sha256(request_id.bytes).digest()[:4], "big") * 100 < percent << 32
