"""Ending early, reminding before the end, tiers of teams and people."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock, fmt
from apps.common.errors import Conflict, Invalid
from apps.entitlements import events
from apps.entitlements.enums import Gives
from apps.entitlements.models import Entitlement, TierAssignment
from apps.entitlements.rules import REMIND_DAYS
from apps.entitlements.selectors.held import entitlement_by_id
from apps.entitlements.selectors.tiers import assignment
from apps.notifications.services import notify
from apps.organizations.selectors import administrators, organization, unit_by_id
from apps.portfolio.enums import Tier
from apps.tenancy.urls import org_url
from apps.trail.services import record

STALE = "Somebody changed this since you opened it."
MAX_USER = 200
MAX_REASON = 500


@transaction.atomic
def end_entitlement(
    *, actor: Actor, entitlement_id: UUID, version: int, reason: str
) -> Entitlement:
    """It no longer holds from today on. Calls are not stopped: they count as outside.

    Raises NotFound, Forbidden, Invalid (no reason), Conflict (stale version, over already).
    """
    row = entitlement_by_id(actor, entitlement_id)
    require(actor, P.TIER_MANAGE)
    if not reason.strip():
        raise Invalid("Nothing says why.", field="reason", fix="One sentence is enough.")
    today = clock.today(organization().timezone)
    if row.last < today or row.last < row.starts_on:
        raise Conflict("It is over already.", code="entitlement_over")
    changed = Entitlement.objects.filter(id=row.id, version=version).update(
        ended_on=max(today, row.starts_on),
        ended_by_name=actor.name[:200],
        version=F("version") + 1,
    )
    if not changed:
        raise Conflict(STALE, code="stale_version", fix="Load it again.")
    row.refresh_from_db()
    record(
        actor=actor,
        action=events.ENDED,
        obj=row,
        before={"ends_on": row.ends_on.isoformat()},
        after={"ended_on": str(row.ended_on)},
        reason=reason.strip(),
    )
    if row.asked_by_id is not None:
        notify(
            recipients=[row.asked_by_id],
            kind="approval.entitlement_ended",
            key=f"entitlement:{row.id}:ended",
            title=f"{row} was ended",
            body=f"{reason.strip()}\n{actor.name}",
            path=_path(row),
        )
    return row


@transaction.atomic
def set_tier(
    *,
    actor: Actor,
    tier: str,
    version: int,
    unit_id: UUID | None = None,
    user: str = "",
    reason: str = "",
) -> TierAssignment:
    """The tier of a unit (and of what is below it and has none) or of a person; "" takes it back.

    `version` is the one it was read at, 0 where there is none yet. Raises Forbidden, NotFound
    (unit), Invalid (each wrong field), Conflict (changed since).
    """
    require(actor, P.TIER_MANAGE)
    user = user.strip()
    if (unit_id is None) == (not user):
        raise Invalid("Whose tier?", field="unit_id", fix="Name one team or one person.")
    if tier and tier not in Tier.values:
        raise Invalid("Not a tier.", field="tier", fix=f"Use {', '.join(Tier.values)}.")
    if len(user) > MAX_USER:
        raise Invalid("The name is too long.", field="user", fix=f"At most {MAX_USER} characters.")
    if len(reason.strip()) > MAX_REASON:
        raise Invalid("The reason is too long.", field="reason", fix=f"At most {MAX_REASON}.")
    if unit_id is not None:
        unit_by_id(unit_id)
    row = assignment(unit_id=unit_id, user=user)
    before = row.tier if row else ""
    values = {
        "tier": tier,
        "reason": reason.strip(),
        "changed_at": clock.now(),
        "changed_by_name": actor.name[:200],
    }
    if row is None and version == 0:
        row = _first(unit_id, user, values)
    elif row is None or not TierAssignment.objects.filter(id=row.id, version=version).update(
        version=F("version") + 1, **values
    ):
        raise Conflict(STALE, code="stale_version", fix="Load it again.")
    else:
        row.refresh_from_db()
    record(
        actor=actor,
        action=events.TIER_SET,
        obj=row,
        before={"tier": before},
        after={"tier": tier},
        reason=reason.strip(),
    )
    return row


def _first(unit_id: UUID | None, user: str, values: dict[str, object]) -> TierAssignment:
    try:
        with transaction.atomic():
            return TierAssignment.objects.create(unit_id=unit_id, user=user, **values)
    except IntegrityError as error:
        raise Conflict(STALE, code="stale_version", fix="Load it again.") from error


def remind() -> int:
    """Tell who asked for it, and who owns the capability, that an entitlement ends soon; without
    either the administrators. Once each: the row is claimed by a conditional update."""
    today = clock.today(organization().timezone)
    due = Entitlement.objects.select_related("unit", "capability").filter(
        reminded_at__isnull=True,
        ended_on__isnull=True,
        starts_on__lte=today,
        ends_on__gte=today,
        ends_on__lte=today + timedelta(days=REMIND_DAYS),
    )
    told = 0
    for row in due:
        with transaction.atomic():
            if not Entitlement.objects.filter(
                id=row.id, reminded_at__isnull=True, ended_on__isnull=True
            ).update(reminded_at=clock.now()):
                continue
            owner = row.capability.owner_membership_id if row.capability else None
            people = [one for one in (row.asked_by_id, owner) if one is not None]
            told += notify(
                recipients=people or [one.id for one in administrators()],
                kind="approval.entitlement_ends",
                key=f"entitlement:{row.id}:ends",
                title=f"{row} ends on {fmt.long_day(row.ends_on)}",
                body=f"{Gives(row.gives).label}. Ask again if it is still needed.",
                path=_path(row),
            )
    return told


def lapse() -> int:
    """Record that the last day of entitlements has passed; the number. Once each: the row is
    claimed by a conditional update. Nothing about what holds changes: dates decide that."""
    today = clock.today(organization().timezone)
    over = Entitlement.objects.select_related("unit", "capability").filter(
        lapsed_at__isnull=True, ended_on__isnull=True, ends_on__lt=today
    )
    told = 0
    for row in over:
        with transaction.atomic():
            claimed = Entitlement.objects.filter(
                id=row.id, lapsed_at__isnull=True, ended_on__isnull=True
            ).update(lapsed_at=clock.now())
            if claimed:
                record(
                    actor=system_actor("entitlements"),
                    action=events.LAPSED,
                    obj=row,
                    before={"holds": True},
                    after={"holds": False, "ends_on": row.ends_on.isoformat()},
                )
                told += 1
    return told


def _path(row: Entitlement) -> str:
    return org_url(organization().slug, "entitlements:detail", entitlement_id=row.id)
