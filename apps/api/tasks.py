"""Housekeeping of the API."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.api import services
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"api.prune_all": crontab(hour="3", minute="41")}


@tenant_task(name="api.prune")
def prune(*, organization_id: UUID) -> None:
    services.prune()


@shared_task(name="api.prune_all")
def prune_all() -> None:
    fan_out(prune)
