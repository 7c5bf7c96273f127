"""Watching approved estimates."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.stories.services.band import watch_bands
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"stories.watch_bands_all": crontab(hour="5", minute="23")}


@tenant_task(name="stories.watch_bands")
def watch(*, organization_id: UUID) -> None:
    watch_bands()


@shared_task(name="stories.watch_bands_all")
def watch_all() -> None:
    fan_out(watch)
