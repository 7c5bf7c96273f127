"""The hourly check of every organization's data."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.ledger.quality import services
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"quality.check_all": crontab(minute="23")}


@tenant_task(name="quality.check", queue="ledger")
def check(*, organization_id: UUID) -> int:
    """Check one organization's data; how many alerts are new."""
    return services.check().opened


@shared_task(name="quality.check_all")
def check_all() -> int:
    """One task per organization."""
    return fan_out(check)
