"""Plans with what they cost and yield, and the inventory of seats."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import NotFound
from apps.common.tokens import KINDS
from apps.connectors.models import ComparisonUsage, ProviderCost, UnitUsage
from apps.connectors.providers.copilot_rules import INCLUDED, OVERAGE, SCALE
from apps.connectors.seats import rules
from apps.connectors.seats.models import Seat, SeatPlan
from apps.ledger.query import Query, run
from apps.organizations.selectors import organization


def plans(actor: Actor) -> QuerySet[SeatPlan]:
    """Raises Forbidden."""
    require(actor, P.SOURCE_VIEW)
    return SeatPlan.objects.select_related("source").order_by("name")


def plan_by_id(actor: Actor, plan_id: UUID) -> SeatPlan:
    """Raises NotFound."""
    found = plans(actor).filter(id=plan_id).first()
    if found is None:
        raise NotFound("There is no such plan.", code="seat_plan_not_found")
    return found


def seats(actor: Actor) -> QuerySet[Seat]:
    """Raises Forbidden."""
    require(actor, P.SOURCE_VIEW)
    return Seat.objects.select_related("plan").order_by("person", "-since")


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan over some days. Money in nanos of the plan's currency; None is unknown.

    `metered_nanos` is what its source charged beyond the seats: it is in the bill or the ledger
    already and is shown beside the seats' cost, never added to it.
    """

    plan: SeatPlan
    held: int
    idle: int
    cost_nanos: int | None
    tokens: int
    included_units: int
    overage_units: int
    metered_nanos: int | None

    @property
    def effective_nanos(self) -> int | None:
        """Amortised cost per million tokens."""
        return rules.effective_price(self.cost_nanos, self.tokens)

    @property
    def why_no_price(self) -> str:
        if self.cost_nanos is None:
            return "Its price is not stated."
        if not self.tokens:
            return "Its source tells no tokens." if self.plan.source else "No source is linked."
        return ""


def overview(actor: Actor, start: date, end: date) -> list[PlanLine]:
    """Every plan over the days [start, end), the costliest first."""
    today = clock.today(organization().timezone)
    found = []
    for plan in plans(actor):
        rows = list(plan.seats.filter(since__lt=end).exclude(ended__lte=start))
        standing = [seat for seat in rows if seat.ended is None]
        cost = None
        if plan.price_nanos is not None:
            held = [(seat.since, seat.ended) for seat in rows]
            cost = rules.amortised(plan.price_nanos, held, start, min(end, _tomorrow(today)))
        tokens, metered = _use(plan, start, end)
        included, overage = _units(plan, start, end)
        found.append(
            PlanLine(
                plan,
                len(standing),
                sum(rules.is_idle(s.since, s.last_active, today) for s in standing),
                cost,
                tokens,
                included,
                overage,
                metered,
            )
        )
    return sorted(found, key=lambda line: (-(line.cost_nanos or 0), line.plan.name))


def _tomorrow(today: date) -> date:
    return date.fromordinal(today.toordinal() + 1)


def _use(plan: SeatPlan, start: date, end: date) -> tuple[int, int | None]:
    """Tokens of the plan's source, counted or compared, and what it charged beyond the seats."""
    if plan.source_id is None:
        return 0, None
    measured = run(Query(start=start, end=end, filters={"source": [str(plan.source_id)]})).total
    compared = ComparisonUsage.objects.filter(
        source_id=plan.source_id, day__gte=start, day__lt=end
    ).aggregate(**{name: Sum(name) for name in KINDS})
    tokens = measured.tokens.total + sum(value or 0 for value in compared.values())
    billed = ProviderCost.objects.filter(
        source_id=plan.source_id, day__gte=start, day__lt=end
    ).aggregate(sum=Sum("amount_nanos"))["sum"]
    return tokens, billed if billed is not None else measured.cost_nanos


def _units(plan: SeatPlan, start: date, end: date) -> tuple[int, int]:
    """Included and overage units (premium requests, credits), whole ones."""
    if plan.source_id is None:
        return 0, 0
    rows = UnitUsage.objects.filter(
        source_id=plan.source_id, day__gte=start, day__lt=end, unit__startswith=f"1/{SCALE} "
    ).values_list("detail", "quantity")
    sums = {INCLUDED: 0, OVERAGE: 0}
    for detail, quantity in rows:
        part = detail.rsplit(", ", 1)[-1]
        if part in sums:
            sums[part] += quantity
    return sums[INCLUDED] // SCALE, sums[OVERAGE] // SCALE


def month_so_far(now: datetime | None = None) -> tuple[date, date]:
    """The running month in the organization's days."""
    today = clock.today(organization().timezone)
    return today.replace(day=1), _tomorrow(today)
