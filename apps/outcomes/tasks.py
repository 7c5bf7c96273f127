"""Reminders of reviews."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.outcomes.services import remind_reviews
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"outcomes.remind_reviews_all": crontab(hour="6", minute="11")}


@tenant_task(name="outcomes.remind_reviews")
def remind(*, organization_id: UUID) -> None:
    remind_reviews()


@shared_task(name="outcomes.remind_reviews_all")
def remind_all() -> None:
    fan_out(remind)
