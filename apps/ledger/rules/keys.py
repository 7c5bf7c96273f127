"""Identity: what makes two deliveries the same record, and two dimension sets the same set.

All ids are hashes of content, so that workers agree without a round trip and a repeat after a
crash finds what the first try wrote.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from struct import Struct
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

NAMED_FIELDS = ("api_key", "project")
"""Display names that have an id beside them: part of the set, not of a bucket's identity."""
DIM_FIELDS = (
    "provider",
    "account",
    "api_key_id",
    "api_key",
    "project_id",
    "project",
    "user",
    "model",
    "service_tier",
    "context_window",
    "region",
    "branch",
    "repository",
    "unit",
    "capability",
    "story",
    "phase",
    "work_item",
)
DimKey = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
dims_of = attrgetter(*DIM_FIELDS)
_API_KEY_ID, _API_KEY = DIM_FIELDS.index("api_key_id"), DIM_FIELDS.index("api_key")
_PROJECT_ID, _PROJECT = DIM_FIELDS.index("project_id"), DIM_FIELDS.index("project")
_BUCKET = Struct(">qqB")
_NAMESPACE = uuid5(NAMESPACE_OID, "tokenops.ledger")


def _digest(parts: Iterable[str], *, person: bytes) -> bytes:
    """Hash of a sequence of texts; lengths are part of it, so that ('a','bc') is not ('ab','c')."""
    return blake2b(b"".join(map(_with_length, parts)), digest_size=16, person=person).digest()


@lru_cache(maxsize=20_000)
def _with_length(part: str) -> bytes:
    raw = part.encode()
    return len(raw).to_bytes(4, "big") + raw


def signed64(digest: bytes) -> int:
    """The first eight bytes as the signed integer a bigint column holds."""
    return int.from_bytes(digest[:8], "big", signed=True)


def dimension_digest(source_id: UUID, key: DimKey) -> bytes:
    """128-bit digest of a dimension set, names included."""
    dims, tags = key
    return _digest((source_id.hex, *dims, *(p for tag in tags for p in tag)), person=b"dimset")


def dimension_identity(source_id: UUID, key: DimKey) -> int:
    """64-bit identity of a set: a display name counts only where the source gives no id."""
    dims, tags = key
    values = list(dims)
    if values[_API_KEY_ID]:
        values[_API_KEY] = ""
    if values[_PROJECT_ID]:
        values[_PROJECT] = ""
    parts = (source_id.hex, *values, *(p for tag in tags for p in tag))
    return signed64(_digest(parts, person=b"identity"))


def event_keys(source_id: UUID, event_ids: Iterable[str]) -> list[bytes]:
    """Record keys of events: the source's own id."""
    base = blake2b(source_id.bytes, digest_size=16, person=b"event")
    keys = []
    for event_id in event_ids:
        h = base.copy()
        h.update(event_id.encode())
        keys.append(h.digest())
    return keys


def bucket_keys(source_id: UUID, buckets: Iterable[tuple[int, int, int]]) -> list[bytes]:
    """Record keys of buckets from (identity of the dimensions, start in microseconds, width)."""
    base = blake2b(source_id.bytes, digest_size=16, person=b"bucket")
    keys = []
    for identity, start, granularity in buckets:
        h = base.copy()
        h.update(_BUCKET.pack(identity, start, granularity))
        keys.append(h.digest())
    return keys


@lru_cache(maxsize=50_000)
def axis_key(organization_id: UUID, axis: int, value: str) -> UUID:
    """The rollup key of a textual value; the same value never shares a key across organizations."""
    return uuid5(_NAMESPACE, f"{organization_id.hex}:{axis}:{value}")


def slice_id(level: int, keys: Sequence[UUID]) -> int:
    """64-bit id of a combination of axis keys."""
    content = bytes([level]) + b"".join([key.bytes for key in keys])
    return signed64(blake2b(content, digest_size=16, person=b"slice").digest())


def run_key(source_id: UUID, run_id: str) -> int:
    """64-bit key of a run: its id is unique within its source only."""
    return signed64(_digest((source_id.hex, run_id), person=b"run"))


def run_word(kind: int, text: str) -> int:
    """64-bit id of an agent's, workflow's or tool's name; 0 for none."""
    return signed64(_digest((str(kind), text), person=b"runword")) if text else 0


def price_snapshot_id(*parts: Any) -> int:
    """64-bit id of a price as it was applied."""
    return signed64(_digest((repr(part) for part in parts), person=b"price"))
