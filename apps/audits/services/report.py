"""The report: issued once every finding is settled, signed by each required role."""

from collections import Counter
from typing import Any

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.audits import events, rules
from apps.audits.models import Audit, AuditReport, Signature
from apps.audits.services.plan import move_audit
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.trail.services import record


@transaction.atomic
def issue_report(*, actor: Actor, audit: Audit, version: int) -> AuditReport:
    """Fix the report's content; signatures are given to its hash.

    Raises Conflict while a finding has no answer.
    """
    require(actor, P.AUDIT_RUN, unit_id=audit.unit_id)
    waiting = [str(f) for f in audit.findings.all() if f.status not in rules.SETTLED]
    if waiting:
        raise Conflict(
            f"{len(waiting)} findings have no answer: {'; '.join(waiting[:3])}",
            code="findings_open",
            fix="assign each finding and wait for its response, or settle it",
        )
    move_audit(audit, "issue_report", version)
    document = rules.canonical(report_document(audit))
    report = AuditReport.objects.create(
        audit=audit,
        number=audit.reports.count() + 1,
        document=document,
        sha256=rules.sha256(document),
        issued_at=clock.now(),
    )
    record(
        actor=actor,
        action=events.REPORT_ISSUED,
        obj=audit,
        after={"report": report.number, "sha256": report.sha256},
    )
    return report


def report_document(audit: Audit) -> dict[str, Any]:
    """Everything a reader needs, as plain JSON values."""
    baseline = audit.baselines.latest("number")
    findings = list(audit.findings.select_related("owner__user", "unit"))
    return {
        "format": "tokenops.audit.report/1",
        "audit": {
            "ref": audit.ref,
            "title": audit.title,
            "purpose": audit.purpose,
            "unit": audit.unit.name if audit.unit else None,
            "period_start": audit.period_start.isoformat(),
            "period_end": audit.period_end.isoformat(),
            "currency": audit.currency,
            "lead": str(audit.lead),
            "required_roles": audit.required_roles,
        },
        "baseline": {
            "number": baseline.number,
            "captured_at": baseline.captured_at.isoformat(),
            "sha256": baseline.sha256,
            "spend_nanos": baseline.spend_nanos,
            "tokens": baseline.tokens,
        },
        "summary": dict(Counter(finding.severity for finding in findings)),
        "findings": [
            {
                "number": finding.number,
                "check": finding.check_name,
                "severity": finding.severity,
                "title": finding.title,
                "seen": finding.seen,
                "remedy": finding.remedy,
                "effect_nanos": finding.effect_nanos,
                "evidence": finding.evidence,
                "status": finding.status,
                "unit": finding.unit.name if finding.unit else None,
                "owner": str(finding.owner) if finding.owner else None,
                "due_on": finding.due_on.isoformat() if finding.due_on else None,
                "response": finding.response,
                "resolution": finding.resolution,
            }
            for finding in findings
        ],
    }


@transaction.atomic
def sign_report(*, actor: Actor, audit: Audit, version: int, role: str, sha256: str) -> Signature:
    """Sign the report the actor has read (`sha256`) for one required role they hold.

    One person signs once. The last signature completes the audit. Raises Conflict when the report
    is another one by now, Forbidden when the actor does not hold the role.
    """
    require(actor, P.AUDIT_SIGN, unit_id=audit.unit_id)
    report = audit.reports.order_by("-number").first()
    if report is None or audit.status != "signing" or report.sha256 != sha256:
        raise Conflict(
            "this is not the report that waits for signatures",
            code="stale_report",
            fix="open the current report, read it and sign that one",
        )
    if role not in audit.required_roles:
        raise Invalid(
            f"{role!r} does not sign this audit",
            field="role",
            fix=f"one of {', '.join(audit.required_roles)}",
        )
    holds = any(b.role == Role(role) and b.covers(audit.unit_id) for b in actor.bindings)
    if actor.membership_id is None or not holds:
        raise Forbidden(f"you do not hold the role {Role(role).label}")
    _touch(audit, version)
    try:
        with transaction.atomic():
            signature = Signature.objects.create(
                report=report,
                role=role,
                membership_id=actor.membership_id,
                person_name=actor.name,
                sha256=report.sha256,
                signed_at=clock.now(),
            )
    except IntegrityError:
        raise Conflict(
            "this role has signed already, or you have signed for another role",
            code="already_signed",
            fix="the two signatures must come from two people",
        ) from None
    record(
        actor=actor,
        action=events.REPORT_SIGNED,
        obj=audit,
        after={"role": role, "report": report.number, "sha256": report.sha256},
    )
    _complete_if_signed(actor, audit, report)
    return signature


def _touch(audit: Audit, version: int) -> None:
    """Signatures of one audit come one after the other: the row's version moves with each."""
    moved = Audit.objects.filter(id=audit.id, version=version, status="signing").update(
        version=version + 1
    )
    if not moved:
        raise Conflict(
            f"{audit.ref} has changed since you opened it",
            code="stale_audit",
            fix="reload the audit and sign again",
        )
    audit.refresh_from_db()


def _complete_if_signed(actor: Actor, audit: Audit, report: AuditReport) -> None:
    given = list(report.signatures.values_list("role", "membership_id"))
    if not rules.signing(audit.required_roles, given).complete:
        return
    move_audit(audit, "complete", audit.version, signed_at=clock.now())
    record(
        actor=actor,
        action=events.AUDIT_SIGNED,
        obj=audit,
        after={"report": report.number, "sha256": report.sha256, "signatures": len(given)},
    )


@transaction.atomic
def reopen_audit(*, actor: Actor, audit: Audit, version: int, reason: str) -> Audit:
    """Back to findings; the next report is a new issue, the old one and its signatures stay."""
    require(actor, P.AUDIT_RUN, unit_id=audit.unit_id)
    if not reason.strip():
        raise Invalid("a reason is needed", field="reason", fix="say why the report is reopened")
    before = {"status": audit.status}
    move_audit(audit, "reopen", version, signed_at=None)
    record(
        actor=actor,
        action=events.AUDIT_REOPENED,
        obj=audit,
        before=before,
        after={"status": audit.status},
        reason=reason.strip(),
    )
    return audit
