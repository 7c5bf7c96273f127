"""A decoded body: what was told, by resource, in one shape for both encodings."""

from dataclasses import dataclass, field
from typing import Any

from apps.connectors.push.rules.emitters import instance_key
from apps.connectors.push.rules.origin import origin_of
from apps.connectors.push.rules.told import Resource, ToldEvent, ToldPoint, ToldSpan


class Undecodable(ValueError):
    """The body is not a message of its signal. The message says where, never what."""


@dataclass(slots=True)
class Body:
    """Spans, events and points by resource.

    `others` counts metrics that are no token counter, `too_large` items over the limit. `parents`
    maps the key of every span to its parent's.
    """

    spans: list[tuple[Resource, list[ToldSpan]]] = field(default_factory=list)
    events: list[tuple[Resource, list[ToldEvent]]] = field(default_factory=list)
    points: list[tuple[Resource, list[ToldPoint]]] = field(default_factory=list)
    others: int = 0
    too_large: int = 0
    parents: dict[bytes, bytes] = field(default_factory=dict)


def resource_of(attributes: dict[str, Any]) -> Resource:
    """A resource with what is made of it once."""
    return Resource(
        attributes=attributes,
        service=str(attributes.get("service.name", ""))[:120],
        instance=instance_key(attributes),
        origin=origin_of(attributes),
    )
