"""Living with a finding: an exception from it, decided by the people on its route, until a day."""

from datetime import date

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.services import AskInput, file_ask
from apps.audits import events, rules
from apps.audits.enums import AuditStatus
from apps.audits.models import Finding
from apps.audits.selectors import may_respond
from apps.common import clock
from apps.common.errors import Conflict, Forbidden
from apps.trail.services import record


@transaction.atomic
def ask_to_accept(
    *, actor: Actor, finding: Finding, version: int, reason: str, until: date | None
) -> Finding:
    """Ask to live with a finding until a day: an exception from the rule `finding`.

    By whoever answers for it, never by its auditor alone: the people on the route of exceptions
    decide, with the finding's effect as the amount (routes may ask about it and about the kind
    `finding`). Approved, it no longer holds up the report while the exception holds.

    Raises Forbidden (does not answer for it, or may not ask for its team), Invalid naming the
    field, Conflict (settled, asked or accepted already, changed since `version`). Nothing is
    written then.
    """
    if not may_respond(actor, finding):
        raise Forbidden("who answers for the finding asks: its owner or the lead of its unit")
    known, today = finding.exception, clock.today()
    if known is not None and (known.status == AskStatus.ASKED or known.holds_on(today)):
        raise Conflict(
            f"{known.ref} is about this finding already",
            code="already_asked",
            fix="wait for its decision, or for its last day",
        )
    _require_open(finding, version)
    ask = file_ask(
        actor=actor,
        asked=AskInput(
            kind=AskKind.EXCEPTION,
            rule=Rule.FINDING,
            title=f"Live with {finding.audit.ref} {finding}"[:160],
            reason=reason,
            about=f"{finding.audit.ref} {finding}"[:200],
            unit_id=finding.unit_id or finding.audit.unit_id,
            amount_nanos=finding.effect_nanos,
            starts_on=today,
            ends_on=until,
        ),
    )
    moved = Finding.objects.filter(
        id=finding.id,
        version=version,
        status__in=rules.ACCEPTABLE,
        audit__status__in=[AuditStatus.BASELINED, AuditStatus.RESPONDING],
    ).update(exception_id=ask.id, version=F("version") + 1)
    if not moved:
        raise _changed()
    finding.refresh_from_db()
    record(
        actor=actor,
        action=events.FINDING_CHANGED,
        obj=finding,
        after={"exception": ask.ref, "until": until.isoformat() if until else None},
        reason=reason.strip(),
    )
    return finding


def _require_open(finding: Finding, version: int) -> None:
    """Checked before anything is asked, and once more by the update that follows."""
    open_audit = finding.audit.status in {AuditStatus.BASELINED, AuditStatus.RESPONDING}
    if finding.version != version or finding.status not in rules.ACCEPTABLE or not open_audit:
        raise _changed()


def _changed() -> Conflict:
    return Conflict(
        "the finding is settled or has changed since you opened it, or its report is issued",
        code="stale_finding",
        fix="reload the audit and decide again",
    )
