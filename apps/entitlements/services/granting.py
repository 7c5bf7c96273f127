"""Minting what an approval grants, in the transaction of the decision, and taking it back."""

from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from apps.access.actors import Actor
from apps.common import clock
from apps.common.errors import Conflict, FieldError
from apps.common.periods import day_in_zone
from apps.entitlements import events
from apps.entitlements.enums import Gives, Reach
from apps.entitlements.models import Entitlement
from apps.entitlements.rules import Wanted
from apps.entitlements.selectors.use import use
from apps.organizations.selectors import organization
from apps.organizations.services.organization import lock_organization
from apps.portfolio.models import Capability
from apps.trail.services import record

MAX_CONTEXT = 10**9
MAX_MODELS = 20
MAX_NAME = 300


def check_wanted(wanted: Wanted) -> list[FieldError]:
    """What is wrong with it, field by field."""
    errors = []
    if wanted.gives not in {g.value for g in Gives}:
        allowed = ", ".join(g.value for g in Gives)
        errors.append(FieldError("gives", "Entitled to what?", f"Use {allowed}."))
    named = [wanted.unit_id, wanted.capability_id, wanted.user or None]
    if sum(one is not None for one in named) != 1:
        errors.append(
            FieldError("holder", "Who holds it?", "Name one team, one capability or one person.")
        )
    if wanted.gives == Gives.CONTEXT:
        return errors + _context_errors(wanted)
    return errors + _premium_errors(wanted)


def _context_errors(wanted: Wanted) -> list[FieldError]:
    if wanted.user:
        return [FieldError("user", "Context belongs to a capability or team.", "Name one of them.")]
    if wanted.context_tokens is None or not 0 < wanted.context_tokens <= MAX_CONTEXT:
        return [FieldError("context_tokens", "How many input tokens a call?", "Enter more than 0.")]
    return []


def _premium_errors(wanted: Wanted) -> list[FieldError]:
    if wanted.reach not in {r.value for r in Reach}:
        allowed = ", ".join(r.value for r in Reach)
        return [FieldError("reach", "Which models?", f"Use {allowed}.")]
    if wanted.reach == Reach.LISTED and not wanted.models:
        return [FieldError("models", "Which models?", "Name at least one.")]
    if len(wanted.models) > MAX_MODELS or any(
        "/" not in name or len(name) > MAX_NAME for name in wanted.models
    ):
        return [
            FieldError(
                "models", "Not a list of models.", f"Up to {MAX_MODELS}, each as provider/model."
            )
        ]
    return []


@transaction.atomic
def mint(
    *,
    actor: Actor,
    wanted: Wanted,
    title: str,
    reason: str,
    evidence: str,
    starts_on: date,
    ends_on: date,
    request_id: UUID,
    source_id: UUID,
    source_ref: str,
    asked_by_id: UUID | None,
    asked_by_name: str,
    granted_by_name: str,
) -> Entitlement:
    """The entitlement of an approval. Called by the deciding transaction, which has asked who may:
    it and the decision happen together or not at all. Raises Conflict for a retired capability.
    """
    if wanted.capability_id is not None:
        capability = Capability.objects.get(id=wanted.capability_id)
        if capability.is_retired:
            raise Conflict(f"{capability.name} was retired.", code="capability_retired")
    lock_organization()
    number = (Entitlement.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    row = Entitlement.objects.create(
        number=number,
        ref=f"EN-{number:04d}",
        gives=wanted.gives,
        holder=wanted.holder.value,
        unit_id=wanted.unit_id,
        capability_id=wanted.capability_id,
        user=wanted.user,
        reach=wanted.reach if wanted.gives == Gives.PREMIUM else "",
        model_names=list(wanted.models),
        context_tokens=wanted.context_tokens,
        starts_on=starts_on,
        ends_on=ends_on,
        title_norm=title.casefold()[:160],
        reason=reason,
        evidence=evidence,
        request_id=request_id,
        source_id=source_id,
        source_ref=source_ref,
        asked_by_id=asked_by_id,
        asked_by_name=asked_by_name,
        granted_by_name=granted_by_name,
    )
    record(
        actor=actor,
        action=events.GRANTED,
        obj=row,
        after={
            "gives": row.gives,
            "holder": row.holder_name,
            "reach": row.reach,
            "models": row.model_names,
            "context_tokens": row.context_tokens,
            "from": starts_on.isoformat(),
            "to": ends_on.isoformat(),
            "granted_by": granted_by_name,
        },
        reason=f"{source_ref}: {reason}",
    )
    return row


def used_since(request_id: UUID) -> str:
    """Why the entitlement of an approval is not taken back; empty when nothing used it."""
    row = Entitlement.objects.filter(request_id=request_id).order_by("-number").first()
    if row is None or row.gives != Gives.PREMIUM:
        return ""
    zone = organization().timezone
    today = clock.today(zone)
    if row.starts_on > today:
        return ""
    since = max(row.starts_on, day_in_zone(row.granted_at, zone))
    found = use(since, date.fromordinal(today.toordinal() + 1), None)
    return f"{row.ref} is in use." if row.id in found.by_entitlement else ""


@transaction.atomic
def take_back(*, actor: Actor, request_id: UUID, note: str) -> None:
    """The entitlement of an approval that is undone ends before it began, also where somebody ended
    it since. Raises Conflict when it is changed in the same moment: nothing is undone then."""
    rows = Entitlement.objects.filter(request_id=request_id).exclude(ended_on__lte=F("starts_on"))
    for row in rows.order_by("id"):
        changed = Entitlement.objects.filter(id=row.id, version=row.version).update(
            ended_on=row.starts_on, ended_by_name=actor.name[:200], version=F("version") + 1
        )
        if not changed:
            raise Conflict(
                f"{row.ref} was changed in the same moment.",
                code="stale_version",
                fix="Load it again.",
            )
        record(actor=actor, action=events.TAKEN_BACK, obj=row, reason=note)
