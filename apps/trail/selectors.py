"""Reading and verifying evidence."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.tenancy.scope import require_organization_id
from apps.trail import rules
from apps.trail.models import TrailBlock, TrailEvent


def events_of_object(object_type: str, object_id: UUID) -> QuerySet[TrailEvent]:
    """What happened to one object, newest first."""
    return TrailEvent.objects.filter(object_type=object_type, object_id=object_id).order_by("-id")


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Events of whole transactions, in id order, and the first transaction after them."""

    events: list[dict[str, Any]]
    xid_to: int


def events_of_transactions(start: int, horizon: int, *, limit: int) -> EventGroup | None:
    """Events with start <= xid < horizon, cut after a whole transaction near `limit` events."""
    organization_id = require_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(x) FROM (SELECT xid::text::bigint AS x FROM trail_trailevent "
            "WHERE organization_id = %s AND xid >= %s::text::xid8 AND xid < %s::text::xid8 "
            "ORDER BY xid, id LIMIT %s) q",
            [organization_id, start, horizon, limit],
        )
        last = cursor.fetchone()[0]
    if last is None:
        return None
    return EventGroup(_events(start, last + 1), last + 1)


def _events(start: int, stop: int) -> list[dict[str, Any]]:
    queryset = TrailEvent.objects.extra(
        where=["xid >= %s::text::xid8 AND xid < %s::text::xid8"], params=[start, stop]
    )
    return list(queryset.order_by("id").values(*rules.FIELDS))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification: how much holds, and the first thing that does not."""

    blocks: int
    events: int
    unsealed: int
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


def verify() -> Verdict:
    """Recompute the whole chain of the organization from the stored events."""
    previous, number, events, start = rules.GENESIS, 0, 0, 0
    for block in TrailBlock.objects.order_by("number").iterator():
        number += 1
        stored = _events(start, block.xid_to)
        problem = _problem(block, number, start, previous, stored)
        if problem:
            return Verdict(number - 1, events, 0, problem)
        previous, start = block.hash, block.xid_to
        events += len(stored)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM trail_trailevent "
            "WHERE organization_id = %s AND xid >= %s::text::xid8",
            [require_organization_id(), start],
        )
        unsealed = cursor.fetchone()[0]
    return Verdict(number, events, unsealed)


def _problem(
    block: TrailBlock, number: int, start: int, previous: str, events: list[dict[str, Any]]
) -> str:
    if block.number != number or block.xid_from != start:
        return f"block {number} is missing"
    if block.previous_hash != previous:
        return f"block {number} does not continue block {number - 1}"
    if block.events != len(events):
        return f"block {number} sealed {block.events} events, {len(events)} are stored"
    if block.hash != rules.block_hash(previous, number, events):
        return f"an event of block {number} was changed"
    return ""
