"""Checking the data, and what people do about what was found."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.ledger.quality import events, ports, selectors
from apps.ledger.quality.enums import Severity, State
from apps.ledger.quality.models import MOST_PERCENT, GrowthThreshold, QualityAlert
from apps.ledger.quality.ports import Finding
from apps.notifications.services import notify
from apps.organizations.selectors import organization, people_with_role
from apps.tenancy.urls import org_url
from apps.trail.services import record

MOST_TOKENS = 10**15
TOLD = (Role.OWNER, Role.ADMIN, Role.TOKENOPS_LEAD)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check did."""

    opened: int
    seen: int
    resolved: int


def check() -> Checked:
    """Run every detector in the open scope: raise what is new, date what is known, resolve what is
    no longer so. Repeating it changes only the dates."""
    found = {
        (finding.kind.value, finding.subject): finding
        for detector in ports.detectors()
        for finding in detector()
    }
    known = {
        (row.kind, row.subject): row
        for row in QualityAlert.objects.filter(subject__in=[subject for _, subject in found])
    }
    opened = 0
    for key, finding in found.items():
        opened += _raise(finding, known.get(key))
    gone = [row for row in selectors.live() if (row.kind, row.subject) not in found]
    for row in gone:
        QualityAlert.objects.filter(id=row.id, state__in=selectors.LIVE).update(
            state=State.RESOLVED,
            resolved_at=clock.now(),
            resolved_by="It is no longer so",
            version=F("version") + 1,
        )
    return Checked(opened, len(found), len(gone))


def _raise(finding: Finding, known: QualityAlert | None) -> bool:
    """Raise a finding, or date its alert; whether somebody was told."""
    now = clock.now()
    said = {
        "severity": finding.severity.value,
        "title": finding.title[:200],
        "detail": finding.detail,
        "path": finding.path,
        "last_seen": now,
    }
    if known is None:
        created = QualityAlert.objects.bulk_create(
            [
                QualityAlert(
                    kind=finding.kind.value,
                    subject=finding.subject,
                    source_id=finding.source_id,
                    capability_id=finding.capability_id,
                    since=finding.since,
                    first_seen=now,
                    **said,
                )
            ],
            ignore_conflicts=True,
        )
        row = QualityAlert.objects.get(kind=finding.kind.value, subject=finding.subject)
        if row.id != created[0].id:
            return False
        _tell(row, finding)
        return True
    if known.state == State.RESOLVED and not known.by_person:
        moved = QualityAlert.objects.filter(id=known.id, version=known.version).update(
            state=State.OPEN,
            raised=F("raised") + 1,
            resolved_at=None,
            resolved_by="",
            acknowledged_at=None,
            acknowledged_by="",
            version=F("version") + 1,
            **said,
        )
        if moved:
            known.refresh_from_db()
            _tell(known, finding)
        return bool(moved)
    QualityAlert.objects.filter(id=known.id).update(**said)
    return False


def _tell(row: QualityAlert, finding: ports.Finding) -> None:
    record(
        actor=system_actor("ledger.quality"),
        action=events.OPENED,
        obj=row,
        after={"kind": row.kind, "severity": row.severity, "since": str(row.since)},
    )
    people = {person.id for role in TOLD for person in people_with_role(role)}
    people |= finding.people
    notify(
        recipients=people,
        kind=f"quality.{row.kind}",
        key=f"quality:{row.id}:{row.raised}",
        title=row.title,
        body=row.detail,
        path=org_url(organization().slug, "quality:detail", quality_alert_id=row.id),
        email=row.severity == Severity.BAD,
    )


@transaction.atomic
def set_growth_threshold(
    *, actor: Actor, percent: int | None, least_tokens: int, version: int
) -> GrowthThreshold:
    """Be told of growth from `percent` on, or never (None), where it starts from at least
    `least_tokens`. `version` is the one that was read, 0 for the default.

    Raises Forbidden, Invalid (field `percent` or `least_tokens`), Conflict.
    """
    require(actor, P.SOURCE_MANAGE)
    if percent is not None and not 1 <= percent <= MOST_PERCENT:
        raise Invalid(
            f"A threshold is from 1 to {MOST_PERCENT:,} percent.",
            field="percent",
            fix="Leave it empty to be told of no growth.",
        )
    if not 0 <= least_tokens <= MOST_TOKENS:
        raise Invalid(
            "That is no number of tokens.",
            field="least_tokens",
            fix=f"Send a whole number from 0 to {MOST_TOKENS:,}.",
        )
    before = selectors.growth_threshold()
    if version == 0:
        GrowthThreshold.objects.bulk_create([GrowthThreshold()], ignore_conflicts=True)
    moved = GrowthThreshold.objects.filter(version=version).update(
        percent=percent,
        least_tokens=least_tokens,
        version=F("version") + 1,
        changed_at=clock.now(),
    )
    if not moved:
        raise Conflict(
            "The growth threshold was changed meanwhile.",
            code="growth_threshold_changed",
            fix="Load the page again.",
        )
    after = selectors.growth_threshold()
    record(
        actor=actor,
        action=events.THRESHOLD,
        obj=after,
        before={"percent": before.percent, "least_tokens": before.least_tokens},
        after={"percent": after.percent, "least_tokens": after.least_tokens},
    )
    return after


def acknowledge(*, actor: Actor, alert_id: UUID, version: int, note: str = "") -> QualityAlert:
    """Say that somebody has it. Conflict unless it is open and unchanged."""
    return _step(
        actor,
        alert_id,
        version,
        (State.OPEN,),
        events.ACKNOWLEDGED,
        state=State.ACKNOWLEDGED,
        acknowledged_at=clock.now(),
        acknowledged_by=actor.name[:200],
        note=note.strip()[:500],
    )


def resolve(*, actor: Actor, alert_id: UUID, version: int, note: str) -> QualityAlert:
    """Close it for good: the same cause is not raised again. Needs a note."""
    if not note.strip():
        raise Invalid("Say what was done, or why nothing is.", field="note", fix="Write a note.")
    return _step(
        actor,
        alert_id,
        version,
        (State.OPEN, State.ACKNOWLEDGED),
        events.RESOLVED,
        state=State.RESOLVED,
        resolved_at=clock.now(),
        resolved_by=actor.name[:200],
        by_person=True,
        note=note.strip()[:500],
    )


def _step(
    actor: Actor,
    alert_id: UUID,
    version: int,
    expected: Iterable[State],
    action: str,
    **values: object,
) -> QualityAlert:
    require(actor, P.SOURCE_MANAGE)
    before = selectors.alert(actor, alert_id)
    moved = QualityAlert.objects.filter(
        id=alert_id, version=version, state__in=[state.value for state in expected]
    ).update(version=F("version") + 1, **values)
    if not moved:
        raise Conflict(
            f"This alert is {State(before.state).label.lower()}, or was changed meanwhile.",
            code="quality_alert_changed",
            fix="Load the page again.",
        )
    after = selectors.alert(actor, alert_id)
    record(
        actor=actor,
        action=action,
        obj=after,
        before={"state": before.state},
        after={"state": after.state},
        reason=str(values.get("note", "")),
    )
    return after
