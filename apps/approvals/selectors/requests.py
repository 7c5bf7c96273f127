"""Requests: who sees which, whose answer they wait for, and what was said."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can, can_anywhere, visible, visible_unit_ids
from apps.approvals.enums import AssignmentVia, RequestStatus, SampleStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalQuestion,
    ApprovalRequest,
    ApprovalStep,
    ApprovalUndo,
)
from apps.approvals.rules import transitions
from apps.approvals.selectors.routes import ROUTE_ROLES
from apps.approvals.subjects import handler_for
from apps.common.errors import NotFound
from apps.common.memo import once


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


def delegated_to(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Open requests that wait for this person in somebody else's seat."""
    if actor.membership_id is None:
        return ApprovalRequest.objects.none()
    seats = _assignments_of(actor.membership_id).filter(is_open=True, via=AssignmentVia.DELEGATED)
    return waiting_for(actor).filter(Exists(seats))


def of_my_units(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Open requests of the units the person has a role in; of all units with a role everywhere."""
    rows = requests_for(actor).filter(status=RequestStatus.PENDING)
    units = visible_unit_ids(actor, P.APPROVAL_VIEW)
    bound = {unit for b in actor.bindings if b.unit_ids is not None for unit in b.unit_ids}
    if units is None and not bound:
        return rows
    return rows.filter(unit_id__in=bound)


def to_sample(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Automatic approvals that somebody should look at."""
    return requests_for(actor).filter(sample_status=SampleStatus.DUE)


def seats_of(actor: Actor, request_ids: Sequence[UUID]) -> dict[UUID, str]:
    """For whom the person would answer, by request: names of those they deputise for."""
    if actor.membership_id is None or not request_ids:
        return {}
    rows = ApprovalAssignment.objects.filter(
        request_id__in=request_ids,
        membership_id=actor.membership_id,
        is_open=True,
        on_behalf_of__isnull=False,
    ).order_by("on_behalf_name")
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(row.on_behalf_name)
    return {request_id: ", ".join(names) for request_id, names in found.items()}


def asked_by(actor: Actor) -> QuerySet[ApprovalRequest]:
    """Open requests the person asked for."""
    return requests_for(actor).filter(
        status=RequestStatus.PENDING, requester_id=actor.membership_id
    )


def count_waiting_for(actor: Actor) -> int:
    """How many `waiting_for` has, for menus: one index range, whatever the number of requests.

    An assignment is open exactly while its step waits for that person: steps close theirs, and
    people who may not decide never get one. Somebody who fills two seats is counted once.
    """
    return count_mine(actor)[0]


def count_mine(actor: Actor) -> tuple[int, int]:
    """How many requests wait for the person, and in how many of them for somebody else's seat."""
    return _count_open(actor.membership_id) if actor.membership_id else (0, 0)


@once
def _count_open(membership_id: UUID) -> tuple[int, int]:
    mine = ApprovalAssignment.objects.filter(membership_id=membership_id, is_open=True)
    found = mine.aggregate(
        all=Count("request_id", distinct=True),
        seats=Count("request_id", distinct=True, filter=Q(via=AssignmentVia.DELEGATED)),
    )
    return found["all"], found["seats"]


def can_decide_at_all(actor: Actor) -> bool:
    """Whether a queue of one's own makes sense: a role that a route may name."""
    return actor.membership_id is not None and not actor.roles.isdisjoint(ROUTE_ROLES)


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


def cap_refused(request: ApprovalRequest) -> str:
    """Why an approval of the request cannot carry a lower cap; empty when it can."""
    says = handler_for(request.subject_type).no_cap
    return transitions.cap_refused(request.approved_nanos, says)


def ceiling_of(request: ApprovalRequest) -> int | None:
    """The amount an approval may lower; None where there is none to lower."""
    return None if cap_refused(request) else request.approved_nanos


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
    """Every answer ever given, also those that were undone (`undone` says which). An answer moves
    the version: of a request that never moved nothing is asked.
    """
    if request.version == 1:
        return []
    gone = Exists(ApprovalUndo.objects.filter(decision_id=OuterRef("pk")))
    return list(
        ApprovalDecision.objects.filter(request_id=request.id).annotate(undone=gone).order_by("id")
    )


def live_decisions() -> QuerySet[ApprovalDecision]:
    """Answers that count: not undone."""
    return ApprovalDecision.objects.filter(
        ~Exists(ApprovalUndo.objects.filter(decision_id=OuterRef("pk")))
    )


def undos_of(request: ApprovalRequest) -> list[ApprovalUndo]:
    return list(ApprovalUndo.objects.filter(request_id=request.id).order_by("id"))


def questions_of(request: ApprovalRequest) -> list[ApprovalQuestion]:
    return list(ApprovalQuestion.objects.filter(request_id=request.id).order_by("id"))


def question_by_id(actor: Actor, question_id: UUID) -> ApprovalQuestion:
    """Raises NotFound, also when the request is out of the actor's sight."""
    found = (
        ApprovalQuestion.objects.filter(
            id=question_id, request_id__in=requests_for(actor).values("id")
        )
        .select_related("request")
        .first()
    )
    if found is None:
        raise NotFound("There is no such question.", code="question_not_found")
    return found


def parties_of(request: ApprovalRequest) -> list[ApprovalParty]:
    return list(ApprovalParty.objects.filter(request_id=request.id).order_by("id"))


def blocked_reason(
    actor: Actor,
    request: ApprovalRequest,
    steps: Sequence[ApprovalStep] | None = None,
    parties: Sequence[ApprovalParty] | None = None,
) -> str:
    """Why this person has no decision to take on an open request; empty when they have one.

    `steps` (of `steps_of`) and `parties` save the queries where the caller has them.
    """
    if request.status != RequestStatus.PENDING:
        return "The request is closed."
    if actor.membership_id is None:
        return "Only people decide; programs and support do not."
    known = parties_of(request) if parties is None else parties
    for party in known:
        if party.membership_id == actor.membership_id:
            return f"You cannot decide this: {PARTY_WORDS[party.reason]}."
    route = steps_of(request) if steps is None else steps
    mine = [
        place
        for step in route
        for place in step.people  # type: ignore[attr-defined]
        if place.is_open and place.membership_id == actor.membership_id
    ]
    if not mine:
        answered = any(
            d.membership_id == actor.membership_id and not d.undone
            for step in route
            for d in step.answers  # type: ignore[attr-defined]
        )
        return "You have answered; others decide next." if answered else "Others decide this."
    held = held_roles(actor, request.unit_id)
    if not any(
        may_fill(actor, place, request.unit_id) and still_holds(held, place) for place in mine
    ):
        return "Your roles no longer include deciding for this team."
    return ""


def held_roles(actor: Actor, unit_id: UUID | None) -> frozenset[str]:
    """Roles the actor holds for a unit now."""
    return frozenset(b.role.value for b in actor.bindings if b.covers(unit_id))


def still_holds(held: AbstractSet[str], place: ApprovalAssignment) -> bool:
    """Whether somebody who holds these roles has the place still: its role, or it was given."""
    return place.via in BY_HAND or place.role in held or not held.isdisjoint(place.roles)


def may_fill(actor: Actor, place: ApprovalAssignment, unit_id: UUID | None) -> bool:
    """Whether the actor's permissions still reach a place of theirs.

    Deciding at the subject's unit; for a place that somebody gave, anywhere. The place of a unit
    lead asks for a lead's permission only.
    """
    lead = Role.UNIT_LEAD in (place.roles or [place.role])
    if place.via in BY_HAND:
        return can_anywhere(actor, P.APPROVAL_DECIDE) or (
            lead and can_anywhere(actor, P.APPROVAL_ANSWER)
        )
    return can(actor, P.APPROVAL_DECIDE, unit_id=unit_id) or (
        lead and can(actor, P.APPROVAL_ANSWER, unit_id=unit_id)
    )


BY_HAND = frozenset({AssignmentVia.ADDED, AssignmentVia.DELEGATED})
"""Places somebody gave: they need the permission somewhere, not at the subject's unit."""

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
