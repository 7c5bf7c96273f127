"""Pricing later as a job: asked for by a person, done by a worker, its progress kept."""

from uuid import UUID

import structlog
from django.db import IntegrityError, connection, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict
from apps.ledger import events
from apps.ledger.enums import CostStatus, JobStatus
from apps.ledger.models import RecostJob
from apps.ledger.services.recost import Recost, recost
from apps.outbox.services import enqueue
from apps.tenancy.scope import require_organization_id, tenant_scope
from apps.trail.services import record

log = structlog.get_logger(__name__)
_OPEN = (JobStatus.REQUESTED, JobStatus.RUNNING)


def request_recost(*, actor: Actor, adjust_closed: bool = False) -> RecostJob:
    """Ask a worker to price what has no price. Conflict while another one does.

    `adjust_closed` also prices records of closed months, as adjustments in an open month.
    """
    require(actor, P.PRICE_MANAGE)
    try:
        with transaction.atomic():
            job = RecostJob.objects.create(
                requested_by=actor.name[:200], adjust_closed=adjust_closed, total=_waiting()
            )
    except IntegrityError:
        raise Conflict(
            "A worker is pricing records already.",
            code="recost_running",
            fix="Wait until it is done.",
        ) from None
    record(
        actor=actor,
        action=events.RECOST_REQUESTED,
        obj=job,
        after={"records": job.total, "adjust_closed": adjust_closed},
    )
    enqueue(events.RECOST, key=f"recost:{job.id}", payload={"job_id": str(job.id)})
    return job


def run_recost(*, organization_id: UUID, job_id: UUID) -> None:
    """Do a job. A job that is done stays so; one whose worker died goes on. Open no scope."""
    with tenant_scope(organization_id):
        job = RecostJob.objects.filter(id=job_id, status__in=_OPEN).first()
        if job is None:
            return
        RecostJob.objects.filter(id=job_id).update(status=JobStatus.RUNNING)
    before = (job.records, job.cost_nanos, job.adjusted_records, job.adjusted_nanos)
    known = {day: (records, nanos) for day, records, nanos in job.by_day}

    def progress(found: Recost) -> None:
        """In the page's transaction: what is counted is written and the other way round."""
        merged = dict(known)
        for day, (records, nanos) in found.by_day.items():
            old = merged.get(day.isoformat(), (0, 0))
            merged[day.isoformat()] = (old[0] + records, old[1] + nanos)
        RecostJob.objects.filter(id=job_id).update(
            looked=min(found.looked + before[0], job.total) if job.total else found.looked,
            records=before[0] + found.records,
            cost_nanos=before[1] + found.cost_nanos,
            adjusted_records=before[2] + found.adjusted,
            adjusted_nanos=before[3] + found.adjusted_nanos,
            waiting=found.waiting,
            closed=found.closed,
            by_day=[[day, *merged[day]] for day in sorted(merged)],
        )

    try:
        recost(organization_id=organization_id, adjust_closed=job.adjust_closed, progress=progress)
    except Exception as error:
        with tenant_scope(organization_id):
            RecostJob.objects.filter(id=job_id).update(
                status=JobStatus.FAILED, failure=type(error).__name__, finished_at=clock.now()
            )
        log.exception("recost_failed", job=str(job_id))
        return
    with tenant_scope(organization_id):
        RecostJob.objects.filter(id=job_id, status=JobStatus.RUNNING).update(
            status=JobStatus.DONE, finished_at=clock.now()
        )


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM usage_record WHERE organization_id = %s "
            f"AND cost_status >= {CostStatus.UNPRICED}",
            [require_organization_id()],
        )
        return int(cursor.fetchone()[0])
