"""Reads of schedules, inside the open scope."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.common.errors import NotFound
from apps.organizations.models import Membership
from apps.organizations.selectors import people
from apps.reports.enums import DeliveryState
from apps.reports.models import ReportDelivery, ReportRecipient, ReportSchedule

NOBODY = UUID(int=0)


def schedules(actor: Actor) -> QuerySet[ReportSchedule]:
    """The actor's own schedules and those that send to them; all for who manages the organization.

    With `receives`, `last_sent_at`, and `last_state` and `last_reason` of the newest copy that is
    decided.
    """
    mine = ReportRecipient.objects.filter(
        schedule_id=OuterRef("id"), membership_id=actor.membership_id or NOBODY
    )
    copies = ReportDelivery.objects.filter(schedule_id=OuterRef("id")).order_by("-id")
    decided = copies.exclude(state=DeliveryState.WAITING, reason="")
    sent = copies.filter(state=DeliveryState.SENT)
    found = ReportSchedule.objects.annotate(
        receives=Exists(mine),
        last_sent_at=Subquery(sent.values("sent_at")[:1]),
        last_state=Subquery(decided.values("state")[:1]),
        last_reason=Subquery(decided.values("reason")[:1]),
    )
    if can(actor, P.ORG_MANAGE):
        return found
    if actor.membership_id is None:
        return found.none()
    return found.filter(Q(owner_id=actor.membership_id) | Q(receives=True))


def schedule_by_id(actor: Actor, schedule_id: UUID) -> ReportSchedule:
    """Raises NotFound for one out of sight as for none at all."""
    found = schedules(actor).filter(id=schedule_id).first()
    if found is None:
        raise NotFound("There is no such scheduled report.", code="report_schedule_not_found")
    return found


def may_change(actor: Actor, schedule: ReportSchedule) -> bool:
    """The owner while they may schedule, and who manages the organization."""
    if actor.membership_id is not None and schedule.owner_id == actor.membership_id:
        return can_anywhere(actor, P.REPORT_SCHEDULE)
    return can(actor, P.ORG_MANAGE) and can_anywhere(actor, P.REPORT_SCHEDULE)


def recipients(schedule: ReportSchedule) -> list[Membership]:
    """Whom it sends to, by name."""
    ids = ReportRecipient.objects.filter(schedule_id=schedule.id).values("membership_id")
    return list(
        Membership.objects.select_related("user").filter(id__in=ids).order_by("user__name", "id")
    )


def candidates(actor: Actor) -> list[Membership]:
    """Whom the actor may send to: active people in their sight, themselves among them."""
    return list(people(actor).filter(is_active=True, user__is_active=True))


def deliveries(schedule: ReportSchedule) -> QuerySet[ReportDelivery]:
    """Every copy, for the list of what was sent."""
    rows = ReportDelivery.objects.filter(schedule_id=schedule.id)
    return rows.select_related("issue", "membership__user")


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule whose hour has come."""

    id: UUID
    due_at: datetime


def due_schedules(now: datetime) -> list[Due]:
    rows = ReportSchedule.objects.filter(due_at__lte=now).order_by("due_at", "id")
    return [Due(i, due) for i, due in rows.values_list("id", "due_at") if due is not None]
