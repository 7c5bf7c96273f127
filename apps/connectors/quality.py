"""What the connectors add to the data-quality alerts: answers that changed their shape."""

from collections.abc import Iterator

from apps.connectors.enums import SchemaChange
from apps.connectors.models import SchemaAlarm
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding


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
