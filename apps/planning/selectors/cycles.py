"""Cycles, rounds and envelopes as they are stored."""

from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.common.errors import NotFound
from apps.planning.models import Envelope, PlanningCycle, PlanningRound


def cycles(actor: Actor) -> QuerySet[PlanningCycle]:
    """All cycles, with what is asked for and given in their newest round: `teams`, `requested`,
    `allocated`, `unallocated`, each over the teams in the actor's sight.
    """
    newest = (
        envelopes(actor)
        .filter(round__cycle_id=OuterRef("id"), round__number=OuterRef("round_number"))
        .order_by()
        .values("round_id")
    )

    def of(value: Count | Sum) -> Subquery:
        return Subquery(newest.annotate(figure=value).values("figure"))

    return PlanningCycle.objects.annotate(
        teams=of(Count("id")),
        requested=of(Sum("requested_nanos")),
        allocated=of(Sum("allocated_nanos")),
        unallocated=of(Count("id", filter=Q(allocated_nanos__isnull=True))),
    )


def envelopes(actor: Actor) -> QuerySet[Envelope]:
    """Envelopes of units in sight, with round, cycle and unit."""
    rows = Envelope.objects.select_related("round__cycle", "unit")
    return visible(actor, rows, P.BUDGET_VIEW)


def cycle_by_id(cycle_id: UUID) -> PlanningCycle:
    """Raises NotFound. A cycle belongs to the organization; its envelopes to their units."""
    found = PlanningCycle.objects.filter(id=cycle_id).first()
    if found is None:
        raise NotFound("There is no such planning cycle.", code="cycle_not_found")
    return found


def envelope_by_id(actor: Actor, envelope_id: UUID) -> Envelope:
    """Raises NotFound for an envelope out of sight as for none at all."""
    found = envelopes(actor).filter(id=envelope_id).first()
    if found is None:
        raise NotFound("There is no such envelope.", code="envelope_not_found")
    return found


def envelopes_of_round(actor: Actor, cycle: PlanningCycle, number: int) -> list[Envelope]:
    """By the name of the unit."""
    rows = envelopes(actor).filter(round__cycle_id=cycle.id, round__number=number)
    return list(rows.order_by("unit__name", "id"))


def holders(cycle: PlanningCycle, number: int) -> list[UUID]:
    """The units that have an envelope in a round, whoever may see them."""
    rows = Envelope.objects.filter(round__cycle_id=cycle.id, round__number=number)
    return list(rows.order_by("unit_id").values_list("unit_id", flat=True))


def rounds_of(cycle: PlanningCycle) -> list[PlanningRound]:
    """Oldest first."""
    return list(PlanningRound.objects.filter(cycle_id=cycle.id).order_by("number"))


def round_by_number(cycle: PlanningCycle, number: int) -> PlanningRound:
    found = PlanningRound.objects.filter(cycle_id=cycle.id, number=number).first()
    if found is None:
        raise NotFound(f"{cycle.name} has no round {number}.", code="round_not_found")
    return found


def history_of(envelope: Envelope) -> list[Envelope]:
    """The unit's envelopes in all rounds of the cycle, oldest first."""
    rows = Envelope.objects.select_related("round").filter(
        round__cycle_id=envelope.round.cycle_id, unit_id=envelope.unit_id
    )
    return list(rows.order_by("round__number"))
