"""What the connectors add to the data-quality alerts: changed answers, and late sources."""

from collections.abc import Iterator
from datetime import timedelta

from apps.common import clock, fmt
from apps.connectors import rules
from apps.connectors.enums import (
    SCHEDULED_KINDS,
    Health,
    SchemaChange,
    SourceKind,
    SourceStatus,
)
from apps.connectors.inventory import selectors as inventory
from apps.connectors.models import SchemaAlarm, Source
from apps.connectors.providers.registry import cadence_of
from apps.connectors.selectors import health_of
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding
from apps.organizations.selectors import organization


def schema_changes() -> Iterator[Finding]:
    """Alarms of sources that nobody has acknowledged."""
    for alarm in SchemaAlarm.objects.filter(acknowledged_at=None).select_related("source"):
        change = SchemaChange(alarm.change).label.lower()
        yield Finding(
            kind=Kind.SCHEMA,
            subject=str(alarm.id),
            severity=Severity.BAD if alarm.touches_figures else Severity.WARN,
            title=f"{alarm.source.name}: {change} {alarm.field}",
            detail=f"The answer of {alarm.endpoint} no longer has its documented shape."
            + (" The field speaks of tokens or money." if alarm.touches_figures else "")
            + " Acknowledge the alarm on the source's page.",
            since=alarm.first_seen.date(),
            source_id=alarm.source_id,
        )


LATE_AFTER = timedelta(hours=6)
"""Beyond what a source's schedule explains: an hour of a provider's trouble is no alert."""
VERY_LATE = timedelta(hours=24)


def late_sources() -> Iterator[Finding]:
    """Sources that are read on a schedule and whose data ends long before now, whatever the cause:
    an answer that fails, a refused credential, a place without new files. Told within hours, while
    a quiet day shows only when it is over."""
    now, zone = clock.now(), organization().timezone
    found = Source.objects.filter(kind__in=SCHEDULED_KINDS).exclude(status=SourceStatus.PAUSED)
    for source in found:
        files = source.kind == SourceKind.FILES
        through = source.last_success_at if files else source.cursor
        cadence = cadence_of(source.kind, source.role)
        since = through or source.created_at
        behind = now - since - rules.expected_lag(source.schedule_minutes, cadence)
        if behind < LATE_AFTER or _reads_history(source):
            continue
        what = (
            "has brought nothing yet" if through is None else f"ends at {fmt.moment(since, zone)}"
        )
        length = fmt.duration(behind.total_seconds())
        why = f" Its last error: {source.last_error}" if source.last_error else ""
        yield Finding(
            kind=Kind.LATE,
            subject=f"{source.id}:{since.date()}",
            severity=Severity.BAD if behind >= VERY_LATE else Severity.WARN,
            title=f"{source.name} {what}"[:200],
            detail=f"It should be {length} further. Totals since then are too low.{why}",
            since=since.date(),
            source_id=source.id,
        )


def _reads_history(source: Source) -> bool:
    """Whether it is far behind because its past is still being read."""
    done = source.last_success_at
    recent = done is not None and clock.now() - done < LATE_AFTER
    return recent and health_of(source) == Health.CATCHING_UP


def keys_in_doubt() -> Iterator[Finding]:
    """Keys that nobody knows and that began lately, and banned ones that are still used."""
    today = clock.today(organization().timezone)
    found = inventory.lines()
    for line in inventory.unknown(found, today):
        first = line.first_used or today
        yield Finding(
            kind=Kind.KEY,
            subject=f"new:{line.provider}:{line.key}"[:200],
            severity=Severity.WARN,
            title=f"Unknown key {line.label} calls {line.provider} since {fmt.day(first)}"[:200],
            detail=f"{fmt.tokens(line.tokens)} tokens. No connected provider account lists it: a "
            "key of an account nobody connected, or of somebody’s own. Review it in the key "
            "inventory.",
            since=first,
        )
    for line in inventory.banned_in_use(found):
        last = line.last_used or today
        yield Finding(
            kind=Kind.KEY,
            subject=f"banned:{line.provider}:{line.key}:{last:%Y-%m}"[:200],
            severity=Severity.BAD,
            title=f"Banned key {line.label} was used on {fmt.day(last)}"[:200],
            detail="It was banned before. Revoke it at its provider.",
            since=last,
        )
