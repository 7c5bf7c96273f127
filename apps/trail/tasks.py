"""Sealing, once a minute for each organization."""

from uuid import UUID

from celery import shared_task

from apps.tenancy.tasks import fan_out, tenant_task
from apps.trail import services

SCHEDULE = {"trail.seal_all": 60.0}


@tenant_task(name="trail.seal")
def seal(*, organization_id: UUID) -> None:
    services.seal()


@shared_task(name="trail.seal_all")
def seal_all() -> None:
    fan_out(seal)
