"""Findings: raised by checks and by people, assigned, answered, settled."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.audits import events, rules
from apps.audits.detectors import Detected, detect_all
from apps.audits.enums import AuditStatus, Check, Severity
from apps.audits.models import Audit, Finding
from apps.audits.selectors import may_respond
from apps.audits.services.plan import move_audit
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.organizations.models import Membership
from apps.trail.services import record

RESPONSE_DAYS = 14


@transaction.atomic
def raise_findings(*, actor: Actor, audit: Audit, version: int) -> list[Finding]:
    """Run every check over the audited period and keep what each one found, once."""
    require(actor, P.AUDIT_RUN, unit_id=audit.unit_id)
    move_audit(audit, "raise_findings", version)
    baseline = audit.baselines.latest("number")
    raised = [
        _create(audit, number, detected, baseline.spend_nanos)
        for number, detected in enumerate(detect_all(audit), start=_last_number(audit) + 1)
    ]
    record(
        actor=actor,
        action=events.FINDINGS_RAISED,
        obj=audit,
        after={"findings": [str(finding) for finding in raised]},
    )
    return raised


def _last_number(audit: Audit) -> int:
    return audit.findings.aggregate(last=Max("number"))["last"] or 0


def _create(audit: Audit, number: int, found: Detected, total_nanos: int) -> Finding:
    severity = (
        rules.severity_of(found.effect_nanos, total_nanos)
        if found.effect_nanos is not None
        else Severity.HIGH
    )
    return Finding.objects.create(
        audit=audit,
        number=number,
        check_name=found.check,
        subject=found.subject,
        severity=severity,
        title=found.title[:200],
        seen=found.seen,
        remedy=found.remedy,
        effect_nanos=found.effect_nanos,
        currency=audit.currency,
        evidence=found.evidence,
        unit_id=found.unit_id,
    )


@transaction.atomic
def add_finding(
    *,
    actor: Actor,
    audit: Audit,
    title: str,
    seen: str,
    severity: str,
    remedy: str = "",
    effect_nanos: int | None = None,
) -> Finding:
    """A finding by a person. Raises Conflict once the report has been issued."""
    require(actor, P.AUDIT_FINDING_WRITE, unit_id=audit.unit_id)
    errors = [
        FieldError(field, message, fix)
        for bad, field, message, fix in (
            (not title.strip(), "title", "the title is empty", "say the finding in one line"),
            (not seen.strip(), "seen", "nothing is described", "say what you saw and where"),
            (severity not in Severity.values, "severity", f"unknown severity {severity!r}",
             f"choose one of {', '.join(Severity.values)}"),
            (effect_nanos is not None and effect_nanos < 0, "effect", "the effect is negative",
             "give the money at stake, or leave it empty"),
        )
        if bad
    ]  # fmt: skip
    if errors:
        raise Invalid("the finding is incomplete", errors=errors)
    locked = Audit.objects.select_for_update().get(id=audit.id)
    if locked.status not in {AuditStatus.BASELINED, AuditStatus.RESPONDING}:
        raise Conflict(
            f"{audit.ref} takes no findings now",
            fix="freeze the baseline first, or reopen the audit",
        )
    finding = Finding.objects.create(
        audit=audit,
        number=_last_number(audit) + 1,
        check_name=Check.MANUAL,
        severity=severity,
        title=title.strip()[:200],
        seen=seen.strip(),
        remedy=remedy.strip(),
        effect_nanos=effect_nanos,
        currency=audit.currency,
        unit_id=audit.unit_id,
    )
    record(
        actor=actor,
        action=events.FINDING_ADDED,
        obj=finding,
        after={"severity": severity, "effect_nanos": effect_nanos},
    )
    return finding


@transaction.atomic
def assign_finding(
    *,
    actor: Actor,
    finding: Finding,
    version: int,
    owner_id: UUID,
    due_on: date | None = None,
) -> Finding:
    """Give the finding to a person, by default with two weeks to answer."""
    require(actor, P.AUDIT_FINDING_WRITE, unit_id=finding.audit.unit_id)
    owner = Membership.objects.filter(id=owner_id, is_active=True).first()
    if owner is None:
        raise Invalid("no such active member", field="owner", fix="choose a person from the list")
    due = due_on or clock.today() + timedelta(days=RESPONSE_DAYS)
    if due < clock.today():
        raise Invalid("the due date has passed", field="due_on", fix="choose today or later")
    return _move(actor, finding, "assign", version, owner_id=owner.id, due_on=due)


@transaction.atomic
def respond_to_finding(*, actor: Actor, finding: Finding, version: int, response: str) -> Finding:
    """The owner's answer: what happened and what will be done."""
    if not may_respond(actor, finding):
        raise Forbidden("this finding is answered by its owner or the lead of its unit")
    return _move(
        actor, finding, "respond", version, response=_needed(response, "response", "an answer")
    )


@transaction.atomic
def settle_finding(
    *, actor: Actor, finding: Finding, version: int, action: str, resolution: str
) -> Finding:
    """`resolve` (mended), `dismiss` (not a problem after all) or `reopen`, with the reason."""
    require(actor, P.AUDIT_FINDING_WRITE, unit_id=finding.audit.unit_id)
    if action not in {"resolve", "dismiss", "reopen"}:
        raise Invalid(
            f"unknown action {action!r}", field="action", fix="resolve, dismiss or reopen"
        )
    return _move(
        actor, finding, action, version, resolution=_needed(resolution, "resolution", "a reason")
    )


def _needed(text: str, field: str, what: str) -> str:
    if not text.strip():
        raise Invalid(f"{what} is needed", field=field, fix=f"write {what}")
    return text.strip()


def _move(actor: Actor, finding: Finding, action: str, version: int, **changes: Any) -> Finding:
    sources, target = rules.FINDING_TRANSITIONS[action]
    before = {"status": finding.status}
    moved = Finding.objects.filter(
        id=finding.id,
        version=version,
        status__in=sources,
        audit__status__in=[AuditStatus.BASELINED, AuditStatus.RESPONDING],
    ).update(status=target, version=F("version") + 1, **changes)
    if not moved:
        raise Conflict(
            "the finding has changed since you opened it, or its report is already issued",
            code="stale_finding",
            fix="reload the audit and decide again",
        )
    finding.refresh_from_db()
    record(
        actor=actor,
        action=events.FINDING_CHANGED,
        obj=finding,
        before=before,
        after={"status": target, **{name: str(value) for name, value in changes.items()}},
    )
    return finding
