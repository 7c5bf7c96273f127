"""Decisions about capabilities: the newest of each, and their history."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.outcomes.models import WorthDecision
from apps.portfolio.enums import Stage


def newest_decisions(capability_ids: Iterable[UUID]) -> dict[UUID, WorthDecision]:
    """The decision in force by capability."""
    rows = (
        WorthDecision.objects.filter(capability_id__in=list(capability_ids))
        .order_by("capability_id", "-number")
        .distinct("capability_id")
    )
    return {row.capability_id: row for row in rows}


def decisions_of(capability_id: UUID) -> QuerySet[WorthDecision]:
    """Every decision about a capability, the newest first."""
    return WorthDecision.objects.filter(capability_id=capability_id).order_by("-number")


def due_reviews(today: dt.date) -> list[WorthDecision]:
    """Decisions in force whose day has come, of capabilities that are not retired."""
    rows = (
        WorthDecision.objects.exclude(capability__stage=Stage.RETIRED)
        .select_related("capability")
        .order_by("capability_id", "-number")
        .distinct("capability_id")
    )
    return [row for row in rows if row.review_on <= today]
