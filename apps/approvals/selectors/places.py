"""Who may answer open steps as of now, by today's roles and deputies. Nothing is written here.

Everything is read once for any number of steps: an organization with thousands of open requests
asks as many questions of the database as one with a single request.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

from apps.approvals.enums import AssignmentVia, Decision, StepMode
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules.seats import Given, Place, covered, enough, needed_now
from apps.approvals.selectors.deputies import StandIns
from apps.approvals.selectors.requests import live_decisions
from apps.approvals.selectors.routes import Approver, Holders, Roster

BY_ROLE = frozenset({AssignmentVia.ROLE, AssignmentVia.FALLBACK, AssignmentVia.ESCALATED})
"""Places somebody has by a role: they come and go with it."""


@dataclass(slots=True)
class Staffing:
    """What has to change so that the people of a step are those of now; empty when they are.

    `joined` are new places, `opened` and `left` known ones, `renamed` those whose roles differ.
    Places that are `left` are owed by nobody any more.
    """

    needed: int
    joined: list[ApprovalAssignment] = field(default_factory=list)
    opened: list[ApprovalAssignment] = field(default_factory=list)
    left: list[ApprovalAssignment] = field(default_factory=list)
    renamed: list[ApprovalAssignment] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Places that come, go or open again."""
        return len(self.joined) + len(self.opened) + len(self.left)


def places(rows: Iterable[ApprovalAssignment]) -> list[Place]:
    return [
        Place(a.membership_id, a.seat, a.is_required, added=a.via == AssignmentVia.ADDED)
        for a in rows
    ]


def given_by(decisions: Iterable[ApprovalDecision]) -> list[Given]:
    """Approvals among answers that count."""
    return [
        Given(d.membership_id, frozenset(UUID(s) for s in d.seats) or frozenset({d.membership_id}))
        for d in decisions
        if d.decision == Decision.APPROVE
    ]


def approvals_given(step: ApprovalStep) -> list[Given]:
    """Approvals of a step that count."""
    return given_by(live_decisions().filter(step_id=step.id))


def excluded_people(request_id: UUID, step: ApprovalStep) -> frozenset[UUID]:
    """Memberships that may not decide the step: parties to the request, and on a distinct step
    whoever answered another one.
    """
    parties = ApprovalParty.objects.filter(request_id=request_id)
    found = frozenset(parties.values_list("membership_id", flat=True))
    if not step.is_distinct:
        return found
    others = live_decisions().filter(request_id=request_id).exclude(step_id=step.id)
    return found | frozenset(others.values_list("membership_id", flat=True))


def seat_of(request: ApprovalRequest, step: ApprovalStep, approver: Approver) -> ApprovalAssignment:
    """A place of one's own."""
    return ApprovalAssignment(
        request_id=request.id,
        step_id=step.id,
        membership_id=approver.membership_id,
        name=approver.name[:200],
        role=approver.role,
        roles=list(approver.roles or (approver.role,)),
        via=approver.via,
    )


def deputy_seats(
    request: ApprovalRequest,
    step: ApprovalStep,
    seats: Sequence[ApprovalAssignment],
    excluded: AbstractSet[UUID],
    stand_ins: StandIns,
) -> list[ApprovalAssignment]:
    """Places of those who stand in for the seats today."""
    by_seat = {a.membership_id: a for a in seats if a.on_behalf_of_id is None}
    return [
        ApprovalAssignment(
            request_id=request.id,
            step_id=step.id,
            membership_id=deputy,
            on_behalf_of_id=seat,
            on_behalf_name=by_seat[seat].name,
            name=stand_ins.names[deputy][:200],
            role=by_seat[seat].role,
            roles=by_seat[seat].roles,
            via=AssignmentVia.DELEGATED,
        )
        for deputy, seat in stand_ins.pairs(request, by_seat, excluded)
    ]


class Standing:
    """Active steps with their requests, and what each needs to be true to today."""

    def __init__(self, steps: Sequence[ApprovalStep]) -> None:
        self.steps = list(steps)
        ids = [step.request_id for step in self.steps]
        self.requests: Mapping[UUID, ApprovalRequest] = ApprovalRequest.objects.in_bulk(ids)
        self.rows: dict[UUID, list[ApprovalAssignment]] = {step.id: [] for step in self.steps}
        for row in ApprovalAssignment.objects.filter(step_id__in=list(self.rows)).order_by("id"):
            self.rows[row.step_id].append(row)
        self._answers: dict[UUID, list[ApprovalDecision]] = {}
        for answer in live_decisions().filter(request_id__in=ids):
            self._answers.setdefault(answer.request_id, []).append(answer)
        self._parties: dict[UUID, set[UUID]] = {}
        parties = ApprovalParty.objects.filter(request_id__in=ids)
        for request_id, member in parties.values_list("request_id", "membership_id"):
            self._parties.setdefault(request_id, set()).add(member)
        self._roster = Roster()
        self._stand_ins = StandIns(self._roster.path)

    def staffing(self, step: ApprovalStep) -> Staffing:
        """What to change of one step.

        New holders of a role join and former ones leave, whatever must agree: with `all` a step
        waits for every holder there is now. What somebody was given by hand they keep while they
        may decide anything at all. No change of roles finishes a step: where nobody is left who
        could still answer its fallback joins, and at least one more approval is needed.
        """
        request, rows, mode = (
            self.requests[step.request_id],
            self.rows[step.id],
            StepMode(step.mode),
        )
        answers = self._answers.get(request.id, [])
        given = given_by(a for a in answers if a.step_id == step.id)
        found = Staffing(step.needed, left=self._departed(rows))
        gone = {a.id for a in found.left}
        if given and enough(mode, step.needed, places(rows), given):
            return found
        excluded = frozenset(self._parties.get(request.id, ()))
        if step.is_distinct:
            excluded |= {a.membership_id for a in answers if a.step_id != step.id}
        answered, done = {g.person for g in given} | excluded, covered(given)
        handed = frozenset(
            a.seat
            for a in rows
            if a.is_by_hand and a.on_behalf_of_id and a.is_open and a.id not in gone
        )
        wanted = self._wanted(request, step, excluded, answered | done, handed)
        own = {a.membership_id: a for a in rows if a.on_behalf_of_id is None}
        by_role = [a for a in own.values() if a.via in BY_ROLE and a.id not in gone]
        found.joined = [seat_of(request, step, a) for m, a in wanted.items() if m not in own]
        found.opened = [
            a
            for a in by_role
            if not a.is_open
            and a.membership_id in wanted
            and a.membership_id not in answered | done | handed
        ]
        found.left += [
            a for a in by_role if a.is_open and not a.is_required and a.membership_id not in wanted
        ]
        gone, back = {a.id for a in found.left}, {a.id for a in found.opened}
        kept = [a for a in own.values() if a.id in back or (a.is_open and a.id not in gone)]
        found.renamed = _renamed(kept, wanted)
        seats = [a for a in [*kept, *found.joined] if a.seat not in done]
        self._deputies(request, step, seats, excluded, answered, found)
        found.needed = needed_now(
            mode,
            step.quorum,
            waiting={a.seat for a in seats if a.via in BY_ROLE} | (handed - done),
            instead={a.seat for a in [*rows, *found.joined] if a.via == AssignmentVia.ESCALATED},
            places=places([*rows, *found.joined]),
            given=given,
        )
        return found

    def _departed(self, rows: Iterable[ApprovalAssignment]) -> list[ApprovalAssignment]:
        """Places given by hand whose people may decide nothing any more."""
        return [
            a
            for a in rows
            if a.is_open
            and (a.is_by_hand or a.is_required)
            and a.membership_id not in self._roster.members
        ]

    def _wanted(
        self,
        request: ApprovalRequest,
        step: ApprovalStep,
        excluded: frozenset[UUID],
        spent: AbstractSet[UUID],
        handed: AbstractSet[UUID],
    ) -> dict[UUID, Approver]:
        """Who has a place of their own by a role today; the fallback where nobody else is left."""
        holders = Holders(request.unit_id, excluded, self._roster)
        found = {a.membership_id: a for a in holders.approvers(step)}
        if step.escalated_at is not None:
            for each in holders.of_roles(step.escalate_roles, AssignmentVia.ESCALATED):
                found.setdefault(each.membership_id, each)
        if not (found.keys() | handed) - spent:
            for each in holders.of_roles(step.fallback_roles, AssignmentVia.FALLBACK):
                found.setdefault(each.membership_id, each)
        return found

    def _deputies(
        self,
        request: ApprovalRequest,
        step: ApprovalStep,
        seats: Sequence[ApprovalAssignment],
        excluded: frozenset[UUID],
        answered: AbstractSet[UUID],
        found: Staffing,
    ) -> None:
        present: dict[tuple[UUID, UUID | None], ApprovalAssignment] = {
            (a.membership_id, a.on_behalf_of_id): a for a in self.rows[step.id] if a.on_behalf_of_id
        }
        for row in deputy_seats(request, step, seats, excluded, self._stand_ins):
            known = present.pop((row.membership_id, row.on_behalf_of_id), None)
            if known is None:
                found.joined.append(row)
            elif not known.is_open and known.membership_id not in answered:
                found.opened.append(known)
        found.left += [a for a in present.values() if a.is_open and not a.is_by_hand]


def _renamed(
    kept: Iterable[ApprovalAssignment], wanted: Mapping[UUID, Approver]
) -> list[ApprovalAssignment]:
    """Places that stay, with the roles their people hold now.

    Somebody who holds none any more stays only because an approver asked for them.
    """
    changed = []
    for row in kept:
        if row.via not in BY_ROLE:
            continue
        now = wanted.get(row.membership_id)
        as_now = (now.via, now.role, list(now.roles)) if now else (AssignmentVia.ADDED, "", [])
        if (row.via, row.role, row.roles) != as_now:
            row.via, row.role, row.roles = as_now
            changed.append(row)
    return changed


def steps_touched_by(membership_id: UUID, roles: AbstractSet[str]) -> list[UUID]:
    """Open steps a change of somebody's roles may touch: they have a place there, somebody stands
    in for them, or the step names one of the roles. In the order in which they are locked.
    """
    rows = ApprovalStep.objects.filter(status="active").values_list(
        "id", "request_id", "roles", "fallback_roles", "escalate_roles"
    )
    named = {
        (request_id, step_id)
        for step_id, request_id, *lists in rows
        if any(not roles.isdisjoint(each) for each in lists)
    }
    mine = ApprovalAssignment.objects.filter(membership_id=membership_id, is_open=True)
    stood_for = ApprovalAssignment.objects.filter(on_behalf_of_id=membership_id, is_open=True)
    for places_ in (mine, stood_for):
        named |= set(places_.values_list("request_id", "step_id"))
    return [step_id for _, step_id in sorted(named)]
