"""Signals as the decoders hand them on: the same shape from protobuf and from JSON."""

from dataclasses import dataclass, field
from typing import Any

from apps.connectors.push.rules.calls import Origin


@dataclass(slots=True)
class Resource:
    """Attributes of one resource (scalars only), and what was made of them once."""

    attributes: dict[str, Any]
    service: str = ""
    instance: str = ""
    origin: Origin = field(default_factory=Origin)


@dataclass(slots=True)
class ToldSpan:
    """A span with the attributes that are read. Ids are lower-case hex, times nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    start: int
    end: int
    attributes: dict[str, Any]


@dataclass(slots=True)
class ToldEvent:
    """A log record with the attributes that are read; its body never arrives here."""

    name: str
    trace_id: str
    span_id: str
    time: int
    attributes: dict[str, Any]


@dataclass(slots=True)
class ToldPoint:
    """One data point of a token counter. `value` is a sum, `count` the calls in it where known.

    `identity` is a hash of all attributes, also of those that are not read: what tells one series
    of the counter from another.
    """

    metric: str
    cumulative: bool
    start: int
    time: int
    value: Any
    count: int | str | None
    identity: bytes
    attributes: dict[str, Any]
