"""Entitlements: the list, one, and those in force."""

from datetime import date
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require_anywhere
from apps.common.errors import NotFound
from apps.entitlements.models import Entitlement
from apps.entitlements.rules import Held


def entitlements(actor: Actor) -> QuerySet[Entitlement]:
    """All of them: who may do what is reference data, as tiers and capabilities are."""
    require_anywhere(actor, P.CAPABILITY_VIEW)
    return Entitlement.objects.select_related("unit", "capability")


def entitlement_by_id(actor: Actor, entitlement_id: UUID) -> Entitlement:
    found = entitlements(actor).filter(id=entitlement_id).first()
    if found is None:
        raise NotFound("There is no such entitlement.", code="entitlement_not_found")
    return found


def state_q(state: str, today: date) -> Q:
    """The rows in a state: holds, ending (within 14 days), to_come, ended."""
    over = Q(ends_on__lt=today) | Q(ended_on__lte=today) | Q(ended_on__lte=F("starts_on"))
    if state == "ended":
        return over
    if state == "to_come":
        return Q(starts_on__gt=today) & ~over
    holds = Q(starts_on__lte=today) & ~over
    if state == "ending":
        soon = date.fromordinal(today.toordinal() + 14)
        return holds & Q(ends_on__lte=soon, ended_on__isnull=True)
    return holds


def held_between(start: date, end: date) -> list[Held]:
    """Entitlements that hold on any of the days [start, end)."""
    rows = Entitlement.objects.filter(
        Q(ended_on__isnull=True) | (Q(ended_on__gt=start) & Q(ended_on__gt=F("starts_on"))),
        starts_on__lt=end,
        ends_on__gte=start,
    ).order_by("number")
    return [as_held(row) for row in rows]


def held_on(day: date) -> list[Held]:
    return held_between(day, date.fromordinal(day.toordinal() + 1))


def as_held(row: Entitlement) -> Held:
    return Held(
        id=row.id,
        gives=row.gives,
        holder=row.holder,
        unit_id=row.unit_id,
        capability_id=row.capability_id,
        user=row.user,
        reach=row.reach,
        models=frozenset(row.model_names),
        context_tokens=row.context_tokens,
        first=row.starts_on,
        last=row.last,
    )
