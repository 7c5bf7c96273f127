"""Who decides one request: handing it over, adding an approver, stepping back."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can, can_anywhere
from apps.approvals import events, selectors
from apps.approvals.enums import Act, AssignmentVia, PartyReason
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.selectors.places import excluded_people
from apps.approvals.services.approvers import current_step, member_of, require_no_party
from apps.approvals.services.steps import announce_step, refresh_step
from apps.approvals.services.transition import closed_conflict, move, stale_conflict
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.organizations.models import Membership
from apps.organizations.selectors import actor_for_membership, membership_by_id
from apps.outbox.services import enqueue
from apps.trail.services import record


@transaction.atomic
def delegate_request(
    *, actor: Actor, request_id: UUID, version: int, to_id: UUID, note: str = ""
) -> ApprovalRequest:
    """Hand one's place on the current step to somebody who may decide; they answer for one.

    Raises NotFound, Forbidden (no place to hand over; the other may not decide this), Conflict.
    """
    request, step = _open(actor, request_id, version)
    member = member_of(actor)
    mine = _my_places(request, step, member)
    if not mine:
        raise Forbidden(
            "You have no place on this step to hand over.",
            code="not_an_approver",
            fix="The people shown on the route decide.",
        )
    lead = any(Role.UNIT_LEAD in place.roles for place in mine)
    deputy = _decider(request, step, to_id, lead=lead)
    _claim(actor, request, version)
    ApprovalAssignment.objects.filter(id__in=[a.id for a in mine]).update(is_open=False)
    for place in mine:
        if place.seat == deputy.id:
            ApprovalAssignment.objects.filter(
                step_id=step.id, membership_id=deputy.id, on_behalf_of__isnull=True
            ).update(is_open=True)
            continue
        ApprovalAssignment.objects.update_or_create(
            step_id=step.id,
            membership_id=deputy.id,
            on_behalf_of_id=place.seat,
            defaults={
                "request_id": request.id,
                "name": str(deputy)[:200],
                "on_behalf_name": place.on_behalf_name or place.name,
                "role": place.role,
                "roles": place.roles,
                "via": AssignmentVia.DELEGATED,
                "is_required": place.is_required,
                "is_by_hand": True,
                "is_open": True,
            },
        )
    return _told(
        actor, request, step, "delegated", events.APPROVAL_DELEGATED, {"to": str(deputy)}, note
    )


@transaction.atomic
def add_approver(
    *, actor: Actor, request_id: UUID, version: int, person_id: UUID, note: str = ""
) -> ApprovalRequest:
    """Ask somebody else to approve the current step as well: it does not end without them.

    By an approver of the step, or whoever manages routes. Raises NotFound, Forbidden, Invalid (the
    person may not decide), Conflict.
    """
    request, step = _open(actor, request_id, version)
    member = member_of(actor)
    if not _my_places(request, step, member) and not can(actor, P.APPROVAL_POLICY_MANAGE):
        raise Forbidden(
            "Approvers of this step, and whoever manages routes, add others.",
            code="not_an_approver",
            fix="Ask one of the people shown on the route.",
        )
    require_no_party(request, member)
    person = _decider(request, step, person_id)
    known = ApprovalAssignment.objects.filter(
        step_id=step.id, membership_id=person.id, on_behalf_of__isnull=True
    ).first()
    if known is not None and known.is_required:
        raise Conflict(f"{person} is asked already.", code="already_asked", fix="Wait for them.")
    _claim(actor, request, version)
    if known is not None:
        known.is_required = known.is_open = True
        known.save(update_fields=["is_required", "is_open"])
    else:
        ApprovalAssignment.objects.create(
            request_id=request.id,
            step_id=step.id,
            membership_id=person.id,
            name=str(person)[:200],
            via=AssignmentVia.ADDED,
            is_required=True,
            is_by_hand=True,
        )
    return _told(
        actor, request, step, "added", events.APPROVER_ADDED, {"person": str(person)}, note
    )


@transaction.atomic
def recuse(*, actor: Actor, request_id: UUID, version: int, note: str) -> ApprovalRequest:
    """Step back from deciding a request, for good, and say why.

    Stepping back approves nothing: where nobody is left, the step's fallback joins. Raises
    NotFound, Forbidden (no place), Invalid (no note), Conflict.
    """
    request, step = _open(actor, request_id, version)
    member = member_of(actor)
    if not note.strip():
        raise Invalid("Say why you step back.", field="note", fix="One sentence is enough.")
    if not _my_places(request, step, member):
        raise Forbidden(
            "You have no place on this step.",
            code="not_an_approver",
            fix="The people shown on the route decide.",
        )
    _claim(actor, request, version)
    ApprovalParty.objects.create(
        request_id=request.id,
        membership_id=member,
        reason=PartyReason.RECUSED,
        note=note.strip(),
    )
    rows = ApprovalAssignment.objects.filter(request_id=request.id)
    rows.filter(membership_id=member).update(is_open=False, is_required=False)
    rows.filter(on_behalf_of_id=member).update(is_open=False, is_required=False)
    refresh_step(step.id)
    return _told(actor, request, step, "recused", events.APPROVAL_RECUSED, {}, note)


def _open(actor: Actor, request_id: UUID, version: int) -> tuple[ApprovalRequest, ApprovalStep]:
    request = selectors.request_by_id(actor, request_id)
    member_of(actor)
    if not request.is_open:
        raise closed_conflict(request)
    if request.version != version:
        raise stale_conflict()
    step = current_step(request)
    refresh_step(step.id)
    return request, step


def _claim(actor: Actor, request: ApprovalRequest, version: int) -> None:
    move(request, Act.CHANGE_PEOPLE, version=version, by=actor.name)


def _my_places(
    request: ApprovalRequest, step: ApprovalStep, member: UUID
) -> list[ApprovalAssignment]:
    return list(
        ApprovalAssignment.objects.filter(step_id=step.id, membership_id=member, is_open=True)
    )


def _decider(
    request: ApprovalRequest, step: ApprovalStep, person_id: UUID, *, lead: bool = False
) -> Membership:
    """The person, if they may answer this step. Raises Invalid naming why not.

    `lead`: the place is a unit lead's, which another lead may fill.
    """
    person = membership_by_id(person_id)
    reason = ""
    if not person.is_active or not person.user.is_active:
        reason = f"{person} is suspended."
    elif not can_anywhere(
        actor_for_membership(person), P.APPROVAL_ANSWER if lead else P.APPROVAL_DECIDE
    ):
        reason = f"{person} has no role that decides."
    elif person.id in excluded_people(request.id, step):
        reason = f"{person} asked for it, wrote it, funds it, stepped back or has answered before."
    elif selectors.live_decisions().filter(step_id=step.id, membership_id=person.id).exists():
        reason = f"{person} has answered this step."
    if reason:
        raise Invalid(reason, field="person", fix="Choose somebody else.")
    return person


def _told(
    actor: Actor,
    request: ApprovalRequest,
    step: ApprovalStep,
    change: str,
    action: str,
    after: dict[str, str],
    note: str,
) -> ApprovalRequest:
    record(
        actor=actor,
        action=action,
        obj=request,
        after={"step": step.name, **after},
        reason=note.strip(),
    )
    enqueue(
        events.TOPIC_PEOPLE,
        key=f"approval:{request.id}",
        payload={"request_id": str(request.id), "step_id": str(step.id), "change": change},
    )
    announce_step(request.id, step.id)
    return request
