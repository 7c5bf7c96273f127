"""Break-glass: staff of the installation enter one organization, with a reason and an end.

They read only. The organization sees the visit in its trail, its owners get an e-mail, and it can
end the visit at any time.
"""

from datetime import timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.accounts.models import User
from apps.common import clock
from apps.common.errors import Forbidden, Invalid, NotFound
from apps.organizations import events, rules, selectors
from apps.organizations.models import Organization, SupportVisit
from apps.organizations.refs import visit_ref
from apps.outbox.services import enqueue
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope
from apps.trail.services import record

ENTERED = "support.entered"
_REASON_MIN = 10


def enter_as_support(*, user: User, slug: str, reason: str, hours: int) -> Organization:
    """Open a visit of 1 to 8 hours. Opens the organization's scope.

    Raises Forbidden for a person who is not staff, NotFound, or Invalid.
    """
    if not user.is_staff or not user.is_active:
        raise Forbidden("Only staff of this installation enter as support.", code="not_staff")
    why, length = " ".join(reason.split()), timedelta(hours=hours)
    if not _REASON_MIN <= len(why) <= 500:
        raise Invalid("Say why, in 10 to 500 characters.", field="reason")
    if not timedelta(0) < length <= rules.SUPPORT_MAX:
        raise Invalid("Choose 1 to 8 hours.", field="hours")
    organization_id = doors.org_for_support(slug.strip().lower())
    if organization_id is None:
        raise NotFound("There is no such organization.", code="organization_not_found")
    with tenant_scope(organization_id):
        visit = SupportVisit.objects.create(user=user, reason=why, expires_at=clock.now() + length)
        record(
            actor=Actor("user", user.pk, f"{user.display_name} (support)", organization_id),
            action=events.SUPPORT_ENTERED,
            obj=visit_ref(visit),
            after={"expires_at": visit.expires_at.isoformat()},
            reason=why,
        )
        enqueue(ENTERED, key=f"support:{visit.id}", payload={"visit_id": str(visit.id)})
        return selectors.organization()


def end_visit(*, actor: Actor, visit_id: UUID) -> SupportVisit:
    """End a visit: the visitor, or whoever manages the organization."""
    visit = (
        SupportVisit.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(id=visit_id)
        .first()
    )
    if visit is None:
        raise NotFound("There is no such visit.", code="visit_not_found")
    if visit.user_id != actor.id:
        require(actor, P.ORG_MANAGE)
    if visit.is_open():
        visit.ended_at, visit.ended_by_name = clock.now(), actor.name
        visit.save(update_fields=["ended_at", "ended_by_name"])
        record(actor=actor, action=events.SUPPORT_ENDED, obj=visit_ref(visit))
    return visit
