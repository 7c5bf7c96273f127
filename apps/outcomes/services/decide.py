"""Recording what is to become of a capability."""

import datetime as dt
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.notifications.services import notify
from apps.organizations.selectors import active_member_ids, membership_names, organization
from apps.outcomes import events
from apps.outcomes.enums import Verdict
from apps.outcomes.models import WorthDecision
from apps.outcomes.selectors.decisions import decisions_of
from apps.outcomes.selectors.worth import Worth, worth_now
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capability_by_id
from apps.tenancy.urls import org_url
from apps.trail.services import record

FURTHEST = dt.timedelta(days=731)


def may_decide(actor: Actor, worth: Worth) -> bool:
    """Whether `record_decision` would let the actor decide: for buttons."""
    unit_id = worth.capability.unit_id
    return can(actor, P.APPROVAL_DECIDE, unit_id=unit_id) and not _has_part(actor, worth)


@transaction.atomic
def record_decision(
    *,
    actor: Actor,
    capability_id: UUID,
    verdict: str,
    reason: str,
    owner_id: UUID | None,
    review_on: dt.date | None,
    seen: int,
) -> WorthDecision:
    """Decide on a capability; `seen` is the number of the newest decision known, 0 for none.

    Raises NotFound, Forbidden (also for who owns the capability or wrote or sent its story),
    Invalid per wrong field, Conflict when somebody decided since.
    """
    capability = capability_by_id(actor, capability_id)
    require(actor, P.APPROVAL_DECIDE, unit_id=capability.unit_id)
    worth = worth_now(capability)
    if _has_part(actor, worth):
        raise Forbidden(
            "You own this capability, or wrote or sent its story: somebody else decides.",
            code="own_capability",
            fix="Ask another person who decides on approvals of this team.",
        )
    if errors := _problems(verdict, reason, owner_id, review_on):
        raise Invalid("The decision cannot be kept as it is.", errors=errors)
    assert owner_id is not None  # noqa: S101 -- checked above
    assert review_on is not None  # noqa: S101 -- checked above
    made = _keep(actor, worth, Verdict(verdict), reason.strip(), owner_id, review_on, seen)
    record(
        actor=actor,
        action=events.DECIDED,
        obj=capability,
        after={
            "verdict": made.verdict,
            "owner": made.owner_name,
            "review_on": review_on.isoformat(),
            "standing": made.standing,
            "basis": made.basis,
            "cost_nanos": made.cost_nanos,
            "value_nanos": made.value_nanos,
        },
        reason=made.reason,
    )
    if not actor.owns(owner_id):
        _tell_owner(capability, made, actor.name)
    return made


def _has_part(actor: Actor, worth: Worth) -> bool:
    """Who answers for the capability, or wrote or sent the version in force."""
    part = [worth.capability.owner_membership_id]
    if worth.hypothesis is not None:
        story, revision = worth.hypothesis.story, worth.hypothesis.revision
        part += [story.author_id, revision.submitted_by_id]
    return any(actor.owns(each) for each in part if each is not None)


def _problems(
    verdict: str, reason: str, owner_id: UUID | None, review_on: dt.date | None
) -> list[FieldError]:
    errors = []
    today = clock.today(organization().timezone)
    if verdict not in dict(Verdict.choices()):
        errors.append(
            FieldError("verdict", "This is not a decision.", "Choose retire, redesign or keep.")
        )
    if not reason.strip() or len(reason) > 2000:
        errors.append(
            FieldError("reason", "The decision gives no reason.", "Up to 2,000 characters.")
        )
    if owner_id is None or owner_id not in active_member_ids([owner_id]):
        errors.append(
            FieldError("owner", "Nobody answers for it.", "Choose an active person as owner.")
        )
    if review_on is None or not today < review_on <= today + FURTHEST:
        errors.append(
            FieldError(
                "review_on",
                "The day to look again is not within the next two years.",
                "Choose a day after today.",
            )
        )
    return errors


def _keep(
    actor: Actor,
    worth: Worth,
    verdict: Verdict,
    reason: str,
    owner_id: UUID,
    review_on: dt.date,
    seen: int,
) -> WorthDecision:
    newest = decisions_of(worth.capability.id).first()
    if (newest.number if newest else 0) != seen:
        raise _decided_since()
    try:
        with transaction.atomic():
            return WorthDecision.objects.create(
                capability=worth.capability,
                number=seen + 1,
                verdict=verdict.value,
                reason=reason,
                owner_id=owner_id,
                owner_name=membership_names([owner_id])[owner_id],
                review_on=review_on,
                story_ref=worth.hypothesis.story.ref if worth.hypothesis else "",
                standing=worth.standing.value,
                basis=worth.basis.value if worth.basis else "",
                currency=worth.currency,
                cost_nanos=worth.given.cost_nanos if worth.given else worth.cost_nanos,
                value_nanos=worth.given.value_nanos if worth.given else None,
                decided_by_id=actor.membership_id or actor.id,
                decided_by_name=actor.name[:200],
            )
    except IntegrityError:
        raise _decided_since() from None


def _decided_since() -> Conflict:
    return Conflict(
        "Somebody decided on this capability since you opened it.",
        code="stale_decision",
        fix="Read the newest decision and decide again if it still needs to change.",
    )


def _tell_owner(capability: Capability, made: WorthDecision, by: str) -> None:
    notify(
        recipients=[made.owner_id],
        kind="story.worth_decided",
        key=f"worth:{made.id}",
        title=f"{capability.name}: {Verdict(made.verdict).label.lower()}",
        body=f"{by} decided and named you as the owner.\n{made.reason}",
        path=org_url(organization().slug, "outcomes:detail", capability.id),
    )
