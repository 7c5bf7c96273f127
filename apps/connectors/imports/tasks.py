"""Checking and writing files in the background, a slice per transaction."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task

from apps.access.actors import system_actor
from apps.common import clock
from apps.connectors.imports import events, selectors, services
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportJob
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task

SCHEDULE = {"imports.resume": 60.0, "imports.prune": 6 * 3600.0}
TURN_SECONDS = 60
"""A task works this long, then gives way to others and goes on as a new task."""
KEEP = timedelta(days=30)
_STEPS: dict[str, Any] = {
    JobStatus.CHECKING: services.check_slice,
    JobStatus.IMPORTING: services.write_slice,
}


@tenant_task(name="imports.work", queue="ledger", scoped=False)
def work(*, organization_id: UUID, job_id: str, generation: int, step: str) -> None:
    """Go on with one pass of one file, at least by one slice."""
    advance = _STEPS[step]
    until = time.monotonic() + TURN_SECONDS
    more = True
    try:
        while more:
            with tenant_scope(organization_id):
                more = advance(UUID(job_id), generation)
            if time.monotonic() >= until:
                break
    except Exception as error:
        with tenant_scope(organization_id):
            services.stop_job(UUID(job_id), generation, error)
        raise
    if more:
        _go_on(organization_id, job_id, generation, step)


def _go_on(organization_id: UUID, job_id: str, generation: int, step: str) -> None:
    work.delay(
        organization_id=str(organization_id), job_id=job_id, generation=generation, step=step
    )


@handler(events.CHECK_REQUESTED)
def on_check_requested(message: Message) -> None:
    """Start the dry run of a mapped file."""
    payload = message.payload
    _go_on(
        message.organization_id, payload["job_id"], payload["generation"], JobStatus.CHECKING.value
    )


@handler(events.WRITE_REQUESTED)
def on_write_requested(message: Message) -> None:
    """Start writing a checked file."""
    payload = message.payload
    _go_on(
        message.organization_id,
        payload["job_id"],
        payload["generation"],
        JobStatus.IMPORTING.value,
    )


@tenant_task(name="imports.resume_of", queue="ledger")
def resume_of(*, organization_id: UUID) -> None:
    """Take up passes whose worker died and whose task was lost with it."""
    for job in selectors.stalled(clock.now()):
        _go_on(organization_id, str(job.id), job.generation, job.status)


@shared_task(name="imports.resume", queue="ledger")
def resume() -> int:
    """Once a minute: look at every organization."""
    return fan_out(resume_of)


@tenant_task(name="imports.prune_of", queue="ledger")
def prune_of(*, organization_id: UUID) -> None:
    """Delete the bytes of files after a month; the figures of the imports stay."""
    old = ImportJob.objects.filter(file_deleted_at=None, created_at__lt=clock.now() - KEEP)
    actor = system_actor("imports.prune")
    for job_id in old.values_list("id", flat=True)[:100]:
        if not selectors.job_by_id(job_id).is_running:
            services.delete_file(actor=actor, job_id=job_id)


@shared_task(name="imports.prune", queue="ledger")
def prune() -> int:
    """Four times a day: look at every organization."""
    return fan_out(prune_of)
