"""Reads of asks, inside the open scope."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, visible
from apps.asks.enums import BUDGET_KINDS, AskKind, AskStatus
from apps.asks.models import Ask, AskedEntitlement, AskRevision
from apps.common.errors import NotFound
from apps.entitlements.enums import Gives
from apps.entitlements.selectors.context import context_line
from apps.entitlements.selectors.tiers import tier_book
from apps.entitlements.words import to_words
from apps.organizations.selectors import unit_ancestor_ids
from apps.portfolio.tiers import entitles_words

MAY_ASK = (P.STORY_SUBMIT, P.APPROVAL_DECIDE, P.BUDGET_MANAGE)


def asks(actor: Actor) -> QuerySet[Ask]:
    """Asks of units in sight, and one's own."""
    rows = Ask.objects.select_related("unit", "budget", "source_budget")
    return visible(actor, rows, P.APPROVAL_VIEW, owner_field="requester_id")


def ask_by_id(actor: Actor, ask_id: UUID) -> Ask:
    found = asks(actor).filter(id=ask_id).first()
    if found is None:
        raise NotFound("There is no such request.", code="ask_not_found")
    return found


def revisions_of(ask: Ask) -> list[AskRevision]:
    """Newest first."""
    return list(AskRevision.objects.filter(ask_id=ask.id).order_by("-number"))


def wanted_of(ask: Ask) -> AskedEntitlement:
    """What the current revision of an entitlement request wants."""
    return AskedEntitlement.objects.select_related("capability").get(
        revision__ask_id=ask.id, revision__number=ask.revision_number
    )


def wanted_view(ask: Ask, asked: AskedEntitlement) -> dict[str, Any]:
    """For whom, to what, what they have today and the evidence, as people read it."""
    capability = asked.capability
    book = tier_book([capability.id] if capability else ())
    if capability is not None:
        name, applied = capability.name, book.of_capability(capability)
    elif asked.user:
        name, applied = asked.user, book.of_user(asked.user)
    else:
        name, applied = (ask.unit.name if ask.unit else ""), book.of_unit(ask.unit_id)
    return {
        "holder": name,
        "to": to_words(asked.gives, asked.reach, asked.model_names, asked.context_tokens),
        "gives": Gives(asked.gives).label,
        "tier": f"{applied.tier.label} tier: {entitles_words(applied.rule)}",
        "evidence": asked.evidence,
        "capability": capability,
        "line": context_line(capability) if capability and asked.gives == Gives.CONTEXT else None,
    }


def may_ask(actor: Actor, unit_id: UUID | None) -> bool:
    """Whoever submits stories, decides or manages budgets for the unit."""
    if actor.membership_id is None:
        return False
    return any(can(actor, p, unit_id=unit_id, owner_id=actor.membership_id) for p in MAY_ASK)


def exceptions_in_force(unit_id: UUID | None, rule: str, on: date) -> list[Ask]:
    """Approved exceptions from a rule that cover a unit (it, one above it, or all) on a day."""
    path = unit_ancestor_ids(unit_id) if unit_id else []
    rows = Ask.objects.filter(
        Q(unit__isnull=True) | Q(unit_id__in=path),
        Q(ends_on__isnull=True) | Q(ends_on__gte=on),
        kind=AskKind.EXCEPTION,
        status=AskStatus.APPROVED,
        rule=rule,
        starts_on__lte=on,
    )
    return list(rows.order_by("ends_on", "number"))


def budget_requests_approved_since(moment: datetime) -> list[Ask]:
    """Approved requests that changed a budget, decided at or after a moment, oldest first."""
    rows = Ask.objects.select_related("budget", "source_budget").filter(
        kind__in=BUDGET_KINDS,
        status=AskStatus.APPROVED,
        decided_at__gte=moment,
        request_id__isnull=False,
    )
    return list(rows.order_by("decided_at", "number"))
