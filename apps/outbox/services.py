"""Enqueue in the business transaction; deliver at least once, in order per key."""

import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from apps.common import clock
from apps.common.ids import uuid7
from apps.outbox import registry, rules, waking
from apps.outbox.models import OutboxMessage, State
from apps.tenancy.scope import require_organization_id, tenant_scope

log = structlog.get_logger(__name__)


def enqueue(topic: str, *, key: str, payload: Mapping[str, str | int | None]) -> UUID:
    """Write a message in the caller's transaction and wake a dispatcher after its commit; its id.

    `payload` holds ids and small values, never objects. The wake-up is only a hint: the
    scheduled dispatcher finds the message anyway.
    """
    organization_id = require_organization_id()
    now = clock.now()
    message_id = uuid7()
    # Written by hand: every accepted push writes one, and the ORM would take most of the time.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_outboxmessage (organization_id, id, topic, key, payload, state, "
            "attempts, available_at, created_at, last_error) "
            "VALUES (%s, %s, %s, %s, %s, %s, 0, %s, %s, '')",
            [
                organization_id,
                message_id,
                topic,
                key,
                json.dumps(dict(payload)),
                State.WAITING.value,
                now,
                now,
            ],
        )
    transaction.on_commit(lambda: waking.wake(organization_id), robust=True)
    return message_id


def claim(organization_id: UUID, limit: int) -> list[registry.Message]:
    """Take due messages whose predecessors of the same key are delivered.

    Taken rows are leased, not locked: their `available_at` moves past the lease, and a
    dispatcher that dies gives them back without any clean-up.
    """
    now = clock.now()
    with tenant_scope(organization_id), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE outbox_outboxmessage SET available_at = %s, attempts = attempts + 1
            WHERE organization_id = %s AND id IN (
              SELECT m.id FROM outbox_outboxmessage m
              WHERE m.organization_id = %s AND m.state = 'waiting' AND m.available_at <= %s
                AND NOT EXISTS (
                  SELECT FROM outbox_outboxmessage p WHERE p.organization_id = m.organization_id
                  AND p.key = m.key AND p.state = 'waiting' AND p.id < m.id)
              ORDER BY m.id LIMIT %s FOR UPDATE OF m SKIP LOCKED)
            RETURNING id, topic, key, payload::text, attempts, created_at""",
            [now + rules.LEASE, organization_id, organization_id, now, limit],
        )
        rows = sorted(cursor.fetchall(), key=lambda row: row[0])
    return [
        registry.Message(
            row[0], organization_id, row[1], row[2], json.loads(row[3]), row[4], row[5]
        )
        for row in rows
    ]


def dispatch(organization_id: UUID, *, limit: int = 50, rounds: int = 20) -> int:
    """Deliver what is due; the number delivered."""
    delivered = 0
    for _ in range(rounds):
        messages = claim(organization_id, limit)
        if not messages:
            break
        delivered += sum(deliver(message) for message in messages)
    return delivered


def deliver(message: registry.Message) -> bool:
    """Run the handlers; on failure keep the message with a later date, or give up on it."""
    try:
        for function in registry.handlers_of(message.topic):
            function(message)
    except Exception as error:  # noqa: BLE001 -- any failure must be kept with the message
        log.warning("outbox_failed", topic=message.topic, id=str(message.id), error=repr(error))
        _failed(message, f"{type(error).__name__}: {error}")
        return False
    with tenant_scope(message.organization_id):
        OutboxMessage.objects.filter(id=message.id, state=State.WAITING).update(
            state=State.DONE, done_at=clock.now(), last_error=""
        )
    return True


def _failed(message: registry.Message, error: str) -> None:
    state = State.DEAD if rules.is_dead(message.attempts) else State.WAITING
    with tenant_scope(message.organization_id):
        OutboxMessage.objects.filter(id=message.id, state=State.WAITING).update(
            state=state,
            last_error=error[:2000],
            available_at=clock.now() + rules.delay_after(message.attempts),
        )


def retry(message_id: UUID) -> bool:
    """Give a dead message another series of tries."""
    return bool(
        OutboxMessage.objects.filter(id=message_id, state=State.DEAD).update(
            state=State.WAITING, attempts=0, available_at=clock.now()
        )
    )


def prune(older_than: timedelta = timedelta(days=30)) -> int:
    """Forget delivered messages after a month; dead ones stay until somebody looks."""
    return OutboxMessage.objects.filter(
        state=State.DONE, done_at__lt=clock.now() - older_than
    ).delete()[0]
