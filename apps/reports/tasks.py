"""Starting what is due every few minutes; sending outside any transaction."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.outbox.registry import Message, handler
from apps.reports import events, services
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {
    "reports.start_due_all": crontab(minute="*/5"),
    "reports.prune_all": crontab(hour="3", minute="47"),
}


@handler(events.TOPIC)
def deliver(message: Message) -> None:
    services.deliver(
        message.organization_id, UUID(message.payload["delivery_id"]), attempt=message.attempts
    )


@tenant_task(name="reports.start_due")
def start_due(*, organization_id: UUID) -> None:
    services.start_due()


@shared_task(name="reports.start_due_all")
def start_due_all() -> None:
    fan_out(start_due)


@tenant_task(name="reports.prune")
def prune(*, organization_id: UUID) -> None:
    services.prune_issues()


@shared_task(name="reports.prune_all")
def prune_all() -> None:
    fan_out(prune)
