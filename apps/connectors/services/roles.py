"""Another role for a source that is handed in or read from files, from a day on."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.periods import day_in_zone, day_start, month_of
from apps.common.tokens import KINDS
from apps.connectors import events, rules
from apps.connectors.enums import PULLED_KINDS, SourceKind, SourceRole
from apps.connectors.models import RoleChange, Source
from apps.connectors.services.compared import Compared, forget_since, store_records
from apps.connectors.services.guards import apply_changes, managed_source
from apps.ledger.selectors.one_source import SourceRecord, records_of
from apps.ledger.selectors.periods import closed_months
from apps.ledger.services import ingest, mark_coverage
from apps.ledger.services.state import Settings, lock
from apps.outbox.services import enqueue
from apps.tenancy.scope import tenant_scope
from apps.trail.services import record

ROLE_CHANGED = "source.role_changed"
HANDED_IN_LAG, FILES_LAG = 3 * 3600, 2 * 86_400
LONGEST = timedelta(days=366)
STEP = timedelta(hours=1)
"""What is moved in one transaction: a busy hour fits into memory."""


def change_role(
    *, actor: Actor, source_id: UUID, version: int, role: str, since: date | None, reason: str
) -> Source:
    """Give a source that is handed in or read from files another role from a ledger day on.

    Comparison only: what it counted since is withdrawn from the ledger in the background and kept
    to compare. Channel of record: files count from `since` and are read again; what programs push
    counts from this moment, for what they sent before cannot be asked for again. Raises NotFound,
    Forbidden, Invalid for a wrong role, reason or day, a day of a closed period among them, and
    Conflict for a source that changed, is pulled, or has the role.
    """
    source = managed_source(actor, source_id)
    if source.kind in PULLED_KINDS:
        raise Conflict(
            "This source is pulled: its history is read again in its new role.",
            code="source_is_pulled",
            fix="Change the role with its other settings.",
        )
    if role == source.role:
        raise Conflict(f"It is {source.get_role_display().lower()} already.", code="same_role")
    if RoleChange.objects.filter(source=source, done_at=None).exists():
        raise Conflict(
            "Its usage is still being moved after the last change.",
            code="role_moving",
            fix="Wait until it is done; the page of the source says so.",
        )
    settings = lock(exclusive=True)
    instant = _instant(source, role, since, reason, settings)
    before = source.role
    apply_changes(source, version, role=role)
    change = RoleChange.objects.create(
        source=source,
        role=role,
        since=instant,
        reason=reason.strip()[:500],
        decided_by=actor.name[:200],
        done_at=None if role == SourceRole.COMPARISON else clock.now(),
    )
    counts = role == SourceRole.RECORD
    if counts:
        change.moved = forget_since(source.id, instant)
        change.save(update_fields=["moved"])
    enqueue(ROLE_CHANGED, key=f"source:{source.id}", payload={"source_id": str(source.id)})
    mark_coverage(
        source_id=source.id,
        complete_through=source.cursor,
        name=source.name,
        is_active=counts,
        expected_lag_seconds=FILES_LAG if source.kind == SourceKind.FILES else HANDED_IN_LAG,
    )
    record(
        actor=actor,
        action=events.SOURCE_ROLE_CHANGED,
        obj=source,
        before={"role": before},
        after={"role": role, "since": instant.isoformat()},
        reason=change.reason,
    )
    return source


def _instant(
    source: Source, role: str, since: date | None, reason: str, settings: Settings
) -> datetime:
    now = clock.now()
    errors: list[FieldError] = []
    if role not in SourceRole.values:
        known = " or ".join(SourceRole.values)
        errors.append(FieldError("role", "There is no such role.", f"Choose {known}."))
    if not reason.strip():
        errors.append(FieldError("reason", "Totals change: say why.", "Write a reason."))
    if role == SourceRole.RECORD and source.is_pushed:
        if since is not None:
            errors.append(
                FieldError(
                    "since",
                    "What programs pushed before cannot be asked for again.",
                    "Leave the day out: it counts from now on.",
                )
            )
        instant = now
    else:
        day = since or day_in_zone(now, settings.timezone)
        instant = day_start(day, settings.timezone)
        if not now - LONGEST <= instant <= now:
            errors.append(
                FieldError(
                    "since",
                    "The day is more than a year ago or in the future.",
                    "Choose a day from then until today.",
                )
            )
        closed = [month for month in closed_months() if month >= month_of(day).start]
        if closed:
            errors.append(
                FieldError(
                    "since",
                    f"{max(closed):%B %Y} is closed: its totals no longer move.",
                    "Choose a day after it, or reopen the period.",
                )
            )
    if errors:
        raise Invalid("The role cannot change like this.", errors=errors)
    return instant


def move_usage(*, organization_id: UUID, source_id: UUID) -> int:
    """Take out of the ledger what a source counted since it is only compared; how many records.

    Open no scope around it. An hour per transaction, each of which may be repeated: a record is
    kept for comparison once, and withdrawn once.
    """
    with tenant_scope(organization_id):
        waiting = RoleChange.objects.filter(source_id=source_id, done_at=None)
        changes = list(waiting.order_by("created_at", "id"))
    total = 0
    for change in changes:
        moved = 0
        for start, end in _hours(change.since, clock.now() + rules.DAY):
            with tenant_scope(organization_id):
                moved += _move(organization_id, source_id, start, end)
        with tenant_scope(organization_id):
            RoleChange.objects.filter(id=change.id).update(done_at=clock.now(), moved=moved)
        total += moved
    return total


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(start + STEP, end)
        start += STEP


def _move(organization_id: UUID, source_id: UUID, start: datetime, end: datetime) -> int:
    lock()
    counted = records_of(source_id, start, end)
    if not counted:
        return 0
    now = clock.now()
    store_records(source_id, [_compared(row) for row in counted], today=now.date())
    ingest(
        organization_id=organization_id,
        source_id=source_id,
        batch=[],
        complete_window=(start, end),
        events_too=True,
        accepted_at=now,
    )
    return len(counted)


def _compared(row: SourceRecord) -> Compared:
    return Compared(
        record_key=row.record_key,
        occurred_at=row.occurred_at,
        observed_at=row.observed_at,
        dimensions=(
            row.provider,
            row.account,
            row.project_id,
            row.api_key_id,
            row.user,
            row.model,
            row.service_tier,
            row.own_currency or "USD",
        ),
        labels=(row.project, row.api_key),
        counts=tuple(getattr(row, kind) for kind in KINDS),
        requests=row.requests,
        cost_nanos=row.own_nanos,
    )
