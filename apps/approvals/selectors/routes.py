"""Policies, the routes they give, and the people who would decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import F, Q, QuerySet

from apps.access.matrix import scope_of
from apps.access.permissions import P
from apps.access.roles import ASSIGNABLE, Role
from apps.approvals.enums import AssignmentVia, Lane, RequestStatus, StepMode, StepStatus
from apps.approvals.models import (
    ApprovalPolicy,
    ApprovalPolicyVersion,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules import choosing
from apps.approvals.rules.choosing import Candidate
from apps.approvals.rules.policy import DEFAULT_POLICY, FACTS, Fact, PolicyDocument, StepSpec
from apps.approvals.subjects import handler_for
from apps.common import clock
from apps.common.errors import NotFound
from apps.organizations import selectors as organizations
from apps.organizations.models import Membership, RoleBinding

DECIDING_ROLES: tuple[Role, ...] = tuple(
    role for role in ASSIGNABLE if scope_of(role, P.APPROVAL_DECIDE) is not None
)
"""Roles whose holders decide, wherever a policy names them."""
ROUTE_ROLES: tuple[Role, ...] = (*DECIDING_ROLES, Role.UNIT_LEAD)
"""Roles a policy may name. The unit lead is the lead of the subject's unit, or the nearest above:
no other lead answers, and a lead decides nothing besides.
"""


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who may decide a step, and as what: `roles` are all of the step's they hold."""

    membership_id: UUID
    name: str
    role: str
    via: AssignmentVia
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a route that a subject would take. No approvers: nobody could decide it yet."""

    name: str
    roles: tuple[str, ...]
    mode: StepMode
    quorum: int
    due_working_days: int
    approvers: tuple[Approver, ...]
    lane: Lane = Lane.PEOPLE
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """The policy that holds for a subject, in its current version.

    `skipped` says why an automatic lane before it was left.
    """

    policy: ApprovalPolicy
    version: int
    document: PolicyDocument
    skipped: str = ""


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


def versions_of(policy: ApprovalPolicy) -> QuerySet[ApprovalPolicyVersion]:
    return ApprovalPolicyVersion.objects.filter(policy_id=policy.id).order_by("-number")


def version_document(policy: ApprovalPolicy, number: int) -> PolicyDocument:
    """Raises NotFound for a version the policy never had."""
    stored = versions_of(policy).filter(number=number).first()
    if stored is None:
        raise NotFound("The route has no such version.", code="policy_version_not_found")
    return msgspec.convert(stored.document, PolicyDocument)


def active_policies() -> list[tuple[ApprovalPolicy, PolicyDocument]]:
    """Every active policy with its current document, in one query."""
    found = ApprovalPolicyVersion.objects.filter(
        policy__is_active=True, number=F("policy__current_version")
    ).select_related("policy")
    return [(v.policy, msgspec.convert(v.document, PolicyDocument)) for v in found]


def candidate(policy: ApprovalPolicy, document: PolicyDocument) -> Candidate:
    return Candidate(policy.name, policy.priority, policy.is_default, policy.subject_type, document)


def policy_for(
    subject_type: str, facts: Mapping[str, Fact], unit_id: UUID | None = None
) -> AppliedPolicy | None:
    """The first active policy that applies; the default one last; None when there is none.

    Automatic ones only for subjects that a rule may approve.
    """
    known = active_policies()
    auto = any(document.is_auto for _, document in known)
    chosen, skipped = choosing.choose(
        (candidate(*each) for each in known),
        subject_type,
        facts,
        automatic_in_unit(unit_id) if auto else 0,
        by_rule=handler_for(subject_type).by_rule,
    )
    if chosen is None:
        return None
    policy = next(p for p, _ in known if p.name == chosen.name)
    return AppliedPolicy(policy, policy.current_version, chosen.document, skipped)


def steps_for(
    applied: AppliedPolicy, facts: Mapping[str, Fact], own_steps: Sequence[StepSpec] = ()
) -> list[StepSpec]:
    """The policy's steps, then the subject's own; these alone under the default policy."""
    if applied.document.is_auto:
        return []
    if own_steps and applied.policy.is_default:
        return list(own_steps)
    return [*choosing.route(applied.document, facts), *own_steps]


AUTO_WINDOW = timedelta(days=30)


def automatic_in_unit(unit_id: UUID | None) -> int:
    """Automatic approvals of a unit in the last 30 days: the lane's guardrail counts them."""
    units = Q(unit__isnull=True) if unit_id is None else Q(unit_id=unit_id)
    return ApprovalRequest.objects.filter(
        units,
        status=RequestStatus.APPROVED,
        lane=Lane.AUTO,
        opened_at__gte=clock.now() - AUTO_WINDOW,
    ).count()


def facts_with_unit(facts: Mapping[str, Any], unit_id: UUID | None) -> dict[str, Fact]:
    """Facts plus the unit and those above it, which conditions on `unit` match."""
    known: dict[str, Fact] = {k: v for k, v in facts.items() if k in FACTS}
    path = organizations.unit_ancestor_ids(unit_id) if unit_id is not None else []
    known["unit"] = tuple(str(each) for each in path)
    return known


def same_route(
    subject_type: str,
    unit_id: UUID | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> bool:
    """Whether two sets of facts take the same route today: the same policy, the same steps."""
    taken = []
    for facts in (before, after):
        known = facts_with_unit(facts, unit_id)
        applied = policy_for(subject_type, known, unit_id)
        if applied is None:
            return False
        steps = choosing.route(applied.document, known)
        taken.append((applied.policy.id, applied.document.is_auto, steps))
    return taken[0] == taken[1]


def preview_route(
    *,
    subject_type: str,
    unit_id: UUID | None,
    facts: Mapping[str, Any],
    excluded: Sequence[UUID] = (),
    own_steps: Sequence[StepSpec] = (),
) -> list[PlannedStep]:
    """The steps a subject with these facts would take, with the people who would decide.

    `excluded` are memberships that may not decide (requester, authors); `own_steps` are the
    subject's, as `open_request` takes them. Writes nothing.
    """
    known = facts_with_unit(facts, unit_id)
    applied = policy_for(subject_type, known, unit_id)
    if applied is None:
        steps = list(own_steps) or choosing.route(DEFAULT_POLICY, known)
    elif applied.document.is_auto:
        return [PlannedStep("Approved by rule", (), StepMode.ANY, 1, 0, (), Lane.AUTO)]
    else:
        steps = steps_for(applied, known, own_steps)
    holders = Holders(unit_id, frozenset(excluded))
    return [
        PlannedStep(
            step.name,
            tuple(step.roles),
            StepMode(step.mode),
            step.quorum,
            step.due_working_days,
            tuple(holders.approvers(step)),
            distinct=step.distinct,
        )
        for step in steps
    ]


def resolve_approvers(
    step: StepSpec | ApprovalStep, unit_id: UUID | None, excluded: frozenset[UUID]
) -> list[Approver]:
    """People who hold one of the step's roles at the unit or above; the fallback when none does.

    Of unit leads only the nearest: that of the unit, else of the first unit above that has one.

    A person with several of the roles appears once, with the first, and knows them all.
    """
    return Holders(unit_id, excluded).approvers(step)


class Roster:
    """Holders of the roles that decide, by role and place, read once for any number of units."""

    def __init__(self) -> None:
        self._tree = organizations.parents()
        self._at: dict[tuple[str, UUID | None], list[Membership]] = {}
        held = (
            RoleBinding.objects.filter(
                role__in=[role.value for role in ROUTE_ROLES],
                membership__is_active=True,
                membership__user__is_active=True,
            )
            .select_related("membership__user")
            .order_by("membership__user__name", "membership_id")
        )
        for binding in held:
            self._at.setdefault((binding.role, binding.unit_id), []).append(binding.membership)
        self.members = frozenset(m.id for found in self._at.values() for m in found)
        """Everybody who may decide anything at all."""

    def path(self, unit_id: UUID) -> list[UUID]:
        """The unit, its parent, and so on up to the root."""
        found: list[UUID] = []
        current: UUID | None = unit_id
        while current is not None and current in self._tree and current not in found:
            found.append(current)
            current = self._tree[current]
        return found

    def with_role(self, role: str, unit_id: UUID | None) -> list[Membership]:
        """People who hold the role for the unit: bound to it, above it, or everywhere."""
        found = {m.id: m for level in self.levels(role, unit_id) for m in level}
        return sorted(found.values(), key=lambda m: (m.user.name, m.id))

    def levels(self, role: str, unit_id: UUID | None) -> list[list[Membership]]:
        """The same by place, nearest first; places without a holder are left out."""
        at: list[UUID | None] = [*(self.path(unit_id) if unit_id else []), None]
        return [self._at[role, place] for place in at if (role, place) in self._at]


class Holders:
    """Who holds which role for a unit; each role is asked once."""

    def __init__(
        self, unit_id: UUID | None, excluded: frozenset[UUID], roster: Roster | None = None
    ) -> None:
        self._unit_id, self._excluded, self._roster = unit_id, excluded, roster
        self._known: dict[str, list[tuple[UUID, str]]] = {}

    def approvers(self, step: StepSpec | ApprovalStep) -> list[Approver]:
        found = self.of_roles(step.roles, AssignmentVia.ROLE)
        return found or self.of_roles(step.fallback_roles, AssignmentVia.FALLBACK)

    def of_roles(self, roles: Sequence[str], via: AssignmentVia) -> list[Approver]:
        names: dict[UUID, str] = {}
        held: dict[UUID, list[str]] = {}
        for role in roles:
            for member, name in self._of(role):
                names.setdefault(member, name)
                held.setdefault(member, []).append(role)
        return [
            Approver(member, names[member], mine[0], via, tuple(mine))
            for member, mine in held.items()
        ]

    def _of(self, role: str) -> list[tuple[UUID, str]]:
        if role not in self._known:
            self._known[role] = next(
                (found for level in self._levels(role) if (found := self._free(level))), []
            )
        return self._known[role]

    def _levels(self, role: str) -> list[list[Membership]]:
        if self._roster is not None:
            if role == Role.UNIT_LEAD:
                return self._roster.levels(role, self._unit_id)
            return [self._roster.with_role(role, self._unit_id)]
        if role == Role.UNIT_LEAD:
            return organizations.leads_upwards(self._unit_id)
        return [organizations.people_with_role(Role(role), self._unit_id)]

    def _free(self, people: Sequence[Membership]) -> list[tuple[UUID, str]]:
        return [(m.id, str(m)) for m in people if m.id not in self._excluded]


def open_step_ids() -> list[UUID]:
    """Steps that wait for people now."""
    return list(
        ApprovalStep.objects.filter(status=StepStatus.ACTIVE)
        .order_by("id")
        .values_list("id", flat=True)
    )


def deciders(*, leads: bool = False) -> list[tuple[UUID, str]]:
    """Active people who hold a role that decides, anywhere: membership and name, by name.

    With `leads` unit leads as well: they may stand in for one another.
    """
    roles = ROUTE_ROLES if leads else DECIDING_ROLES
    holders = RoleBinding.objects.filter(role__in=[role.value for role in roles])
    rows = Membership.objects.filter(
        is_active=True, user__is_active=True, id__in=holders.values("membership_id")
    ).select_related("user")
    return sorted(((m.id, str(m)) for m in rows), key=lambda pair: pair[1].casefold())
