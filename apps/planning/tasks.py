"""Reminding teams of planning cycles that are about to close."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.planning import services
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"planning.remind_all": crontab(hour="6", minute="12")}


@tenant_task(name="planning.remind")
def remind(*, organization_id: UUID) -> int:
    """Remind the leads of one organization; how many cycles were told."""
    return services.remind_closing()


@shared_task(name="planning.remind_all")
def remind_all() -> int:
    """One task per organization."""
    return fan_out(remind)
