"""Reading audits."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from apps.access.actors import Actor
from apps.access.matrix import scope_of
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can, can_anywhere, visible
from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import (
    DECIDING_ROLES,
    blocked_reason,
    live_decisions,
    requests_of_subject,
    steps_of,
)
from apps.approvals.subjects import SubjectDetail
from apps.asks.enums import AskStatus
from apps.asks.selectors import may_ask
from apps.audits import figures, rules
from apps.audits.enums import AuditStatus, FindingStatus, Severity
from apps.audits.models import Audit, AuditBaseline, AuditReport, Finding, Signature
from apps.common import clock
from apps.common.errors import NotFound

SUBJECT = "audit"
SIGNING_ROLES: tuple[Role, ...] = tuple(
    role for role in DECIDING_ROLES if scope_of(role, P.AUDIT_SIGN) is not None
)
"""Roles that may be required to sign: their holders decide and sign."""
_OPEN = (FindingStatus.OPEN, FindingStatus.ASSIGNED)


def _accepted(path: str = "") -> Q:
    """Findings that somebody who may has decided to live with, as of today."""
    today = clock.today()
    return Q(
        **{
            f"{path}exception__status": AskStatus.APPROVED,
            f"{path}exception__starts_on__lte": today,
            f"{path}exception__ends_on__gte": today,
        }
    )


def audits(actor: Actor) -> QuerySet[Audit]:
    """The audits the actor may read, with the count of findings that wait."""
    return (
        visible(actor, Audit.objects.all(), P.AUDIT_VIEW)
        .select_related("unit", "lead__user")
        .annotate(
            finding_count=Count("findings"),
            open_count=Count(
                "findings", filter=Q(findings__status__in=_OPEN) & ~_accepted("findings__")
            ),
        )
    )


def audit_by_id(actor: Actor, audit_id: UUID) -> Audit:
    audit = audits(actor).filter(id=audit_id).first()
    if audit is None:
        raise NotFound("no such audit")
    return audit


def finding_by_id(actor: Actor, audit_id: UUID, finding_id: UUID) -> Finding:
    """A finding of an audit the actor may read, or one the actor must answer."""
    found = Finding.objects.select_related("audit", "owner__user", "unit", "exception").filter(
        id=finding_id, audit_id=audit_id
    )
    finding = found.first()
    if finding is None or not (
        can(actor, P.AUDIT_VIEW, unit_id=finding.audit.unit_id) or actor.owns(finding.owner_id)
    ):
        raise NotFound("no such finding")
    return finding


def finding_panel(actor: Actor, request: ApprovalRequest) -> SubjectDetail | None:
    """Beside the decision about an exception: the finding that somebody wants to live with."""
    if request.amount_period != "once":
        return None
    finding = (
        Finding.objects.select_related("audit", "owner__user", "unit")
        .filter(exception_id=request.subject_id)
        .first()
    )
    if finding is None:
        return None
    context = {"finding": finding, "may_open": can(actor, P.AUDIT_VIEW, unit_id=finding.unit_id)}
    return SubjectDetail(aside_template="audits/_finding_panel.html", context=context)


def may_respond(actor: Actor, finding: Finding) -> bool:
    """Its owner, wherever the owner's role is bound; else whoever answers for the unit."""
    if actor.owns(finding.owner_id):
        return can_anywhere(actor, P.AUDIT_RESPOND)
    return can(actor, P.AUDIT_RESPOND, unit_id=finding.unit_id or finding.audit.unit_id)


def may_ask_to_accept(actor: Actor, finding: Finding) -> bool:
    """Whether the actor may ask to live with it now (`services.acceptance` refuses otherwise)."""
    known = finding.exception
    if known is not None and (
        known.status == AskStatus.ASKED or finding.is_accepted_on(clock.today())
    ):
        return False
    return (
        finding.status in rules.ACCEPTABLE
        and finding.audit.status in {AuditStatus.BASELINED, AuditStatus.RESPONDING}
        and may_respond(actor, finding)
        and may_ask(actor, finding.unit_id or finding.audit.unit_id)
    )


def my_findings(actor: Actor) -> QuerySet[Finding]:
    """Findings that wait for this person's answer, soonest first; not those whose acceptance is
    asked or was decided.
    """
    return (
        Finding.objects.filter(owner_id=actor.membership_id, status=FindingStatus.ASSIGNED)
        .exclude(_accepted())
        .exclude(exception__status=AskStatus.ASKED)
        .select_related("audit")
        .order_by("due_on", "number")
    )


def findings_to_answer(actor: Actor, audit_id: UUID) -> list[Finding]:
    """Findings of an audit, readable or not, that this person answers: their own, by number."""
    if actor.membership_id is None:
        return []
    found = Finding.objects.filter(audit_id=audit_id, owner_id=actor.membership_id)
    return list(found.select_related("audit", "owner__user", "unit").order_by("number"))


def latest_baseline(audit: Audit) -> AuditBaseline | None:
    return audit.baselines.order_by("-number").first()


def latest_report(audit: Audit) -> AuditReport | None:
    return audit.reports.order_by("-number").first()


@dataclass(frozen=True, slots=True)
class Seat:
    """One required signature: the role, and who gave it, if anyone has."""

    role: str
    label: str
    signature: Signature | None


def signatures(report: AuditReport) -> QuerySet[Signature]:
    """Every signature ever given to a report, with `stands`."""
    return Signature.objects.filter(report_id=report.id).annotate(stands=_stands()).order_by("id")


def _stands() -> Q:
    live = live_decisions().filter(id=OuterRef("decision_id"))
    return Q(decision_id__isnull=True) | Q(Exists(live))


def standing_signatures(report: AuditReport) -> list[Signature]:
    """Those whose approval was not taken back."""
    return list(Signature.objects.filter(_stands(), report_id=report.id).order_by("id"))


def seats(audit: Audit, report: AuditReport | None) -> list[Seat]:
    """The required roles in order, with their signatures under the current report."""
    given = {s.role: s for s in standing_signatures(report)} if report else {}
    return [Seat(role, Role(role).label, given.get(role)) for role in audit.required_roles]


def sign_off_of(audit: Audit) -> ApprovalRequest | None:
    """The newest request for signatures, open or closed."""
    return requests_of_subject(SUBJECT, audit.id).first()


def required_role(audit: Audit, request: ApprovalRequest, position: int) -> str:
    """The role that signs at a step; empty for a step the organization's policy added."""
    own = position - 1 - (len(request.route) - len(audit.required_roles))
    return audit.required_roles[own] if 0 <= own < len(audit.required_roles) else ""


def signers(request: ApprovalRequest | None) -> list[str]:
    """Whose signature is waited for now, by name."""
    if request is None or not request.is_open:
        return []
    current = [step for step in steps_of(request) if step.position == request.current_step]
    people = [place for step in current for place in step.people]  # type: ignore[attr-defined]
    return list(dict.fromkeys(place.name for place in people if place.is_open))


def role_in_turn(audit: Audit, request: ApprovalRequest) -> str:
    return required_role(audit, request, request.current_step)


def roles_to_sign(actor: Actor, audit: Audit, request: ApprovalRequest | None) -> list[Seat]:
    """The signature this actor could give now: at most one."""
    if request is None or not request.is_open or blocked_reason(actor, request):
        return []
    role = role_in_turn(audit, request)
    if not role or not can(actor, P.AUDIT_SIGN, unit_id=audit.unit_id):
        return []
    return [Seat(role, Role(role).label, None)]


def by_severity(audit: Audit) -> list[tuple[str, int, int]]:
    """Severity, findings, and their known effect in nanos; worst first, empty ones left out."""
    rows = audit.findings.values("severity").annotate(n=Count("id"), effect=Sum("effect_nanos"))
    found = {row["severity"]: (row["n"], row["effect"] or 0) for row in rows.order_by()}
    return [(Severity(s).label, *found[s]) for s in Severity.values if s in found]


@dataclass(frozen=True, slots=True)
class Check:
    """A recomputation of a frozen baseline. `moved`: the groups whose figures differ today."""

    intact: bool
    moved: tuple[str, ...]

    @property
    def reproducible(self) -> bool:
        return self.intact and not self.moved


def verify_baseline(audit: Audit, baseline: AuditBaseline) -> Check:
    """Does the document still have its hash, and does the ledger still give these figures?"""
    intact = rules.sha256(baseline.document) == baseline.sha256
    frozen = json.loads(baseline.document)["figures"]
    today = figures.collect(audit).document["figures"]
    moved = tuple(name for name in frozen if frozen[name] != today.get(name))
    return Check(intact, moved)
