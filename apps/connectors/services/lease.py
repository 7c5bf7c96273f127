"""One run at a time per source: a conditional update decides, a clock ends it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.common import clock
from apps.connectors import rules
from apps.connectors.enums import RunKind, RunStatus, SourceStatus, Trigger
from apps.connectors.models import PullRun, Source

LOST = "The worker stopped before it finished. Nothing was written; the window is read again."


class LeaseLost(Exception):
    """Another run took the source over, or it was paused: stop without writing."""


def claim(
    source_id: UUID, *, kind: RunKind, trigger: Trigger, requested_by: str = ""
) -> tuple[Source, PullRun] | None:
    """Take the source for a new run (needs a scope); None when another run has it.

    Runs that still say "running" lost their worker: they are marked lost. A paused or blocked
    source can only be checked.
    """
    now = clock.now()
    free = Source.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now), id=source_id)
    if kind != RunKind.CHECK:
        free = free.filter(status=SourceStatus.ACTIVE)
    run = PullRun(kind=kind, trigger=trigger, requested_by=requested_by[:200], started_at=now)
    if not free.update(lease_run=run.id, lease_until=now + rules.LEASE, last_run_at=now):
        return None
    source = Source.objects.get(id=source_id)
    PullRun.objects.filter(source_id=source_id, status=RunStatus.RUNNING).update(
        status=RunStatus.LOST, finished_at=now, error_code="lost", error=LOST
    )
    run.source = source
    run.cursor_before = source.cursor
    run.save(force_insert=True)
    return source, run


def renew(source_id: UUID, run_id: UUID, *, http_calls: int, retries: int) -> datetime:
    """Say that the run lives; the new end of its lease. Raises LeaseLost when it was taken."""
    until = clock.now() + rules.LEASE
    if not Source.objects.filter(id=source_id, lease_run=run_id).update(lease_until=until):
        raise LeaseLost
    PullRun.objects.filter(id=run_id).update(http_calls=http_calls, retries=retries)
    return until


def hold(source_id: UUID, run_id: UUID) -> Source:
    """Lock the source for the final write. Raises LeaseLost when the run no longer owns it."""
    found = Source.objects.select_for_update().filter(id=source_id, lease_run=run_id).first()
    if found is None:
        raise LeaseLost
    return found
