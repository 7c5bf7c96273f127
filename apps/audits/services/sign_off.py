"""Signing a report: a request of the approval engine, one step for each required role.

The engine's approval is the signature. Both are written in one transaction, and a signature stands
while its approval does.
"""

from typing import Any
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import LABELS, Role
from apps.access.services import require
from apps.approvals import selectors as approval_selectors
from apps.approvals import services as approvals
from apps.approvals.enums import Decision
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.policy import StepSpec
from apps.approvals.subjects import Outcome, SubjectDetail, SubjectHandler
from apps.audits import events, rules, selectors
from apps.audits.content import report_document
from apps.audits.enums import Severity
from apps.audits.models import Audit, AuditReport, Signature
from apps.audits.selectors import SUBJECT
from apps.audits.services.plan import move_audit
from apps.common import clock, fmt
from apps.common.errors import Conflict, Invalid
from apps.trail.services import record

DUE_DAYS = 5
"""Working days of each role to sign."""


def own_steps(audit: Audit) -> list[StepSpec]:
    """One step for each required role, each by another person; the owner where nobody holds it."""
    return [
        StepSpec(
            name=f"Signature of the {LABELS[Role(role)]}"[:120],
            roles=[role],
            due_working_days=DUE_DAYS,
            fallback_roles=[] if role == Role.OWNER else [Role.OWNER.value],
            distinct=True,
        )
        for role in audit.required_roles
    ]


def open_sign_off(actor: Actor, audit: Audit, report: AuditReport) -> ApprovalRequest:
    """Ask for the signatures under a report. Who issued it and who led the audit do not sign.

    Routes may ask about the audited spend (the amount of the whole), the unit, and as kind the
    severity of the worst finding.
    """
    severities = list(audit.findings.values_list("severity", flat=True))
    worst = next((level for level in Severity.values if level in severities), "")
    baseline = audit.baselines.latest("number")
    tone = {"critical": "bad", "high": "warn"}.get(worst, "")
    flags = [{"tone": tone, "text": f"Worst: {Severity(worst).label.lower()}"}] if worst else []
    spend = fmt.money(baseline.spend_nanos, audit.currency)
    return approvals.open_request(
        actor=actor,
        subject_type=SUBJECT,
        subject_id=audit.id,
        subject_ref=audit.ref,
        revision_id=report.id,
        revision_number=report.number,
        title=f"Sign: {audit.title}",
        summary=f"{spend} audited, {fmt.plural(len(severities), 'finding')}. {audit.purpose}",
        unit_id=audit.unit_id,
        requester_id=actor.membership_id,
        author_ids=[audit.lead_id],
        amount_nanos=None,
        amount_period="once",
        currency=audit.currency,
        context={"kind": worst or None, "amount_lifetime_nanos": baseline.spend_nanos},
        flags=flags,
        own_steps=own_steps(audit),
    )


def sign_report(*, actor: Actor, audit: Audit, version: int, role: str, sha256: str) -> Signature:
    """Sign the report the actor has read (`sha256`) for the role whose turn it is.

    The same as approving the step of its request. Raises Conflict when the report is another one
    by now or it is another role's turn, Invalid for a role that does not sign this audit,
    Forbidden for who is no approver of the step, led the audit, or has signed.
    """
    require(actor, P.AUDIT_SIGN, unit_id=audit.unit_id)
    report = selectors.latest_report(audit)
    request = selectors.sign_off_of(audit)
    if report is None or request is None or not request.is_open or report.sha256 != sha256:
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
    if audit.version != version:
        raise _changed(audit)
    if selectors.role_in_turn(audit, request) != role:
        raise Conflict(
            "this role has signed already, or others sign before it",
            code="not_in_turn",
            fix="the route of the sign-off shows whose turn it is",
        )
    receipt = approvals.decide(
        actor=actor,
        request_id=request.id,
        version=request.version,
        decision=Decision.APPROVE.value,
    )
    audit.refresh_from_db()
    return Signature.objects.get(decision_id=receipt.decision.id)


class AuditSubject(SubjectHandler):
    """The report of an audit. Every hook runs inside the transaction of the decision."""

    subject_type = SUBJECT
    label = "Audit"
    by_rule = False

    def lock(self, subject_id: UUID) -> None:
        Audit.objects.select_for_update().filter(id=subject_id).order_by().first()

    def on_decided(
        self, *, actor: Actor, request: ApprovalRequest, outcome: Outcome
    ) -> dict[str, Any] | None:
        audit, report = _signed_report(request)
        if outcome.decision is not Decision.APPROVE:
            return _send_back(actor, audit, outcome.note)
        role = selectors.required_role(audit, request, outcome.position)
        if role and outcome.role:
            _sign(actor, audit, report, role, outcome)
        if not outcome.final:
            return None
        move_audit(audit, "complete", audit.version, signed_at=clock.now())
        record(
            actor=actor,
            action=events.AUDIT_SIGNED,
            obj=audit,
            after={
                "report": report.number,
                "sha256": report.sha256,
                "signatures": len(selectors.standing_signatures(report)),
            },
        )
        return {"version": audit.version}

    def on_withdrawn(self, *, actor: Actor, request: ApprovalRequest) -> None:
        audit, _ = _signed_report(request)
        _send_back(actor, audit, request.closed_note or "The sign-off was withdrawn.")

    def undo_refused(self, *, request: ApprovalRequest) -> str:
        audit = Audit.objects.get(id=request.subject_id)
        if audit.version != request.memento.get("version"):
            return "The audit has moved on since: reopen it instead."
        report = AuditReport.objects.get(id=request.revision_id)
        if rules.sha256(rules.canonical(report_document(audit))) != report.sha256:
            return "A finding has changed since: issue a new report."
        return ""

    def on_undone(self, *, actor: Actor, request: ApprovalRequest) -> None:
        audit = Audit.objects.get(id=request.subject_id)
        before = {"status": audit.status}
        back = "take_back" if request.memento.get("sent_back") is None else "issue_report"
        move_audit(audit, back, audit.version, signed_at=None)
        record(
            actor=actor,
            action=events.SIGN_OFF_UNDONE,
            obj=audit,
            before=before,
            after={"status": audit.status},
        )

    def detail(self, *, actor: Actor, request: ApprovalRequest) -> SubjectDetail:
        audit, report = _report_of(request)
        return SubjectDetail(
            template="audits/_approval_detail.html",
            context={
                "audit_row": audit,
                "audit_report": report,
                "audit_baseline": selectors.latest_baseline(audit),
                "audit_findings": selectors.by_severity(audit),
                "audit_seats": selectors.seats(audit, report),
            },
        )

    def url(self, request: ApprovalRequest) -> tuple[str, dict[str, UUID | str]] | None:
        return ("audits:detail", {"audit_id": request.subject_id})

    def consequence(self, request: ApprovalRequest) -> str:
        audit, report = _report_of(request)
        role = selectors.required_role(audit, request, request.current_step)
        signs = f" and signs it for the {LABELS[Role(role)]}" if role else ""
        return f"Approves report {report.number}, SHA-256 {report.sha256[:16]}…{signs}."


def _report_of(request: ApprovalRequest) -> tuple[Audit, AuditReport]:
    report = AuditReport.objects.select_related("audit__unit", "audit__lead__user").get(
        id=request.revision_id
    )
    return report.audit, report


def _signed_report(request: ApprovalRequest) -> tuple[Audit, AuditReport]:
    audit, report = _report_of(request)
    latest = selectors.latest_report(audit)
    if audit.status != "signing" or latest is None or latest.id != report.id:
        raise Conflict("A newer report waits for signatures.", code="stale_report")
    return audit, report


def _sign(actor: Actor, audit: Audit, report: AuditReport, role: str, outcome: Outcome) -> None:
    """The signature of an approval. A deputy signs only if they may sign audits themselves."""
    require(actor, P.AUDIT_SIGN, unit_id=audit.unit_id)
    assert actor.membership_id is not None  # noqa: S101 -- the engine lets only people decide
    capacity = ""
    if outcome.on_behalf:
        capacity = f"for {', '.join(outcome.on_behalf)}"
    elif outcome.role != role:
        capacity = f"as {LABELS[Role(outcome.role)]}: nobody holds the role"
    Signature.objects.create(
        report=report,
        role=role,
        attempt=report.signatures.filter(role=role).count() + 1,
        decision_id=outcome.decision_id,
        capacity=capacity[:200],
        membership_id=actor.membership_id,
        person_name=actor.name,
        sha256=report.sha256,
        signed_at=clock.now(),
    )
    moved = Audit.objects.filter(id=audit.id, version=audit.version, status="signing").update(
        version=audit.version + 1
    )
    if not moved:
        raise _changed(audit)
    audit.refresh_from_db()
    record(
        actor=actor,
        action=events.REPORT_SIGNED,
        obj=audit,
        after={
            "role": role,
            "report": report.number,
            "sha256": report.sha256,
            **({"capacity": capacity} if capacity else {}),
        },
    )


def _send_back(actor: Actor, audit: Audit, reason: str) -> dict[str, Any]:
    before = {"status": audit.status}
    move_audit(audit, "reopen", audit.version, signed_at=None)
    record(
        actor=actor,
        action=events.AUDIT_REOPENED,
        obj=audit,
        before=before,
        after={"status": audit.status},
        reason=reason,
    )
    return {"version": audit.version, "sent_back": True}


def end_sign_off(actor: Actor, audit: Audit, reason: str) -> None:
    """Close the open request of an audit that is reopened."""
    if approval_selectors.open_request_of(SUBJECT, audit.id) is not None:
        approvals.void_open_request(
            actor=actor, subject_type=SUBJECT, subject_id=audit.id, reason=reason
        )


def _changed(audit: Audit) -> Conflict:
    return Conflict(
        f"{audit.ref} has changed since you opened it",
        code="stale_audit",
        fix="reload the audit and sign again",
    )
