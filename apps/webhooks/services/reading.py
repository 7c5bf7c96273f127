"""From the trail to deliveries: each event once for each endpoint that wants it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.common import clock
from apps.organizations.selectors import organization
from apps.outbox.services import enqueue
from apps.trail import registry
from apps.trail.models import TrailEvent
from apps.webhooks import events, links, rules
from apps.webhooks.enums import DeliveryStatus, EndpointStatus
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint

BATCH = 500
KEEP = timedelta(days=30)
#: What changes an endpoint itself, and private things of one person, is nobody else's business.
_SILENT = ("webhook.", "saved_view.")


def read_trail() -> int:
    """Make deliveries of what happened since each endpoint's cursor; the number made.

    Only events of transactions behind the oldest running one are read, so none can appear behind
    a cursor later. Cursor and deliveries move together; of two readers at once one does nothing.
    """
    made = 0
    for endpoint in WebhookEndpoint.objects.filter(status=EndpointStatus.ACTIVE):
        while True:
            found = _after(endpoint.cursor_xid, endpoint.cursor_id)
            if not found:
                break
            done = _take(endpoint, found)
            made += done
            if len(found) < BATCH:
                break
    return made


def _after(xid: int, event_id: UUID) -> list[TrailEvent]:
    return list(
        TrailEvent.objects.extra(
            where=[
                "(xid, id) > (%s::text::xid8, %s)",
                "xid < pg_snapshot_xmin(pg_current_snapshot())",
            ],
            params=[xid, event_id],
        ).order_by("xid", "id")[:BATCH]
    )


@transaction.atomic
def _take(endpoint: WebhookEndpoint, found: list[TrailEvent]) -> int:
    last = found[-1]
    moved = WebhookEndpoint.objects.filter(
        id=endpoint.id,
        status=EndpointStatus.ACTIVE,
        cursor_xid=endpoint.cursor_xid,
        cursor_id=endpoint.cursor_id,
    ).update(cursor_xid=int(last.xid), cursor_id=last.id)
    endpoint.cursor_xid, endpoint.cursor_id = int(last.xid), last.id
    if not moved:
        return 0
    wanted = [e for e in found if not e.action.startswith(_SILENT) and endpoint.wants(e.action)]
    rows = WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                endpoint=endpoint,
                event_id=event.id,
                action=event.action,
                label=event.object_label,
                body=rules.BODIES[endpoint.form](told(event)),
            )
            for event in wanted
        ]
    )
    for row in rows:
        announce(row)
    return len(rows)


def told(event: TrailEvent) -> rules.Event:
    """A trail event in words and with a link."""
    slug = organization().slug
    return rules.Event(
        id=str(event.id),
        action=event.action,
        at=event.at.isoformat(),
        organization=slug,
        actor_kind=event.actor_kind,
        actor_id=_text(event.actor_id),
        actor_name=event.who,
        words=registry.label_of(event.action),
        object_type=event.object_type,
        object_id=_text(event.object_id),
        label=event.object_label,
        url=links.link_to(slug, event.object_type, event.object_id, event.id),
        before=event.before,
        after=event.after,
        reason=event.reason,
    )


def announce(delivery: WebhookDelivery) -> None:
    """Let a worker send it after the commit."""
    enqueue(
        events.TOPIC_DELIVER,
        key=f"webhook:{delivery.id}",
        payload={"delivery_id": str(delivery.id)},
    )


def prune_deliveries() -> int:
    """Forget what was sent or failed more than 30 days ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM webhooks_webhookdelivery WHERE organization_id = %s "
            "AND created_at < %s AND status <> %s",
            [organization().id, clock.now() - KEEP, DeliveryStatus.WAITING],
        )
        return cursor.rowcount


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
