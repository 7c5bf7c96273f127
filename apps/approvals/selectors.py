"""Reads of the approval engine, inside the open scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from apps.access.actors import Actor
from apps.access.matrix import scope_of
from apps.access.permissions import P
from apps.access.roles import ASSIGNABLE, Role
from apps.access.services import can, visible
from apps.approvals.enums import AssignmentVia, RequestStatus, StepMode, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalPolicy,
    ApprovalPolicyVersion,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules import policy as policy_rules
from apps.approvals.rules.policy import Fact, PolicyDocument, StepSpec
from apps.common.errors import NotFound
from apps.organizations import selectors as organizations

DECIDING_ROLES: tuple[Role, ...] = tuple(
    role for role in ASSIGNABLE if scope_of(role, P.APPROVAL_DECIDE) is not None
)
"""Roles a policy may name: only their holders are allowed to decide."""


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who may decide a step, and as what."""

    membership_id: UUID
    name: str
    role: str
    via: AssignmentVia


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a route that a subject would take. No approvers: nobody could decide it yet."""

    name: str
    roles: tuple[str, ...]
    mode: StepMode
    quorum: int
    due_working_days: int
    approvers: tuple[Approver, ...]


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """The policy that holds for a subject, in its current version."""

    policy: ApprovalPolicy
    version: int
    document: PolicyDocument


# Requests


def requests_for(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Requests an actor may see: in their units, their own, and those they are asked to decide."""
    everything = ApprovalRequest.objects.select_related("unit")
    seen = visible(actor, everything, P.APPROVAL_VIEW, owner_field="requester_id")
    if seen is everything or actor.membership_id is None:
        return seen
    asked = Exists(_assignments_of(actor.membership_id))
    return everything.filter(Q(id__in=seen.values("id")) | Q(asked))


def request_by_id(actor: Actor, request_id: UUID) -> ApprovalRequest:
    """Raises NotFound for a request out of sight as for none at all."""
    found = requests_for(actor).filter(id=request_id).first()
    if found is None:
        raise NotFound("There is no such approval request.", code="approval_not_found")
    return found


def waiting_for(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Open requests whose current step waits for this person."""
    if actor.membership_id is None:
        return ApprovalRequest.objects.none()
    return ApprovalRequest.objects.select_related("unit").filter(
        Exists(_assignments_of(actor.membership_id).filter(is_open=True)),
        ~Exists(_parties_of(actor.membership_id)),
        status=RequestStatus.PENDING,
    )


def waiting_for_others(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Open requests in sight that this person cannot decide now."""
    return (
        requests_for(actor)
        .filter(status=RequestStatus.PENDING)
        .exclude(id__in=waiting_for(actor).values("id"))
    )


def decided(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Closed requests in sight."""
    return requests_for(actor).exclude(status=RequestStatus.PENDING)


def count_waiting_for(actor: Actor) -> int:
    """How many `waiting_for` has, for menus: one index range, whatever the number of requests.

    An assignment is open exactly while its step waits for that person: steps close theirs, and
    people who may not decide never get one.
    """
    if actor.membership_id is None:
        return 0
    return ApprovalAssignment.objects.filter(
        membership_id=actor.membership_id, is_open=True
    ).count()


def can_decide_at_all(actor: Actor) -> bool:
    return actor.membership_id is not None and not actor.roles.isdisjoint(DECIDING_ROLES)


def requests_of_subject(subject_type: str, subject_id: UUID) -> QuerySet[ApprovalRequest]:
    """Every request ever made for a subject, newest first."""
    return ApprovalRequest.objects.filter(
        subject_type=subject_type, subject_id=subject_id
    ).order_by("-opened_at", "-id")


def open_request_of(subject_type: str, subject_id: UUID) -> ApprovalRequest | None:
    return (
        requests_of_subject(subject_type, subject_id).filter(status=RequestStatus.PENDING).first()
    )


def approved_request(request_id: UUID) -> ApprovalRequest | None:
    """The request if it was approved: what a follow-up (a budget) may rely on."""
    return ApprovalRequest.objects.filter(id=request_id, status=RequestStatus.APPROVED).first()


def steps_of(request: ApprovalRequest) -> list[ApprovalStep]:
    """Steps in order with `people` (assignments) and `answers` (decisions) attached."""
    steps = list(ApprovalStep.objects.filter(request_id=request.id).order_by("position"))
    people: dict[UUID, list[ApprovalAssignment]] = {}
    for assignment in ApprovalAssignment.objects.filter(request_id=request.id).order_by("name"):
        people.setdefault(assignment.step_id, []).append(assignment)
    answers: dict[UUID, list[ApprovalDecision]] = {}
    for decision in decisions_of(request):
        answers.setdefault(decision.step_id, []).append(decision)
    for step in steps:
        step.people = people.get(step.id, [])  # type: ignore[attr-defined]
        step.answers = answers.get(step.id, [])  # type: ignore[attr-defined]
    return steps


def decisions_of(request: ApprovalRequest) -> list[ApprovalDecision]:
    return list(ApprovalDecision.objects.filter(request_id=request.id).order_by("id"))


def blocked_reason(actor: Actor, request: ApprovalRequest) -> str:
    """Why this person has no decision to take on an open request; empty when they have one."""
    if request.status != RequestStatus.PENDING:
        return "The request is closed."
    if actor.membership_id is None:
        return "Only people decide; programs and support do not."
    party = ApprovalParty.objects.filter(
        request_id=request.id, membership_id=actor.membership_id
    ).first()
    if party is not None:
        return f"You cannot decide this: {PARTY_WORDS[party.reason]}."
    assignment = ApprovalAssignment.objects.filter(
        request_id=request.id, membership_id=actor.membership_id, is_open=True
    ).first()
    if assignment is None:
        answered = ApprovalDecision.objects.filter(
            request_id=request.id, membership_id=actor.membership_id
        ).exists()
        return "You have answered; others decide next." if answered else "Others decide this."
    if not can(actor, P.APPROVAL_DECIDE, unit_id=request.unit_id):
        return "Your roles no longer include deciding for this team."
    return ""


PARTY_WORDS: Mapping[str, str] = {
    "requester": "you asked for it",
    "author": "you wrote it",
    "funder": "you fund it alone",
    "recused": "you stepped back",
}


def _assignments_of(membership_id: UUID) -> QuerySet[ApprovalAssignment]:
    return ApprovalAssignment.objects.filter(request_id=OuterRef("pk"), membership_id=membership_id)


def _parties_of(membership_id: UUID) -> QuerySet[ApprovalParty]:
    return ApprovalParty.objects.filter(request_id=OuterRef("pk"), membership_id=membership_id)


# Policies and routes


def policies() -> QuerySet[ApprovalPolicy]:
    return ApprovalPolicy.objects.order_by("is_default", "priority", "name")


def policy_by_id(policy_id: UUID) -> ApprovalPolicy:
    found = ApprovalPolicy.objects.filter(id=policy_id).first()
    if found is None:
        raise NotFound("There is no such approval route.", code="policy_not_found")
    return found


def document_of(policy: ApprovalPolicy) -> PolicyDocument:
    """The current version's document."""
    stored = ApprovalPolicyVersion.objects.get(policy_id=policy.id, number=policy.current_version)
    return msgspec.convert(stored.document, PolicyDocument)


def policy_for(subject_type: str, facts: Mapping[str, Fact]) -> AppliedPolicy | None:
    """The first active policy that applies; the default one last; None when there is none."""
    candidates = (
        ApprovalPolicy.objects.filter(is_active=True, subject_type__in=["", subject_type])
        .annotate(last=Case(When(is_default=True, then=Value(1)), default=Value(0)))
        .order_by("last", "priority", "name")
    )
    for policy in candidates:
        document = document_of(policy)
        if policy.is_default or policy_rules.applies(document, facts):
            return AppliedPolicy(policy, policy.current_version, document)
    return None


def facts_with_unit(facts: Mapping[str, Any], unit_id: UUID | None) -> dict[str, Fact]:
    """Facts plus the unit and those above it, which conditions on `unit` match."""
    known: dict[str, Fact] = {k: v for k, v in facts.items() if k in policy_rules.FACTS}
    path = organizations.unit_ancestor_ids(unit_id) if unit_id is not None else []
    known["unit"] = tuple(str(each) for each in path)
    return known


def preview_route(
    *,
    subject_type: str,
    unit_id: UUID | None,
    facts: Mapping[str, Any],
    excluded: Sequence[UUID] = (),
) -> list[PlannedStep]:
    """The steps a subject with these facts would take, with the people who would decide.

    `excluded` are memberships that may not decide (requester, authors). Writes nothing.
    """
    applied = policy_for(subject_type, facts_with_unit(facts, unit_id))
    document = applied.document if applied else policy_rules.DEFAULT_POLICY
    steps = policy_rules.route(document, facts_with_unit(facts, unit_id))
    return [
        PlannedStep(
            step.name,
            tuple(step.roles),
            StepMode(step.mode),
            step.quorum,
            step.due_working_days,
            tuple(resolve_approvers(step, unit_id, frozenset(excluded))),
        )
        for step in steps
    ]


def resolve_approvers(
    step: StepSpec | ApprovalStep, unit_id: UUID | None, excluded: frozenset[UUID]
) -> list[Approver]:
    """People who hold one of the step's roles at the unit or above; the fallback when none does.

    A person with several of the roles appears once, with the first.
    """
    found = _holders(step.roles, unit_id, excluded, AssignmentVia.ROLE)
    return found or _holders(step.fallback_roles, unit_id, excluded, AssignmentVia.FALLBACK)


def _holders(
    roles: Sequence[str], unit_id: UUID | None, excluded: frozenset[UUID], via: AssignmentVia
) -> list[Approver]:
    people: dict[UUID, Approver] = {}
    for role in roles:
        for member in organizations.people_with_role(Role(role), unit_id):
            if member.id not in excluded and member.id not in people:
                people[member.id] = Approver(member.id, str(member), role, via)
    return list(people.values())


def open_step_ids() -> list[UUID]:
    """Steps that wait for people now."""
    return list(
        ApprovalStep.objects.filter(status=StepStatus.ACTIVE)
        .order_by("id")
        .values_list("id", flat=True)
    )
