"""Trying a policy on what was really asked, before it is saved."""

from dataclasses import dataclass
from uuid import UUID

from apps.access.actors import Actor
from apps.approvals.enums import Lane
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.choosing import Candidate
from apps.approvals.rules.policy import Fact, PolicyDocument
from apps.approvals.rules.simulate import Case, Taken, simulate
from apps.approvals.selectors.requests import requests_for
from apps.approvals.selectors.routes import active_policies, candidate
from apps.approvals.subjects import handler_for
from apps.organizations import selectors as organizations

MOST = 500


@dataclass(frozen=True, slots=True)
class SimulatedRow:
    """One past request: the route under today's policies and under the edited ones."""

    request: ApprovalRequest
    before: Taken
    after: Taken

    @property
    def changed(self) -> bool:
        return (self.before.steps, self.before.auto) != (self.after.steps, self.after.auto)


@dataclass(frozen=True, slots=True)
class Simulation:
    """All rows, newest first, and what they come to."""

    rows: list[SimulatedRow]

    @property
    def changed(self) -> int:
        return sum(row.changed for row in self.rows)

    @property
    def auto_before(self) -> int:
        return sum(row.before.auto for row in self.rows)

    @property
    def auto_after(self) -> int:
        return sum(row.after.auto for row in self.rows)

    @property
    def answers_before(self) -> int:
        """Steps that people would have to decide."""
        return sum(len(row.before.steps) for row in self.rows)

    @property
    def answers_after(self) -> int:
        return sum(len(row.after.steps) for row in self.rows)


def simulate_policy(
    actor: Actor,
    *,
    document: PolicyDocument,
    policy_id: UUID | None = None,
    name: str = "",
    subject_type: str = "",
    priority: int = 100,
    is_active: bool = True,
    limit: int = 50,
) -> Simulation:
    """The routes of the last requests in sight, under today's policies and under an edited one.

    `policy_id` is the policy the document would replace; without it the document is added. Facts
    are those of the submission. Writes nothing.
    """
    today = [candidate(p, d) for p, d in active_policies()]
    default = False
    edited = []
    for policy, known in active_policies():
        if policy.id == policy_id:
            default = policy.is_default
        else:
            edited.append(candidate(policy, known))
    if is_active or default:
        edited.append(Candidate(name or "Edited route", priority, default, subject_type, document))
    rows = requests_for(actor).exclude(lane=Lane.WITHIN)
    if subject_type:
        rows = rows.filter(subject_type=subject_type)
    past = list(rows.order_by("-opened_at", "-id")[: min(limit, MOST)])
    cases = _cases(past)
    before, after = simulate(cases, today), simulate(cases, edited)
    return Simulation([SimulatedRow(r, before[r.id], after[r.id]) for r in past])


def _cases(past: list[ApprovalRequest]) -> list[Case]:
    parents = organizations.parents()

    def path(unit_id: UUID | None) -> tuple[str, ...]:
        found: list[str] = []
        while unit_id is not None and str(unit_id) not in found:
            found.append(str(unit_id))
            unit_id = parents.get(unit_id)
        return tuple(found)

    cases = []
    for request in past:
        facts: dict[str, Fact] = {**request.facts, "unit": path(request.unit_id)}
        own = int(request.facts.get("own_steps", 0))
        cases.append(
            Case(
                request.id,
                request.subject_type,
                request.unit_id,
                request.opened_at,
                facts,
                handler_for(request.subject_type).by_rule,
                tuple(step["name"] for step in request.route[len(request.route) - own :]),
            )
        )
    return cases
