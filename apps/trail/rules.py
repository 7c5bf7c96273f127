"""The hash chain, pure: canonical bytes of an event, the hash of a block."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

GENESIS = "0" * 64

FIELDS = (
    "id",
    "organization_id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
    "reason",
    "request_id",
    "ip",
)


def canonical(event: Mapping[str, Any]) -> bytes:
    """One event as JSON with sorted keys and no spaces; instants in ISO 8601, ids as text."""
    values = {name: event[name] for name in FIELDS}
    return json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text
    ).encode()


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def block_hash(previous: str, number: int, events: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the previous hash, the block's number and each event's own SHA-256."""
    digest = hashlib.sha256(f"{previous}:{number}".encode())
    for event in events:
        digest.update(hashlib.sha256(canonical(event)).digest())
    return digest.hexdigest()
