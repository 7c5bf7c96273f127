"""Running a source: pause, resume, read now, test, read again."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.connectors import events, rules
from apps.connectors.enums import SourceKind, SourceStatus
from apps.connectors.models import Source
from apps.connectors.services.guards import (
    apply_changes,
    managed_source,
    pulled_source,
    request_run,
    tell_ledger,
)
from apps.trail.services import record


def pause_source(*, actor: Actor, source_id: UUID, version: int, reason: str = "") -> Source:
    """Stop pulling. A run that is under way finds its lease gone and writes nothing."""
    source = managed_source(actor, source_id)
    if source.status == SourceStatus.PAUSED:
        raise Conflict("This source is paused already.", code="already_paused")
    before = {"status": source.status}
    apply_changes(source, version, status=SourceStatus.PAUSED, lease_run=None, lease_until=None)
    tell_ledger(source, active=False)
    record(
        actor=actor,
        action=events.SOURCE_PAUSED,
        obj=source,
        before=before,
        after={"status": source.status},
        reason=reason.strip()[:500],
    )
    return source


def resume_source(*, actor: Actor, source_id: UUID, version: int) -> Source:
    """Pull again, from where the data ended."""
    source = managed_source(actor, source_id)
    if source.status == SourceStatus.ACTIVE:
        raise Conflict("This source is active already.", code="already_active")
    before = {"status": source.status}
    due = clock.now() if source.is_pulled else None
    apply_changes(source, version, status=SourceStatus.ACTIVE, failures=0, next_pull_at=due)
    tell_ledger(source, active=True)
    record(
        actor=actor,
        action=events.SOURCE_RESUMED,
        obj=source,
        before=before,
        after={"status": source.status},
    )
    if source.is_pulled:
        request_run(source, actor, check=False)
    return source


def request_pull(*, actor: Actor, source_id: UUID) -> Source:
    """Have a worker read the source now. Asking twice does it once."""
    source = pulled_source(actor, source_id)
    if source.status != SourceStatus.ACTIVE:
        raise Conflict(
            "A source that is paused or blocked is not read.",
            code="source_not_active",
            fix="Resume it, or replace its credential.",
        )
    Source.objects.filter(id=source.id).update(next_pull_at=clock.now())
    request_run(source, actor, check=False)
    return source


def request_check(*, actor: Actor, source_id: UUID) -> Source:
    """Have a worker test the connection; the answer is a run of kind "check"."""
    source = pulled_source(actor, source_id)
    request_run(source, actor, check=True)
    return source


def read_again(
    *,
    actor: Actor,
    source_id: UUID,
    from_day: date,
    to_day: date | None = None,
    reason: str = "",
) -> Source:
    """Read the UTC days from one to another (default: until now) once more.

    Unchanged records cause no write. A day before the source's history extends it. Raises
    NotFound, Forbidden, Invalid for days that cannot be read.
    """
    source = pulled_source(actor, source_id)
    if source.kind == SourceKind.FILES:
        raise Conflict(
            "This source reads files, not days.",
            code="source_of_files",
            fix="Have its files read again.",
        )
    today = clock.today()
    if not today - timedelta(days=rules.MAX_HISTORY_DAYS) <= from_day <= today:
        raise Invalid(
            "The day is more than a year ago or in the future.",
            field="from_day",
            fix="Choose a day of the last 365 days.",
        )
    if to_day is not None and not from_day <= to_day <= today:
        raise Invalid(
            "The last day is before the first, or in the future.",
            field="to_day",
            fix="Choose a day from the first one to today, or leave it out.",
        )
    values = _stretch(source, from_day, to_day)
    Source.objects.filter(id=source.id).update(next_pull_at=clock.now(), **values)
    record(
        actor=actor,
        action=events.SOURCE_READ_AGAIN,
        obj=source,
        after={
            "from_day": from_day.isoformat(),
            "to_day": None if to_day is None else to_day.isoformat(),
        },
        reason=reason.strip()[:500],
    )
    source.refresh_from_db()
    if source.status == SourceStatus.ACTIVE:
        request_run(source, actor, check=False)
    return source


def _stretch(source: Source, from_day: date, to_day: date | None) -> dict[str, Any]:
    """A stretch that ends before now is read by the way; an open one moves the source back."""
    first = min(source.history_from or from_day, from_day)
    start = rules.midnight(from_day)
    if source.settled_through is None:
        return {"history_from": first}
    if to_day is None:
        return {"history_from": first, "settled_through": min(source.settled_through, start)}
    return {
        "history_from": first,
        "again_from": start,
        "again_until": rules.midnight(to_day + timedelta(days=1)),
    }
