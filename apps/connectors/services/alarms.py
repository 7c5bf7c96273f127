"""Alarms about answers in another shape: raised by runs, acknowledged by people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.access.actors import Actor, system_actor
from apps.common import clock
from apps.common.errors import Conflict, NotFound
from apps.connectors import events
from apps.connectors.models import SchemaAlarm, Source
from apps.connectors.providers.drift import Finding, touches_figures
from apps.connectors.services.guards import SCHEMA_CHANGED, managed_source, report_trouble
from apps.trail.services import record

MOST = 100
"""Alarms of one run; a provider that answers in another shape altogether fails anyway."""
_ACTOR = "connectors.pull"


def raise_alarms(source: Source, drift: dict[str, set[Finding]], seen_at: datetime) -> int:
    """Remember what a run met; the number of alarms that are new. Known ones are only dated."""
    found = [
        (endpoint[:160], field[:200], change)
        for endpoint, findings in sorted(drift.items())
        for field, change in sorted(findings)
    ][:MOST]
    if not found:
        return 0
    known = {
        (alarm.endpoint, alarm.field, alarm.change): alarm.id
        for alarm in SchemaAlarm.objects.filter(source_id=source.id)
    }
    fresh = [key for key in dict.fromkeys(found) if key not in known]
    again = [known[key] for key in found if key in known]
    SchemaAlarm.objects.filter(id__in=again).update(last_seen=seen_at)
    made = SchemaAlarm.objects.bulk_create(
        SchemaAlarm(
            source=source,
            endpoint=endpoint,
            field=field,
            change=change,
            touches_figures=touches_figures(field),
            first_seen=seen_at,
            last_seen=seen_at,
        )
        for endpoint, field, change in fresh
    )
    if fresh:
        fields: dict[str, Any] = {"fields": [f"{e}: {f} ({c})" for e, f, c in fresh[:20]]}
        actor = system_actor(_ACTOR)
        record(actor=actor, action=events.SOURCE_SCHEMA_CHANGED, obj=source, after=fields)
        report_trouble(source, SCHEMA_CHANGED, made[0].id)
    return len(fresh)


def acknowledge_alarm(
    *, actor: Actor, source_id: UUID, alarm_id: UUID, note: str = ""
) -> SchemaAlarm:
    """Say that an alarm was seen. Raises NotFound, Forbidden, Conflict when it was already."""
    source = managed_source(actor, source_id)
    alarm = SchemaAlarm.objects.filter(source_id=source_id, id=alarm_id).first()
    if alarm is None:
        raise NotFound("There is no such alarm.", code="alarm_not_found")
    values = {
        "acknowledged_at": clock.now(),
        "acknowledged_by": actor.name[:200],
        "note": note.strip()[:500],
    }
    open_one = SchemaAlarm.objects.filter(id=alarm.id, acknowledged_at__isnull=True)
    if not open_one.update(**values):
        raise Conflict("This alarm was acknowledged already.", code="already_acknowledged")
    alarm.refresh_from_db()
    record(
        actor=actor,
        action=events.SOURCE_ALARM_ACKNOWLEDGED,
        obj=source,
        after={"endpoint": alarm.endpoint, "field": alarm.field, "change": alarm.change},
        reason=alarm.note,
    )
    return alarm
