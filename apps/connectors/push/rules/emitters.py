"""Who tells a call, as keys that events, spans and counters of the same emitter share.

A claim says: in this hour, this emitter is counted by this signal. Keys are hashes, so that neither
names nor ids of sessions lie in the claims. A coding agent's signals share the session's id; where
a counter leaves it out, the service's key stands in, and better signals claim both.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from apps.connectors.push.rules.calls import Key

HOUR = 3_600_000_000_000
MAX_HOURS = 48
"""A claim reaches at most this many hours; longer spans are claimed at their last hours."""
INSTANCE = (
    "service.namespace",
    "service.name",
    "service.instance.id",
    "deployment.environment.name",
    "deployment.environment",
    "k8s.pod.uid",
    "k8s.pod.name",
    "container.id",
    "host.name",
    "process.pid",
)
"""What tells one running copy of a service from another, where an SDK sets it on all signals."""


@lru_cache(maxsize=4096)
def key_of(*parts: str) -> Key:
    """A hash of some texts; lengths are part of it."""
    digest = blake2b(digest_size=16, person=b"push.key")
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(4, "big"))
        digest.update(raw)
    return digest.digest()


def span_key(trace_id: str, span_id: str) -> Key:
    """The key of a span: the random half of its trace id, and its own id. Both are hex."""
    return bytes.fromhex(trace_id[16:] + span_id)


def instance_key(resource: Mapping[str, Any]) -> str:
    """What identifies a running service, as text to build keys from."""
    return "\x1f".join(f"{name}={resource[name]}" for name in INSTANCE if name in resource)


def service_key(service: str, labels: Mapping[str, str]) -> str:
    """What all signals of a coding agent on one machine share when nothing names the session."""
    return "\x1f".join((service, *(f"{k}={v}" for k, v in sorted(labels.items()))))


def hours(first: int, last: int) -> range:
    """The hours since 1970 that [first, last] touches, at most MAX_HOURS up to the last one."""
    end = last // HOUR
    return range(max(min(first, last) // HOUR, end - MAX_HOURS + 1), end + 1)


def locks(keys: Iterable[Key]) -> list[int]:
    """Advisory lock numbers of keys, sorted: two workers take them in the same order."""
    return sorted({int.from_bytes(key[:8], "big", signed=True) for key in keys})
