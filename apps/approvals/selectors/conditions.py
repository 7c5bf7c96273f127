"""Conditions of approvals, tracked until they are met or waived."""

from collections import Counter
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.approvals.enums import ConditionStatus
from apps.approvals.models import ApprovalCondition, ApprovalRequest
from apps.approvals.selectors.requests import requests_for
from apps.common.errors import NotFound


def conditions(actor: Actor) -> QuerySet[ApprovalCondition]:
    """Conditions of requests in sight, and those the actor owes."""
    rows = ApprovalCondition.objects.select_related("request", "request__unit")
    mine = Q(request_id__in=requests_for(actor).values("id"))
    if actor.membership_id is not None:
        mine |= Q(owner_id=actor.membership_id)
    return rows.filter(mine)


def condition_by_id(actor: Actor, condition_id: UUID) -> ApprovalCondition:
    found = conditions(actor).filter(id=condition_id).first()
    if found is None:
        raise NotFound("There is no such condition.", code="condition_not_found")
    return found


def conditions_of(request: ApprovalRequest) -> list[ApprovalCondition]:
    """They come with answers, which move the version."""
    if request.version == 1:
        return []
    return list(ApprovalCondition.objects.filter(request_id=request.id).order_by("id"))


def conditions_of_subject(subject_type: str, subject_id: UUID) -> list[ApprovalCondition]:
    """For the subject's own page: open ones first, by due day."""
    rows = ApprovalCondition.objects.filter(
        subject_type=subject_type, subject_id=subject_id
    ).exclude(status=ConditionStatus.DROPPED)
    return sorted(
        rows, key=lambda c: (c.status != ConditionStatus.OPEN, c.due_on or date.max, c.id)
    )


def usual_conditions(most: int = 8) -> list[str]:
    """Texts asked before, the most frequent of the last two hundred first."""
    recent = ApprovalCondition.objects.order_by("-id").values_list("text", flat=True)[:200]
    return [text for text, _ in Counter(recent).most_common(most)]


def may_meet(actor: Actor, condition: ApprovalCondition) -> bool:
    """Who owes it says that it is met, or somebody who decides for the unit."""
    return actor.owns(condition.owner_id) or may_waive(actor, condition)


def may_waive(actor: Actor, condition: ApprovalCondition) -> bool:
    """Only who decides for the unit waives; nobody waives what they owe themselves."""
    return (
        actor.kind == "user"
        and actor.membership_id is not None
        and not actor.owns(condition.owner_id)
        and can(actor, P.APPROVAL_DECIDE, unit_id=condition.request.unit_id)
    )
