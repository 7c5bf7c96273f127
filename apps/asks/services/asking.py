"""Filing an ask, and asking again after it was sent back."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from apps.access.actors import Actor
from apps.approvals import services as approvals
from apps.approvals.enums import Lane
from apps.approvals.models import ApprovalRequest
from apps.asks import events, selectors
from apps.asks.enums import AskKind, AskStatus, Rule
from apps.asks.models import Ask, AskedEntitlement, AskRevision
from apps.asks.services.checking import (
    AskInput,
    EntitlementInput,
    Target,
    errors_of,
    require_may_ask,
    target_of,
    wanted_by,
)
from apps.budgets.selectors.funding import sole_funders_of
from apps.common import fmt
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.entitlements.enums import Reach
from apps.entitlements.selectors.catalogue import Catalogue
from apps.entitlements.selectors.tiers import tier_book
from apps.entitlements.words import wanted_words
from apps.organizations.selectors import organization
from apps.organizations.services.organization import lock_organization
from apps.portfolio.selectors import capability_by_id
from apps.pricing.enums import Standing
from apps.pricing.standings import ORDER
from apps.trail.services import record

SUBJECTS = {AskKind.EXCEPTION: "exception", AskKind.ENTITLEMENT: "entitlement"}
MONTHLY = (AskKind.AMOUNT, AskKind.EXCEPTION, AskKind.ENTITLEMENT)
PREFIXES = {AskKind.EXCEPTION: "EX", AskKind.ENTITLEMENT: "ER"}


@transaction.atomic
def file_ask(*, actor: Actor, asked: AskInput) -> Ask:
    """File an ask and open its approval request.

    Raises Forbidden (may not ask for the unit), NotFound (budget, unit), Invalid (each wrong
    field). Nothing is written then.
    """
    target = target_of(actor, asked)
    require_may_ask(actor, target.unit_id)
    errors = errors_of(asked, target)
    if errors:
        raise Invalid("The request is not complete.", errors=errors)
    lock_organization()
    number = (Ask.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    prefix = PREFIXES.get(AskKind(asked.kind), "BR")
    ask = Ask.objects.create(
        number=number,
        ref=f"{prefix}-{number:04d}",
        kind=asked.kind,
        rule=asked.rule if asked.kind == AskKind.EXCEPTION else "",
        unit_id=target.unit_id,
        budget=target.budget,
        source_budget=target.source,
        currency=target.budget.currency if target.budget else organization().currency,
        requester_id=actor.membership_id,
        requester_name=actor.name[:200],
        **_content(asked),
    )
    request = _submit(actor, ask, asked.entitlement)
    record(actor=actor, action=events.ASKED, obj=ask, after=_described(ask), reason=ask.reason)
    return _settled(ask, request)


@transaction.atomic
def ask_again(*, actor: Actor, ask_id: UUID, version: int, asked: AskInput) -> Ask:
    """The next revision of an ask that was sent back. Kind, budgets and unit stay.

    Raises NotFound, Forbidden (not the requester), Invalid, Conflict (not sent back, or changed
    since `version`).
    """
    ask = selectors.ask_by_id(actor, ask_id)
    if not actor.owns(ask.requester_id):
        raise Forbidden(
            "Whoever asked changes the request.", code="not_requester", fix=ask.requester_name
        )
    if ask.status != AskStatus.SENT_BACK:
        raise Conflict("Only a request that was sent back is changed.", code="not_sent_back")
    target = _again(actor, ask, asked)
    errors = errors_of(asked, target)
    if errors:
        raise Invalid("The request is not complete.", errors=errors)
    before = _described(ask)
    changed = Ask.objects.filter(id=ask.id, status=AskStatus.SENT_BACK, version=version).update(
        status=AskStatus.ASKED,
        version=F("version") + 1,
        revision_number=F("revision_number") + 1,
        decided_at=None,
        decided_by_name="",
        **_content(asked),
    )
    if not changed:
        raise Conflict(
            "Somebody changed this request since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    ask.refresh_from_db()
    request = _submit(actor, ask, asked.entitlement)
    record(actor=actor, action=events.CHANGED, obj=ask, before=before, after=_described(ask))
    return _settled(ask, request)


def _again(actor: Actor, ask: Ask, asked: AskInput) -> Target:
    """What was named the first time stays; so does whom an entitlement is for."""
    if not ask.is_entitlement:
        return Target(ask.unit_id, ask.budget, ask.source_budget)
    before = selectors.wanted_of(ask)
    wanted = asked.entitlement
    if wanted is None or (before.gives, before.capability_id, before.user) != (
        wanted.gives,
        wanted.capability_id,
        wanted.user.strip(),
    ):
        raise Invalid(
            "A request keeps what it is for and for whom.",
            field="gives",
            fix="File another request for somebody else.",
        )
    found = capability_by_id(actor, wanted.capability_id) if wanted.capability_id else None
    return Target(ask.unit_id, capability=found)


def _submit(actor: Actor, ask: Ask, entitlement: EntitlementInput | None) -> ApprovalRequest:
    revision = AskRevision.objects.create(
        ask_id=ask.id,
        number=ask.revision_number,
        title=ask.title,
        reason=ask.reason,
        about=ask.about,
        amount_nanos=ask.amount_nanos,
        starts_on=ask.starts_on,
        ends_on=ask.ends_on,
    )
    context: dict[str, Any] = {
        "kind": ask.rule if ask.is_exception else ask.kind,
        "amount_lifetime_nanos": ask.amount_nanos,
    }
    if ask.is_entitlement and entitlement is not None:
        context |= _entitlement_facts(ask, _keep(revision, entitlement))
    flags = [{"tone": "", "text": AskKind(ask.kind).label}]
    if ask.ends_on:
        flags = [{"tone": "warn", "text": f"Until {fmt.day(ask.ends_on)}"}]
    request = approvals.open_request(
        actor=actor,
        subject_type=SUBJECTS.get(AskKind(ask.kind), "budget_change"),
        subject_id=ask.id,
        subject_ref=ask.ref,
        revision_id=revision.id,
        revision_number=revision.number,
        title=ask.title,
        summary=ask.reason,
        unit_id=ask.unit_id,
        requester_id=ask.requester_id,
        amount_nanos=ask.amount_nanos,
        amount_period="month" if ask.kind in MONTHLY and ask.rule != Rule.FINDING else "once",
        currency=ask.currency,
        context=context,
        funder_ids=_funders(ask),
        flags=flags,
    )
    Ask.objects.filter(id=ask.id).update(request_id=request.id)
    ask.request_id = request.id
    return request


def _funders(ask: Ask) -> list[UUID]:
    """Who alone pays for it: the owner of the budget money would come from; for more money or
    another amount the one person who owns every budget above."""
    if ask.source_budget is not None:
        owner = ask.source_budget.owner_membership_id
        return [owner] if owner is not None else []
    return sole_funders_of(ask.budget) if ask.budget is not None else []


def _keep(revision: AskRevision, asked: EntitlementInput) -> AskedEntitlement:
    wanted = wanted_by(asked, None)
    return AskedEntitlement.objects.create(
        revision=revision,
        gives=wanted.gives,
        capability_id=wanted.capability_id,
        user=wanted.user,
        reach=wanted.reach,
        model_names=list(wanted.models),
        context_tokens=wanted.context_tokens,
        evidence=asked.evidence.strip(),
    )


def _entitlement_facts(ask: Ask, asked: AskedEntitlement) -> dict[str, Any]:
    """What routes may ask: premium or context, the holder's tier, stage and data, the models."""
    found: dict[str, Any] = {"kind": asked.gives, "amount_month_nanos": ask.amount_nanos}
    capability = asked.capability
    book = tier_book([capability.id] if capability else ())
    if capability is not None:
        found |= {
            "stage": capability.stage,
            "data_class": capability.data_class,
            "tier": book.of_capability(capability).tier.value,
        }
    elif asked.user:
        found["tier"] = book.of_user(asked.user).tier.value
    else:
        found["tier"] = book.of_unit(ask.unit_id).tier.value
    pairs = [tuple(name.split("/", 1)) for name in asked.model_names]
    stand = [Standing(m.standing) for m in Catalogue().all((p, m) for p, m in pairs)]
    if asked.reach == Reach.RESTRICTED:
        stand.append(Standing.RESTRICTED)
    if stand:
        found["model_status"] = max(stand, key=ORDER.index).value
    return found


def _settled(ask: Ask, request: ApprovalRequest) -> Ask:
    if request.lane == Lane.AUTO:
        approvals.settle_request(request_id=request.id)
        ask.refresh_from_db()
    return ask


def _content(asked: AskInput) -> dict[str, Any]:
    title = " ".join(asked.title.split())
    about = asked.about
    if asked.entitlement is not None:
        about = wanted_words(wanted_by(asked.entitlement, None))
    return {
        "title": title,
        "title_norm": title.casefold(),
        "reason": asked.reason.strip(),
        "about": " ".join(about.split())[:200],
        "amount_nanos": asked.amount_nanos,
        "starts_on": asked.starts_on,
        "ends_on": asked.ends_on,
    }


def _described(ask: Ask) -> dict[str, Any]:
    return {
        "kind": ask.kind,
        "rule": ask.rule,
        "amount_nanos": ask.amount_nanos,
        "from": ask.starts_on.isoformat(),
        "to": ask.ends_on.isoformat() if ask.ends_on else None,
        "revision": ask.revision_number,
    }
