"""Delegations: whose are in force, and who stands in on a request."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.approvals.models import ApprovalDelegation, ApprovalRequest
from apps.approvals.rules.deputies import Deputy, Matter, stand_ins
from apps.common import clock
from apps.common.errors import NotFound
from apps.organizations import selectors as organizations


def delegations(actor: Actor) -> QuerySet[ApprovalDelegation]:
    """One's own, those one deputises in; all of them for who manages routes. Latest first."""
    rows = ApprovalDelegation.objects.select_related("unit").order_by("-starts_on", "-id")
    if can(actor, P.APPROVAL_POLICY_MANAGE):
        return rows
    if actor.membership_id is None:
        return rows.none()
    return rows.filter(Q(person_id=actor.membership_id) | Q(deputy_id=actor.membership_id))


def delegation_by_id(actor: Actor, delegation_id: UUID) -> ApprovalDelegation:
    found = delegations(actor).filter(id=delegation_id).first()
    if found is None:
        raise NotFound("There is no such delegation.", code="delegation_not_found")
    return found


def local_today() -> date:
    return clock.today(organizations.organization().timezone)


def in_force(on: date) -> list[Deputy]:
    rows = ApprovalDelegation.objects.filter(
        revoked_at__isnull=True, starts_on__lte=on, ends_on__gte=on
    ).order_by("id")
    return [
        Deputy(
            d.id,
            d.person_id,
            d.deputy_id,
            d.starts_on,
            d.ends_on,
            d.subject_type,
            d.unit_id,
            d.max_amount_nanos,
        )
        for d in rows
    ]


class StandIns:
    """Who stands in for whom today; asked about any number of requests. Suspended people stand in
    for nobody. `path` gives a unit and all above it.
    """

    def __init__(self, path: Callable[[UUID], Sequence[UUID]] | None = None) -> None:
        self._path = path or organizations.unit_ancestor_ids
        self._today = local_today()
        self._known = in_force(self._today)
        deputies = {each.deputy for each in self._known}
        self._active = organizations.active_member_ids(deputies) if deputies else frozenset()
        self.names: dict[UUID, str] = (
            organizations.membership_names(self._active) if self._active else {}
        )

    def pairs(
        self, request: ApprovalRequest, seats: Iterable[UUID], excluded: AbstractSet[UUID]
    ) -> list[tuple[UUID, UUID]]:
        """Pairs (deputy, seat)."""
        if not self._known:
            return []
        path = self._path(request.unit_id) if request.unit_id else ()
        matter = Matter(request.subject_type, frozenset(path), request.amount_nanos)
        found = stand_ins(seats, self._known, matter, self._today, excluded)
        return [pair for pair in found if pair[0] in self._active]
