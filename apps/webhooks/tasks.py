"""Reading the trail every few seconds; sending outside any transaction."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.outbox.registry import Message, handler
from apps.tenancy import doors
from apps.tenancy.tasks import fan_out, tenant_task
from apps.webhooks import events, services

SCHEDULE = {
    "webhooks.read_all": 5.0,
    "webhooks.prune_all": crontab(hour="3", minute="41"),
}


@handler(events.TOPIC_DELIVER)
def deliver(message: Message) -> None:
    services.deliver(
        message.organization_id, UUID(message.payload["delivery_id"]), attempt=message.attempts
    )


@tenant_task(name="webhooks.read")
def read(*, organization_id: UUID) -> None:
    services.read_trail()


@shared_task(name="webhooks.read_all")
def read_all() -> None:
    for organization_id in doors.organizations_with_webhooks():
        read.delay(organization_id=str(organization_id))


@tenant_task(name="webhooks.prune")
def prune(*, organization_id: UUID) -> None:
    services.prune_deliveries()


@shared_task(name="webhooks.prune_all")
def prune_all() -> None:
    fan_out(prune)
