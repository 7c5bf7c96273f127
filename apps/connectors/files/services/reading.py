"""One run of a place: list, see what is new or changed, hand it to the import.

The network is read outside any scope, onto disk; each import is then stored in one transaction
together with the note which files it holds. So a run that dies took whole files or none, and the
next one goes on. Checking and writing are the import's own work, and survive its workers too.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

import structlog

from apps.access.actors import Actor, system_actor
from apps.common import clock
from apps.common.errors import DomainError
from apps.connectors import crypto, rules
from apps.connectors.enums import RunKind, RunStatus, SourceStatus, Trigger
from apps.connectors.files import places, s3
from apps.connectors.files import rules as files
from apps.connectors.files.enums import FileState, Place
from apps.connectors.files.models import FileImport, FileLocation, FileRun
from apps.connectors.files.rules import Found
from apps.connectors.files.services import known
from apps.connectors.imports import door
from apps.connectors.imports.services import automatic_import
from apps.connectors.imports.services.upload import max_bytes
from apps.connectors.models import PullRun, Source
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import Meter
from apps.connectors.services import lease
from apps.organizations.selectors import organization
from apps.tenancy.scope import tenant_scope

log = structlog.get_logger(__name__)
RENEW_EVERY = timedelta(seconds=20)
TURN_SECONDS = 240
"""A run takes files for this long, then leaves the rest to the next one, which follows at once."""
PIECE = 1024 * 1024


@dataclass(slots=True)
class Run:
    """What a claimed run needs once its scope is closed."""

    organization_id: UUID
    source: Source
    run: PullRun
    location: FileLocation
    reader: places.Reader
    found: FileRun
    meter: Meter


def read_source(
    *,
    organization_id: UUID,
    source_id: UUID,
    trigger: Trigger = Trigger.SCHEDULE,
    requested_by: str = "",
    check_only: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Run once, outside any scope; whether files are left for another run at once."""
    kind = RunKind.CHECK if check_only else RunKind.PULL
    with tenant_scope(organization_id):
        claimed = lease.claim(source_id, kind=kind, trigger=trigger, requested_by=requested_by)
        if claimed is None:
            return False
        source, run = claimed
        location = FileLocation.objects.select_related("saved").get(source=source)
        slug, seen = organization().slug, FileRun(run=run)
    secret = ""
    try:
        secret = crypto.decrypt(source.credential) if source.credential else ""
        meter = Meter()
        beat = _heartbeat(organization_id, source, run, meter)
        reader = _reader(location, source, slug, secret, beat, sleep)
        job = Run(organization_id, source, run, location, reader, seen, meter)
        try:
            if check_only:
                next(iter(reader.listing()), None)
                return _finish(job, more=False)
            return _take(job)
        finally:
            reader.close()
    except lease.LeaseLost:
        log.warning("file_run_lease_lost", source=str(source_id), run=str(run.id))
        return False
    except ProviderError as error:
        return _fail(organization_id, source, run, error, secret)
    except (DomainError, OSError) as error:
        problem = ProviderError(str(error), code=getattr(error, "code", "internal"))
        return _fail(organization_id, source, run, problem, secret)


def _reader(
    location: FileLocation,
    source: Source,
    slug: str,
    secret: str,
    beat: Callable[[Meter], None],
    sleep: Callable[[float], None],
) -> places.Reader:
    if location.place == Place.FOLDER:
        return places.Folder(slug, location.folder)
    return s3.Bucket(
        endpoint=source.base_url,
        bucket=location.bucket,
        prefix=location.prefix,
        region=location.region,
        access_key=location.access_key,
        secret=secret,
        beat=beat,
        sleep=sleep,
    )


def _heartbeat(
    organization_id: UUID, source: Source, run: PullRun, meter: Meter
) -> Callable[[Meter], None]:
    last = [clock.now()]

    def beat(now_meter: Meter) -> None:
        now = clock.now()
        meter.calls, meter.retries = now_meter.calls, now_meter.retries
        if now - last[0] < RENEW_EVERY:
            return
        last[0] = now
        with tenant_scope(organization_id):
            lease.renew(source.id, run.id, http_calls=meter.calls, retries=meter.retries)

    return beat


def _take(job: Run) -> bool:
    """List the place, then bring in what is new, until the turn is over."""
    listing = files.Listing()
    for found in job.reader.listing():
        listing.add(found)
    job.found.listed, job.found.ignored = len(listing.files), listing.ignored
    until = time.monotonic() + TURN_SECONDS
    with tenant_scope(job.organization_id):
        wanted = known.compare(job.source, job.location, listing, job.found)
    left = False
    for delivery in wanted:
        if time.monotonic() >= until:
            left = True
            break
        _bring(job, delivery)
    return _finish(job, more=left)


def _bring(job: Run, delivery: known.Delivery) -> None:
    """One delivery onto disk, then into an import. What cannot be read is noted on its files."""
    try:
        with tempfile.TemporaryFile() as spool:
            size = _spool(job, delivery, spool)
            spool.seek(0)
            with tenant_scope(job.organization_id):
                lease.hold(job.source.id, job.run.id)
                _hand_over(job, delivery, spool, size)
    except lease.LeaseLost:
        raise
    except ProviderError as error:
        if error.code not in {"changed", "cut", "unreadable"}:
            raise
        _note(job, delivery, error.message)
    except DomainError as error:
        _note(job, delivery, f"{error.message} {error.fix}".strip())


def _spool(job: Run, delivery: known.Delivery, spool: IO[bytes]) -> int:
    """The parts of a delivery as one CSV file: one header, the rows of all."""
    limit, size = max_bytes(), 0
    for piece in _joined(job.reader, delivery.files, limit):
        spool.write(piece)
        size += len(piece)
        if size > limit:
            raise door.too_large(f"The files together are larger than {limit >> 20:,} MiB.")
    return size


def _joined(reader: places.Reader, parts: Iterable[Found], limit: int) -> Iterator[bytes]:
    first: bytes | None = None
    for part in parts:
        pieces = door.as_csv(reader.read(part), limit=limit)
        head, rest = _header(pieces)
        if first is None:
            first = head
            yield head + b"\n"
        elif head.strip() != first.strip():
            raise ProviderError(
                f"{part.key} has other columns than the parts before it.", code="unreadable"
            )
        last = b"\n"
        for piece in rest:
            if piece:
                last = piece[-1:]
                yield piece
        if last != b"\n":
            yield b"\n"


def _header(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first line and what follows it."""
    head = b""
    for piece in pieces:
        head += piece
        if b"\n" in head or len(head) > PIECE:
            break
    line, _, rest = head.partition(b"\n")

    def following() -> Iterator[bytes]:
        yield rest
        yield from pieces

    return line.rstrip(b"\r"), following()


def _hand_over(job: Run, delivery: known.Delivery, spool: IO[bytes], size: int) -> None:
    location = job.location
    made = automatic_import(
        actor=_actor(job.source),
        source=job.source,
        filename=delivery.title,
        pieces=iter(lambda: spool.read(PIECE), b""),
        collection=delivery.collection,
        preset="" if location.content in {"auto", "saved"} else location.content,
        saved=location.saved,
        bill_only=location.bill_only,
    )
    FileImport.objects.create(run=job.run, job=made)
    known.mark(job.source, delivery, FileState.READING, job=made)
    job.found.taken += len(delivery.files)
    job.found.taken_bytes += sum(found.size for found in delivery.files)


def _note(job: Run, delivery: known.Delivery, message: str) -> None:
    """A file that cannot be read waits for its next version; the others go on."""
    job.found.failed += len(delivery.files)
    if len(job.run.notes) < 20:
        job.run.notes = [*job.run.notes, f"{delivery.title}: {message}"[:300]]
    with tenant_scope(job.organization_id):
        known.mark(job.source, delivery, FileState.FAILED, error=message)


def _actor(source: Source) -> Actor:
    return system_actor(f"Source {source.name}"[:200])


def _finish(job: Run, *, more: bool) -> bool:
    with tenant_scope(job.organization_id):
        source = lease.hold(job.source.id, job.run.id)
        now = clock.now()
        _close(job.run, RunStatus.SUCCEEDED, now)
        job.run.http_calls, job.run.retries = job.meter.calls, job.meter.retries
        job.run.save()
        if job.run.kind != RunKind.CHECK:
            job.found.run = job.run
            job.found.save(force_insert=True)
            source.last_success_at = now
            pause = timedelta(0) if more else timedelta(minutes=source.schedule_minutes)
            source.next_pull_at = now + pause
        if source.status == SourceStatus.BLOCKED:
            source.status, source.next_pull_at = SourceStatus.ACTIVE, now
        source.failures, source.last_error, source.last_error_code = 0, "", ""
        source.lease_run = source.lease_until = None
        source.save()
    return more


def _fail(
    organization_id: UUID, source: Source, run: PullRun, error: ProviderError, secret: str
) -> bool:
    text = crypto.redact(error.message, secret)[:500] if secret else error.message[:500]
    log.warning("file_run_failed", source=str(source.id), run=str(run.id), code=error.code)
    with tenant_scope(organization_id):
        now = clock.now()
        _close(run, RunStatus.FAILED, now)
        run.error, run.error_code = text, error.code
        run.save()
        held = Source.objects.select_for_update().filter(id=source.id, lease_run=run.id).first()
        if held is not None:
            held.failures = min(held.failures + 1, 1000)
            held.last_error, held.last_error_code = text, error.code
            held.next_pull_at = now + rules.backoff_after(
                held.failures, held.schedule_minutes, error.retry_after
            )
            if error.needs_person and held.status == SourceStatus.ACTIVE:
                held.status = SourceStatus.BLOCKED
            held.lease_run = held.lease_until = None
            held.save()
    return False


def _close(run: PullRun, status: RunStatus, now: datetime) -> None:
    run.status, run.finished_at = status, now
    run.duration_ms = max(0, round((now - run.started_at).total_seconds() * 1000))
