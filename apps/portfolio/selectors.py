"""Reads of the portfolio, inside the open scope."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.common.errors import NotFound
from apps.common.memo import once
from apps.portfolio import tiers
from apps.portfolio.enums import Stage
from apps.portfolio.models import Capability, TierCatalogue


def capabilities(actor: Actor) -> QuerySet[Capability]:
    """Capabilities an actor may see, with unit and owner."""
    return visible(
        actor,
        Capability.objects.select_related("unit", "owner_membership__user"),
        P.CAPABILITY_VIEW,
    )


def capability_of_code(code: str) -> Capability | None:
    """Any capability of the organization by its code; for answers about something else of it."""
    return Capability.objects.filter(slug=code).first()


def capability_by_id(actor: Actor, capability_id: UUID) -> Capability:
    """Raises NotFound for one of another organization or out of sight as for none at all."""
    found = capabilities(actor).filter(id=capability_id).first()
    if found is None:
        raise NotFound("There is no such capability.", code="capability_not_found")
    return found


def capability_ids_by_slug() -> dict[str, UUID]:
    """Every code of the organization, retired ones included."""
    return dict(Capability.objects.values_list("slug", "id"))


def capability_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Capability.objects.filter(id__in=list(ids)).values_list("id", "name"))


def active_capabilities(unit_ids: frozenset[UUID] | None = None) -> QuerySet[Capability]:
    """What a new story or budget can be about, by name."""
    qs = Capability.objects.exclude(stage=Stage.RETIRED).order_by("name_norm")
    return qs if unit_ids is None else qs.filter(unit_id__in=unit_ids)


@once
def tiers_in_force() -> tuple[tiers.Tiers, int]:
    """The organization's consumption tiers and their version; version 0 is the default."""
    row = TierCatalogue.objects.first()
    if row is None or not row.version:
        return tiers.DEFAULT, 0
    return tiers.parse(row.document), row.version
