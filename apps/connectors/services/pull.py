"""One run: claim, read over the network without any scope, write in one transaction.

A run that fails, is killed or loses its lease writes nothing, so its window is simply read again.
"""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import structlog

from apps.access.actors import system_actor
from apps.common import clock
from apps.common.errors import DomainError
from apps.common.ids import uuid7
from apps.connectors import crypto, events, rules, selectors
from apps.connectors.enums import RunKind, RunStatus, SourceStatus, Trigger
from apps.connectors.models import PullRun, Source
from apps.connectors.providers.base import (
    ApiClient,
    Ask,
    CostLine,
    Entry,
    Names,
    SeatLine,
    UsageRead,
)
from apps.connectors.providers.drift import Finding
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import Meter
from apps.connectors.providers.registry import KINDS, cadence_of, connect
from apps.connectors.seats.services import note_activity, sync_seats
from apps.connectors.services import alarms, compare, lease, store
from apps.connectors.services.guards import BLOCKED, report_trouble, tell_ledger
from apps.ledger.schema import IngestResult, UsageIn
from apps.ledger.services import ingest
from apps.tenancy.scope import tenant_scope
from apps.trail.services import record

log = structlog.get_logger(__name__)

RENEW_EVERY = timedelta(seconds=20)
_ACTOR = "connectors.pull"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `more`: history is left, start the next run at once."""

    run_id: UUID | None
    status: RunStatus | None
    more: bool = False
    error: str = ""


@dataclass(slots=True)
class Reading:
    """Everything a run brought back from the network."""

    observed_at: datetime
    account: str
    usage: UsageRead = field(default_factory=UsageRead)
    costs: list[CostLine] = field(default_factory=list)
    entries: list[Entry] | None = None
    seats: list[SeatLine] | None = None
    drift: dict[str, set[Finding]] = field(default_factory=dict)


@dataclass(slots=True)
class Job:
    """What a claimed run needs once its scope is closed."""

    organization_id: UUID
    source: Source
    run: PullRun
    plan: rules.Plan | None
    names: Names
    secret: str
    drift: dict[str, set[Finding]] = field(default_factory=dict)


def pull_source(
    *,
    organization_id: UUID,
    source_id: UUID,
    trigger: Trigger = Trigger.SCHEDULE,
    requested_by: str = "",
    check_only: bool = False,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Run once, outside any scope. An outcome without a run: another run has the source."""
    kind = RunKind.CHECK if check_only else RunKind.PULL
    try:
        with tenant_scope(organization_id):
            claimed = lease.claim(source_id, kind=kind, trigger=trigger, requested_by=requested_by)
            if claimed is None:
                return Outcome(None, None)
            source, run = claimed
            job = _prepare(organization_id, source, run)
    except crypto.CredentialUnreadable as error:
        return _refuse_unreadable(organization_id, source_id, error)
    meter = Meter()
    try:
        reading, meter = _read(job, transport, sleep)
        return _finish(job, reading, meter)
    except lease.LeaseLost:
        log.warning("pull_lease_lost", source=str(source_id), run=str(job.run.id))
        return Outcome(job.run.id, RunStatus.LOST)
    except ProviderError as error:
        return _fail(job, error.message, error.code, error.retry_after, error.needs_person)
    except DomainError as error:
        return _fail(job, error.message, error.code)
    except Exception as error:  # noqa: BLE001 -- a run must end with a word, whatever happened
        trace = crypto.redact("".join(traceback.format_exception(error)), job.secret)
        log.error("pull_failed", source=str(source_id), run=str(job.run.id), trace=trace)
        return _fail(job, "The portal itself failed; its log has the details.", "internal")


def pull_until_current(
    *, organization_id: UUID, source_id: UUID, trigger: Trigger = Trigger.SETUP, most: int = 60
) -> list[Outcome]:
    """Read all wanted history now, run by run: what set-up and benchmarks call."""
    outcomes = []
    for _ in range(most):
        outcome = pull_source(organization_id=organization_id, source_id=source_id, trigger=trigger)
        outcomes.append(outcome)
        if not outcome.more:
            break
    return outcomes


def _prepare(organization_id: UUID, source: Source, run: PullRun) -> Job:
    plan = None
    if run.kind != RunKind.CHECK:
        now = run.started_at
        plan = rules.plan(
            history_from=source.history_from or now.date() - timedelta(days=30),
            settled_through=source.settled_through,
            reread_at=source.reread_at,
            now=now,
            cadence=cadence_of(source.kind, source.role),
            whole_days=source.is_compared,
            again=_again(source),
        )
        run.kind, run.window_start, run.window_end = plan.kind, plan.start, plan.end
        run.save(update_fields=["kind", "window_start", "window_end"])
    secret = crypto.decrypt(source.credential)
    names = selectors.names_of(source.id)
    return Job(organization_id, source, run, plan, names, secret)


def _again(source: Source) -> tuple[datetime, datetime] | None:
    if source.again_from is None or source.again_until is None:
        return None
    return source.again_from, source.again_until


def _refuse_unreadable(
    organization_id: UUID, source_id: UUID, error: crypto.CredentialUnreadable
) -> Outcome:
    """Nothing can be read until somebody enters the credential again: say so, once."""
    with tenant_scope(organization_id):
        moved = (
            Source.objects.filter(id=source_id)
            .exclude(status=SourceStatus.BLOCKED)
            .update(
                status=SourceStatus.BLOCKED, last_error=error.message, last_error_code=error.code
            )
        )
        if moved:
            source = Source.objects.get(id=source_id)
            actor = system_actor(_ACTOR)
            record(actor=actor, action=events.SOURCE_BLOCKED, obj=source, reason=error.message)
            report_trouble(source, BLOCKED, uuid7())
    return Outcome(None, RunStatus.FAILED, error=error.message)


def _heartbeat(job: Job) -> Callable[[Meter], None]:
    last = [clock.now()]

    def beat(meter: Meter) -> None:
        now = clock.now()
        if now - last[0] < RENEW_EVERY:
            return
        last[0] = now
        with tenant_scope(job.organization_id):
            lease.renew(job.source.id, job.run.id, http_calls=meter.calls, retries=meter.retries)

    return beat


def _read(
    job: Job, transport: httpx.BaseTransport | None, sleep: Callable[[float], None]
) -> tuple[Reading, Meter]:
    client = connect(
        job.source.kind,
        base_url=job.source.base_url,
        secret=job.secret,
        calls=KINDS[job.source.kind].calls is not None and not job.source.is_compared,
        beat=_heartbeat(job),
        transport=transport,
        sleep=sleep,
    )
    try:
        reading = _read_all(job, client)
        reading.drift = client.drift
        return reading, client.meter
    except (ProviderError, lease.LeaseLost):
        job.drift = client.drift
        job.run.http_calls, job.run.retries = client.meter.calls, client.meter.retries
        raise
    finally:
        client.close()


def _read_all(job: Job, client: ApiClient) -> Reading:
    source, plan = job.source, job.plan
    reading = Reading(clock.now(), source.account)
    if plan is None or (source.cursor is None and not source.account):
        reading.account = source.account or client.check()
    if plan is None or plan.is_empty:
        return reading
    if source.directory_at is None or _stale(source.directory_at):
        reading.entries = client.directory()
        reading.seats = client.seats()
        fresh = Names.of(reading.entries)
        job.names.projects.update(fresh.projects)
        job.names.keys.update(fresh.keys)
    reading.usage = client.usage(
        Ask(plan.start, plan.end, reading.account, job.names, reading.observed_at)
    )
    first, last = plan.cost_days
    last = min(last, reading.observed_at.date())
    if first < last:
        reading.costs = client.costs(first, last)
    return reading


def _stale(directory_at: datetime) -> bool:
    return clock.now() - directory_at >= rules.DIRECTORY_EVERY


def _finish(job: Job, reading: Reading, meter: Meter) -> Outcome:
    with tenant_scope(job.organization_id):
        source = lease.hold(job.source.id, job.run.id)
        run, plan, now = job.run, job.plan, clock.now()
        result = IngestResult()
        more = False
        if plan is not None and not plan.is_empty:
            end = _read_through(plan, reading)
            result = _write(source, plan.start, end, reading, run)
            more = plan.more and end == plan.end
            _advance(source, plan, end, reading)
        if plan is not None:
            source.account = reading.account[:120]
            source.last_success_at = now
            pause = timedelta(0) if more else timedelta(minutes=source.schedule_minutes)
            source.next_pull_at = now + pause
        if source.status == SourceStatus.BLOCKED:
            source.status = SourceStatus.ACTIVE
            source.next_pull_at = now
        source.failures, source.last_error, source.last_error_code = 0, "", ""
        source.lease_run = source.lease_until = None
        source.save()
        note_activity(source=source, usages=[*reading.usage.usage, *reading.usage.compared])
        alarms.raise_alarms(source, reading.drift, clock.now())
        _describe(run, source, reading, result, meter)
        if plan is not None and source.cursor is not None:
            tell_ledger(source, active=True, data_as_of=reading.observed_at)
    return Outcome(run.id, RunStatus.SUCCEEDED, more=more)


def _read_through(plan: rules.Plan, reading: Reading) -> datetime:
    """The end of what was read: the window's, or the source's own watermark before it."""
    watermark = reading.usage.complete_through
    return plan.end if watermark is None else max(plan.start, min(plan.end, watermark))


def _advance(source: Source, plan: rules.Plan, end: datetime, reading: Reading) -> None:
    """Move the source on by what was read."""
    cadence = cadence_of(source.kind, source.role)
    if end > plan.start:
        source.cursor = max(source.cursor or end, end)
        settled = rules.settled_after(end, reading.observed_at, cadence)
        source.settled_through = max(source.settled_through or settled, settled)
    if plan.again:
        source.again_from = end
        if source.again_until is None or end >= source.again_until or end < plan.end:
            source.again_from = source.again_until = None
    if plan.kind == RunKind.REREAD or (source.reread_at is None and not plan.more):
        source.reread_at = clock.now()


def _write(
    source: Source, start: datetime, end: datetime, reading: Reading, run: PullRun
) -> IngestResult:
    if reading.entries is not None:
        store.store_directory(source, reading.entries)
        if reading.seats is not None:
            sync_seats(source=source, lines=reading.seats)
        source.directory_at = reading.observed_at
    run.cost_rows = store.store_costs(source, reading.costs, reading.observed_at)
    store.store_units(source, reading.usage.units, start, end, reading.observed_at)
    usage, window = reading.usage, (start, end)
    if end <= start:
        return IngestResult()
    if source.is_compared:
        if source.in_ledger:
            _count(source, [], window, reading)
        every = [*usage.usage, *usage.compared]
        return compare.store_comparison(
            source, every, window=window, observed_at=reading.observed_at
        )
    source.in_ledger = True
    result = _count(source, usage.usage, window, reading)
    compare.store_comparison(source, usage.compared, window=window, observed_at=reading.observed_at)
    return result


def _count(
    source: Source, batch: list[UsageIn], window: tuple[datetime, datetime], reading: Reading
) -> IngestResult:
    """Into the ledger. An empty batch withdraws what a source counted before it was compared."""
    return ingest(
        organization_id=source.organization_id,
        source_id=source.id,
        batch=batch,
        complete_window=window,
        accepted_at=reading.observed_at,
    )


def _describe(
    run: PullRun, source: Source, reading: Reading, result: IngestResult, meter: Meter
) -> None:
    usage = reading.usage
    refused = [f"{e.field}: {e.message}" for e in result.errors[:10]]
    run.status, run.finished_at = RunStatus.SUCCEEDED, clock.now()
    run.duration_ms = _ms(run.finished_at - run.started_at)
    run.cursor_after = source.cursor
    run.buckets, run.rows_read, run.mismatches = usage.buckets, usage.rows, usage.mismatches
    run.rows_new, run.rows_changed = result.new, result.changed
    run.rows_unchanged, run.rows_withdrawn = result.unchanged, result.withdrawn
    run.rows_refused = usage.refused + len(result.errors)
    run.restated_nanos = result.restated_cost_nanos
    run.http_calls, run.retries = meter.calls, meter.retries
    run.notes = [*usage.notes, *refused]
    run.save()


def _fail(
    job: Job,
    message: str,
    code: str,
    retry_after: float | None = None,
    needs_person: bool = False,
) -> Outcome:
    text = crypto.redact(message, job.secret)[:500]
    with tenant_scope(job.organization_id):
        now = clock.now()
        run = job.run
        run.status, run.finished_at = RunStatus.FAILED, now
        run.duration_ms = _ms(now - run.started_at)
        run.error, run.error_code = text, code
        run.save()
        alarms.raise_alarms(job.source, job.drift, now)
        source = (
            Source.objects.select_for_update().filter(id=job.source.id, lease_run=run.id).first()
        )
        if source is None:
            return Outcome(run.id, RunStatus.FAILED, error=text)
        source.failures = min(source.failures + 1, 1000)
        source.last_error, source.last_error_code = text, code
        source.next_pull_at = now + rules.backoff_after(
            source.failures, source.schedule_minutes, retry_after
        )
        if needs_person and source.status == SourceStatus.ACTIVE:
            source.status = SourceStatus.BLOCKED
            actor = system_actor(_ACTOR)
            record(actor=actor, action=events.SOURCE_BLOCKED, obj=source, reason=text)
            report_trouble(source, BLOCKED, run.id)
        source.lease_run = source.lease_until = None
        source.save()
    return Outcome(run.id, RunStatus.FAILED, error=text)


def _ms(length: timedelta) -> int:
    return max(0, round(length.total_seconds() * 1000))
