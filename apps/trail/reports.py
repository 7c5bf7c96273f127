"""Reading evidence for people: lists, one event with its block, the state of the seal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.common.errors import Conflict, NotFound
from apps.tenancy.scope import require_organization_id
from apps.trail import events, selectors
from apps.trail.models import TrailBlock, TrailEvent
from apps.trail.refs import ObjectRef
from apps.trail.selectors import Verdict
from apps.trail.services import EventActor, record

#: A page verifies this many events (a few seconds); more is the command's work.
VERIFY_AT_MOST = 200_000

_OBJECT_TYPES = """
    WITH RECURSIVE kind(name) AS (
      (SELECT object_type FROM trail_trailevent WHERE organization_id = %(org)s
       ORDER BY object_type LIMIT 1)
      UNION ALL
      SELECT (SELECT e.object_type FROM trail_trailevent e WHERE e.organization_id = %(org)s
              AND e.object_type > kind.name ORDER BY e.object_type LIMIT 1)
      FROM kind WHERE kind.name IS NOT NULL)
    SELECT name FROM kind WHERE name IS NOT NULL
"""

_UNSEALED = """
    SELECT count(*) FROM trail_trailevent
    WHERE organization_id = %s AND xid >= %s::text::xid8
"""


_WAITING = """
    SELECT count(*) FROM trail_trailevent
    WHERE organization_id = %s AND xid >= coalesce((
        SELECT xid_to FROM trail_trailblock
        WHERE organization_id = %s ORDER BY number DESC LIMIT 1), 0)::text::xid8
"""


def waiting_events() -> int:
    """How many events wait for the next sealing."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [require_organization_id()] * 2)
        return int(cursor.fetchone()[0])


def all_events() -> QuerySet[TrailEvent]:
    """Every event of the organization, newest first."""
    return TrailEvent.objects.order_by("-id")


def event_by_id(event_id: UUID) -> TrailEvent:
    """Raises NotFound for another organization's event as for none."""
    found = TrailEvent.objects.filter(id=event_id).first()
    if found is None:
        raise NotFound("There is no such event.", code="event_not_found")
    return found


def object_types() -> list[str]:
    """Kinds of objects that have events: one index step each, however long the trail is."""
    with connection.cursor() as cursor:
        cursor.execute(_OBJECT_TYPES, {"org": require_organization_id()})
        return [row[0] for row in cursor.fetchall()]


def block_of(event: TrailEvent) -> TrailBlock | None:
    """The block that seals the event, or None while it waits."""
    xid = int(event.xid)
    return TrailBlock.objects.filter(xid_from__lte=xid, xid_to__gt=xid).first()


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the chain reaches."""

    blocks: int
    events: int
    unsealed: int
    last_hash: str
    sealed_at: datetime | None


def seal_state() -> Seal:
    """Sealed blocks and events, and how many events wait for the next sealing."""
    last = TrailBlock.objects.order_by("-number").first()
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED, [require_organization_id(), last.xid_to if last else 0])
        unsealed = cursor.fetchone()[0]
    if last is None:
        return Seal(0, 0, unsealed, "", None)
    sealed = sum(TrailBlock.objects.values_list("events", flat=True))
    return Seal(last.number, sealed, unsealed, last.hash, last.sealed_at)


def verify_now(*, actor: EventActor) -> Verdict:
    """Recompute the whole chain and write the result in the trail.

    Raises Conflict for a trail that is too long for a page.
    """
    state = seal_state()
    if state.events > VERIFY_AT_MOST:
        raise Conflict(
            f"The trail has {state.events} sealed events, too many for a page.",
            code="trail_too_long",
            fix="Run: manage.py verify_trail",
        )
    verdict = selectors.verify()
    record(
        actor=actor,
        action=events.TRAIL_VERIFIED,
        obj=ObjectRef("trail", None, "Trail"),
        after={
            "holds": verdict.ok,
            "blocks": verdict.blocks,
            "events": verdict.events,
            "problem": verdict.problem or None,
        },
    )
    return verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an event: values as text, None where the side has none."""

    field: str
    before: str | None
    after: str | None


def changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Change]:
    """The fields of an event in the order they were written, each with both sides."""
    old, new = before or {}, after or {}
    return [
        Change(
            name,
            _text(old[name]) if name in old else None,
            _text(new[name]) if name in new else None,
        )
        for name in dict.fromkeys([*old, *new])
    ]


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value) or "–"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_text(item)}" for name, item in value.items()) or "–"
    return str(value)
