"""Judged usage into the ledger's inbox."""

import gzip
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import msgspec

from apps.ledger.schema import UsageIn
from apps.ledger.services import Accepted, store_batch

_encode = msgspec.json.Encoder().encode
_SMALL = 512
"""Below this size a body is kept as it is."""


def store(source_id: UUID, usages: Sequence[UsageIn]) -> Accepted:
    """Keep usage durably until a worker folds it. The same records are kept once per source."""
    return store_json(source_id, _encode(usages), len(usages))


def store_json(
    source_id: UUID, plain: bytes, accepted: int, *, packed: bytes | None = None
) -> Accepted:
    """The same for records that are a JSON array or NDJSON already, and `packed` as gzip."""
    payload = packed
    if payload is None and len(plain) >= _SMALL:
        payload = gzip.compress(plain, compresslevel=1, mtime=0)
    return store_batch(
        source_id=source_id,
        payload=plain if payload is None else payload,
        digest=sha256(plain).hexdigest(),
        accepted=accepted,
        encoding="identity" if payload is None else "gzip",
    )
