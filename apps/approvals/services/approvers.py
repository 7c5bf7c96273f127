"""Whether somebody may answer a step, as what and for whom."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, require
from apps.approvals import selectors
from apps.approvals.enums import AssignmentVia, PartyReason
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.rules import seats as seat_rules
from apps.approvals.selectors.places import approvals_given
from apps.common.errors import Conflict, Forbidden


@dataclass(frozen=True, slots=True)
class AnsweringPlace:
    """As what, and for whom, somebody answers."""

    role: str
    roles: tuple[str, ...]
    seats: frozenset[UUID]
    on_behalf: tuple[str, ...] = ()


def require_may_decide(actor: Actor, request: ApprovalRequest) -> None:
    """The permission at the subject's unit, or a place that the actor may fill without it."""
    if can(actor, P.APPROVAL_DECIDE, unit_id=request.unit_id):
        return
    places = (
        ApprovalAssignment.objects.filter(request_id=request.id, membership_id=actor.membership_id)
        if actor.membership_id is not None
        else ()
    )
    if not any(selectors.may_fill(actor, place, request.unit_id) for place in places):
        require(actor, P.APPROVAL_DECIDE, unit_id=request.unit_id)


def current_step(request: ApprovalRequest) -> ApprovalStep:
    """The step that waits. Conflict for a request that the rule itself decides."""
    step = ApprovalStep.objects.filter(request_id=request.id, position=request.current_step).first()
    if step is None:
        raise Conflict(
            "No person decides this request: its route is automatic.",
            code="automatic",
            fix="It is settled in a moment.",
        )
    return step


def member_of(actor: Actor) -> UUID:
    if actor.kind != "user" or actor.membership_id is None:
        raise Forbidden("Only people decide; programs and support do not.", code="not_a_person")
    return actor.membership_id


def require_no_party(request: ApprovalRequest, member: UUID) -> None:
    """Separation of duties: whoever asked, wrote or funds it does not decide."""
    party = ApprovalParty.objects.filter(request_id=request.id, membership_id=member).first()
    if party is not None:
        raise Forbidden(
            f"You cannot decide this: {selectors.PARTY_WORDS[PartyReason(party.reason)]}.",
            code="separation_of_duties",
            fix="Somebody else on the route decides.",
        )


def place_of(
    actor: Actor, member: UUID, request: ApprovalRequest, step: ApprovalStep
) -> AnsweringPlace:
    """As what the person decides. The step's people are those of now (`steps.refresh_step`).

    Raises Conflict when they have answered, or a deputy has for them; Forbidden without a place.
    """
    live = selectors.live_decisions()
    if live.filter(step_id=step.id, membership_id=member).exists():
        raise Conflict(
            "You have already answered this step.", code="already_decided", fix="Others decide now."
        )
    if step.is_distinct and live.filter(request_id=request.id, membership_id=member).exists():
        raise Forbidden(
            f"You answered an earlier step: another person decides {step.name}.",
            code="separation_of_duties",
            fix="The people shown on the route decide.",
        )
    rows = list(ApprovalAssignment.objects.filter(step_id=step.id, membership_id=member))
    done = seat_rules.covered(approvals_given(step))
    held = selectors.held_roles(actor, request.unit_id)
    free = [a for a in rows if a.is_open and a.seat not in done and selectors.still_holds(held, a)]
    if free:
        return _joined_place(free, held)
    if any(a.seat in done and selectors.still_holds(held, a) for a in rows):
        raise Conflict(
            "Your deputy has answered this step for you.",
            code="already_decided",
            fix="Others decide now.",
        )
    raise Forbidden(
        f"You are not an approver of the step {step.name}.",
        code="not_an_approver",
        fix="The people shown on the route decide.",
    )


def _joined_place(free: Sequence[ApprovalAssignment], held: AbstractSet[str]) -> AnsweringPlace:
    """Every seat the person fills, in one answer. Their own role comes first."""
    ordered = sorted(free, key=lambda a: a.on_behalf_of_id is not None)
    roles: dict[str, None] = {}
    for place in ordered:
        own = place.on_behalf_of_id is None and place.via != AssignmentVia.ADDED
        mine = [r for r in place.roles if r in held] if own else place.roles
        roles.update(dict.fromkeys(mine or [place.role]))
    names = tuple(a.on_behalf_name for a in ordered if a.on_behalf_of_id is not None)
    found = tuple(role for role in roles if role)
    return AnsweringPlace(
        found[0] if found else "", found, frozenset(a.seat for a in ordered), names
    )
