"""Watching approved estimates, and budgets that are used up."""

from uuid import UUID

from celery import shared_task
from celery.schedules import crontab

from apps.budgets import events as budgets
from apps.budgets.enums import Basis
from apps.budgets.rules.crossing import OVERRUN
from apps.outbox.registry import Message, handler
from apps.stories.services.band import watch_bands
from apps.stories.services.overrun import ask_about_overrun
from apps.stories.services.pace import warn_of_bands
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"stories.watch_bands_all": crontab(hour="5", minute="23")}


@tenant_task(name="stories.watch_bands")
def watch(*, organization_id: UUID) -> None:
    watch_bands()
    warn_of_bands()


@shared_task(name="stories.watch_bands_all")
def watch_all() -> None:
    fan_out(watch)


@handler(budgets.TOPIC_CROSSED)
def overrun(message: Message) -> None:
    """A budget that is used up asks for a decision, where an approval opened it."""
    told = message.payload
    if (told["basis"], told["percent"]) != (Basis.ACTUAL.value, OVERRUN):
        return
    with tenant_scope(message.organization_id):
        ask_about_overrun(UUID(told["crossing_id"]))
