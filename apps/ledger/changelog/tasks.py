"""The hourly look at every organization's model mix, before its figures are checked."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.ledger.changelog import services
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"changelog.recognise_all": crontab(minute="18")}


@tenant_task(name="changelog.recognise", queue="ledger")
def recognise(*, organization_id: UUID) -> int:
    """Record the model switches that usage shows and nobody recorded; how many are new."""
    return services.recognise_switches()


@shared_task(name="changelog.recognise_all")
def recognise_all() -> int:
    """One task per organization."""
    return fan_out(recognise)
