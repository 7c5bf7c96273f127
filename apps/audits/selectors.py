"""Reading audits."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can, can_anywhere, visible
from apps.audits import figures, rules
from apps.audits.enums import FindingStatus
from apps.audits.models import Audit, AuditBaseline, AuditReport, Finding, Signature
from apps.common.errors import NotFound

_OPEN = (FindingStatus.OPEN, FindingStatus.ASSIGNED)


def audits(actor: Actor) -> QuerySet[Audit]:
    """The audits the actor may read, with the count of findings that wait."""
    return (
        visible(actor, Audit.objects.all(), P.AUDIT_VIEW)
        .select_related("unit", "lead__user")
        .annotate(
            finding_count=Count("findings"),
            open_count=Count("findings", filter=Q(findings__status__in=_OPEN)),
        )
    )


def audit_by_id(actor: Actor, audit_id: UUID) -> Audit:
    audit = audits(actor).filter(id=audit_id).first()
    if audit is None:
        raise NotFound("no such audit")
    return audit


def finding_by_id(actor: Actor, audit_id: UUID, finding_id: UUID) -> Finding:
    """A finding of an audit the actor may read, or one the actor must answer."""
    found = Finding.objects.select_related("audit", "owner__user", "unit").filter(
        id=finding_id, audit_id=audit_id
    )
    finding = found.first()
    if finding is None or not (
        can(actor, P.AUDIT_VIEW, unit_id=finding.audit.unit_id) or actor.owns(finding.owner_id)
    ):
        raise NotFound("no such finding")
    return finding


def may_respond(actor: Actor, finding: Finding) -> bool:
    """Its owner, wherever the owner's role is bound; else whoever answers for the unit."""
    if actor.owns(finding.owner_id):
        return can_anywhere(actor, P.AUDIT_RESPOND)
    return can(actor, P.AUDIT_RESPOND, unit_id=finding.unit_id or finding.audit.unit_id)


def my_findings(actor: Actor) -> QuerySet[Finding]:
    """Findings that wait for this person's answer, soonest first."""
    return (
        Finding.objects.filter(owner_id=actor.membership_id, status=FindingStatus.ASSIGNED)
        .select_related("audit")
        .order_by("due_on", "number")
    )


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


def seats(audit: Audit, report: AuditReport | None) -> list[Seat]:
    """The required roles in order, with their signatures under the current report."""
    given = {s.role: s for s in report.signatures.all()} if report else {}
    return [Seat(role, Role(role).label, given.get(role)) for role in audit.required_roles]


def roles_to_sign(actor: Actor, audit: Audit, report: AuditReport | None) -> list[Seat]:
    """The signatures this actor could give now."""
    if report is None or audit.status != "signing":
        return []
    if any(s.membership_id == actor.membership_id for s in report.signatures.all()):
        return []
    return [
        seat
        for seat in seats(audit, report)
        if seat.signature is None
        and any(b.role == Role(seat.role) and b.covers(audit.unit_id) for b in actor.bindings)
        and can(actor, P.AUDIT_SIGN, unit_id=audit.unit_id)
    ]


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
