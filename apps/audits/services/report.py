"""The report: issued once every finding is settled, and reopened."""

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.audits import events, rules
from apps.audits.content import report_document
from apps.audits.models import Audit, AuditReport
from apps.audits.services.plan import move_audit
from apps.audits.services.sign_off import end_sign_off, open_sign_off
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.trail.services import record


@transaction.atomic
def issue_report(*, actor: Actor, audit: Audit, version: int) -> AuditReport:
    """Fix the report's content and ask for its signatures, which are given to its hash.

    Raises Conflict while a finding has no answer.
    """
    require(actor, P.AUDIT_RUN, unit_id=audit.unit_id)
    today = clock.today()
    found = audit.findings.select_related("exception")
    waiting = [str(f) for f in found if not f.is_settled_on(today)]
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
    open_sign_off(actor, audit, report)
    return report


@transaction.atomic
def reopen_audit(*, actor: Actor, audit: Audit, version: int, reason: str) -> Audit:
    """Back to findings; the next report is a new issue, the old one and its signatures stay."""
    require(actor, P.AUDIT_RUN, unit_id=audit.unit_id)
    if not reason.strip():
        raise Invalid("a reason is needed", field="reason", fix="say why the report is reopened")
    before = {"status": audit.status}
    move_audit(audit, "reopen", version, signed_at=None)
    end_sign_off(actor, audit, reason.strip())
    record(
        actor=actor,
        action=events.AUDIT_REOPENED,
        obj=audit,
        before=before,
        after={"status": audit.status},
        reason=reason.strip(),
    )
    return audit
