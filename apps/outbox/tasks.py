"""Dispatching: woken by each commit, and every few seconds for what a wake-up missed."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.outbox import services
from apps.tenancy import doors
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {
    "outbox.dispatch_due": 5.0,
    "outbox.prune_all": crontab(hour="3", minute="17"),
}
_ORGANIZATIONS = 200


@tenant_task(name="outbox.dispatch", scoped=False)
def dispatch(*, organization_id: UUID) -> None:
    services.dispatch(organization_id)


@shared_task(name="outbox.dispatch_due")
def dispatch_due() -> None:
    for organization_id in doors.organizations_with_due_outbox(_ORGANIZATIONS):
        dispatch.delay(organization_id=str(organization_id))


@tenant_task(name="outbox.prune")
def prune(*, organization_id: UUID) -> None:
    services.prune()


@shared_task(name="outbox.prune_all")
def prune_all() -> None:
    fan_out(prune)
