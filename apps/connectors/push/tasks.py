"""Forgetting expired claims."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.connectors.push import services
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"push.forget": crontab(hour="3", minute="41")}


@tenant_task(name="push.forget_of", queue="ledger", scoped=False)
def forget_of(*, organization_id: UUID) -> None:
    """A slice per transaction until nothing is left."""
    while True:
        with tenant_scope(organization_id):
            if not services.forget_expired():
                return


@shared_task(name="push.forget", queue="ledger")
def forget() -> int:
    """Once a night: look at every organization."""
    return fan_out(forget_of)
