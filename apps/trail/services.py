"""Writing evidence and sealing it."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction

from apps.common import clock
from apps.tenancy.scope import require_organization_id
from apps.trail import registry, rules, selectors
from apps.trail.models import TrailBlock, TrailEvent
from apps.trail.refs import HasTrailRef, ObjectRef, ref_of

_BLOCK = 5_000


class EventActor(Protocol):
    """What the trail needs to know of an actor (`apps.access.actors.Actor` has it)."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> UUID | None: ...
    @property
    def name(self) -> str: ...


def record(
    *,
    actor: EventActor,
    action: str,
    obj: ObjectRef | HasTrailRef,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> TrailEvent:
    """Add an event in the caller's transaction: it exists exactly if the change does.

    `before` and `after` hold JSON values of the fields that changed, never secrets. An
    unregistered action raises LookupError.
    """
    registry.get(action)
    target = ref_of(obj)
    return TrailEvent.objects.create(
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=(getattr(actor, "code", "") or actor.name)[:200],
        action=action,
        object_type=target.type,
        object_id=target.id,
        object_label=target.label[:300],
        before=before,
        after=after,
        reason=reason,
        request_id=getattr(actor, "request_id", "") or "",
        ip=getattr(actor, "ip", "") or "",
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one sealing added."""

    blocks: int
    events: int


@transaction.atomic
def seal() -> Sealed:
    """Chain every event whose writing transaction, and every older one, has ended.

    Runs apart from the writers: a chain inside each write would put all of an organization's
    writes in a row. One sealer at a time per organization (advisory lock); a second one finds
    nothing to do.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"trail.seal:{require_organization_id()}"],
        )
        if not cursor.fetchone()[0]:
            return Sealed(0, 0)
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon = cursor.fetchone()[0]
    last = TrailBlock.objects.order_by("-number").first()
    number, previous = (last.number, last.hash) if last else (0, rules.GENESIS)
    start = last.xid_to if last else 0
    blocks = events = 0
    while group := selectors.events_of_transactions(start, horizon, limit=_BLOCK):
        number += 1
        stop = group.xid_to
        digest = rules.block_hash(previous, number, group.events)
        TrailBlock.objects.create(
            number=number,
            xid_from=start,
            xid_to=stop,
            events=len(group.events),
            previous_hash=previous,
            hash=digest,
            sealed_at=clock.now(),
        )
        previous, start = digest, stop
        blocks += 1
        events += len(group.events)
    return Sealed(blocks, events)
