"""Reminders before entitlements end, and a note when they have."""

from uuid import UUID

from celery import shared_task

from apps.entitlements import services
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"entitlements.remind_all": 3600.0}


@shared_task(name="entitlements.remind_all")
def remind_all() -> int:
    """Every active organization."""
    return fan_out(remind)


@tenant_task(name="entitlements.remind")
def remind(*, organization_id: UUID) -> int:
    """Entitlements of one organization that end soon, and those that ended."""
    return services.remind() + services.lapse()
