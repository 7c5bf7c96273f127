"""Plans with what they cost and yield, and the inventory of seats."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Min, QuerySet, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock, fmt
from apps.common.errors import NotFound
from apps.common.periods import month_of, months_between
from apps.common.tokens import KINDS
from apps.connectors.enums import SourceKind
from apps.connectors.models import ComparisonUsage, ProviderCost, Source, UnitUsage
from apps.connectors.providers.claude_code_rules import SUBSCRIPTION
from apps.connectors.providers.copilot_rules import INCLUDED, OVERAGE, SCALE
from apps.connectors.seats import rules
from apps.connectors.seats.models import Seat, SeatPlan
from apps.ledger.query import Query, run
from apps.ledger.services.foreign import convert
from apps.organizations.selectors import organization

FILE_KINDS = (SourceKind.CSV, SourceKind.FILES)


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


def linkable() -> QuerySet[Source]:
    """Sources that may tell a plan's tokens."""
    return Source.objects.exclude(kind__in=FILE_KINDS).order_by("name")


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan over some days. Money in nanos of the plan's currency; None is unknown.

    `metered_nanos` is what its source charged beyond the seats: it is in the bill or the ledger
    already and is shown beside the seats' cost, never added to it. `shared`: its source serves
    other plans too. Tokens are then those of this plan's people, and what the source tells for all
    of them together (units, its bill) is None here.
    """

    plan: SeatPlan
    held: int
    idle: int
    cost_nanos: int | None
    tokens: int
    included_units: int | None
    overage_units: int | None
    metered_nanos: int | None
    shared: bool = False

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


@dataclass(frozen=True, slots=True)
class _Use:
    """What a plan's source says of it in some days."""

    tokens: int = 0
    included: int | None = None
    overage: int | None = None
    metered: int | None = None


def overview(actor: Actor, start: date, end: date) -> list[PlanLine]:
    """Every plan over the days [start, end), the costliest first."""
    today = clock.today(organization().timezone)
    until = min(end, _tomorrow(today))
    last = until - timedelta(days=1)
    every = list(plans(actor).prefetch_related("prices"))
    of_source = Counter(plan.source_id for plan in every if plan.source_id)
    found = []
    for plan in every:
        rows = list(plan.seats.filter(since__lt=end).exclude(ended__lte=start))
        held = [(seat.since, seat.ended) for seat in rows]
        prices = sorted((price.since, price.price_nanos) for price in plan.prices.all())
        standing = [seat for seat in rows if seat.ended is None or seat.ended >= until]
        told = plan.source_id is not None
        shared = plan.source_id is not None and of_source[plan.source_id] > 1
        use = _use(plan, {seat.person for seat in rows} if shared else None, start, until)
        found.append(
            PlanLine(
                plan,
                len(standing),
                sum(rules.is_idle(s.since, s.last_active, last, told=told) for s in standing),
                rules.amortised(prices, held, start, until),
                use.tokens,
                use.included,
                use.overage,
                use.metered,
                shared,
            )
        )
    return sorted(found, key=lambda line: (-(line.cost_nanos or 0), line.plan.name))


def _tomorrow(today: date) -> date:
    return date.fromordinal(today.toordinal() + 1)


def _use(plan: SeatPlan, people: set[str] | None, start: date, end: date) -> _Use:
    """Tokens of the plan's source, counted or compared, and what it charged beyond the seats.

    `people` None: the source serves this plan alone. Rows of coding tools that say so belong to a
    subscription; those of the API are metered and paid elsewhere.
    """
    source = plan.source
    if source is None or start >= end:
        return _Use()
    filters = {"source": [str(source.id)]}
    compared = ComparisonUsage.objects.filter(source=source, day__gte=start, day__lt=end)
    if people is not None:
        filters["user"] = sorted(people) or ["-"]
        compared = compared.filter(user__in=people)
    if source.kind == SourceKind.CLAUDE_CODE:
        compared = compared.filter(service_tier=SUBSCRIPTION)
    sums = compared.aggregate(**{name: Sum(name) for name in KINDS})
    measured = run(Query(start=start, end=end, filters=filters, people=True)).total
    tokens = measured.tokens.total + sum(value or 0 for value in sums.values())
    metered = None if source.is_compared else measured.cost_nanos
    if people is not None:
        return _Use(tokens, metered=metered)
    included, overage = _units(source, start, end)
    bill = _bill(source, plan.currency, start, end)
    return _Use(tokens, included, overage, bill[0] if bill else metered)


def _bill(source: Source, currency: str, start: date, end: date) -> tuple[int | None] | None:
    """The source's bill in the plan's currency, unknown without a rate for it; None without one."""
    rows = list(
        ProviderCost.objects.filter(source=source, day__gte=start, day__lt=end)
        .values("day", "currency")
        .annotate(amount=Sum("amount_nanos"))
    )
    if not rows:
        return None
    amounts = convert([(row["day"], row["amount"], row["currency"]) for row in rows], currency)
    known = [amount for amount in amounts if amount is not None]
    return (sum(known) if len(known) == len(amounts) else None,)


def _units(source: Source, start: date, end: date) -> tuple[int | None, int | None]:
    """Included and overage units (premium requests, credits), whole ones; None: it tells none."""
    rows = UnitUsage.objects.filter(
        source=source, day__gte=start, day__lt=end, unit__startswith=f"1/{SCALE} "
    ).values_list("detail", "quantity")
    sums = {INCLUDED: 0, OVERAGE: 0}
    told = False
    for detail, quantity in rows:
        part = detail.rsplit(", ", 1)[-1]
        if part in sums:
            told = True
            sums[part] += quantity
    return (sums[INCLUDED] // SCALE, sums[OVERAGE] // SCALE) if told else (None, None)


def metered_price(start: date, end: date) -> int | None:
    """What a million metered tokens cost in these days, in the ledger's currency."""
    total = run(Query(start=start, end=end)).total
    return fmt.per_million(total.cost_nanos or 0, total.tokens.total - total.unpriced_tokens)


def month_so_far(now: datetime | None = None) -> tuple[date, date]:
    """The running month in the organization's days."""
    today = clock.today(organization().timezone)
    return today.replace(day=1), _tomorrow(today)


def months() -> list[date]:
    """The running month and those before it in which somebody held a seat, at most two years."""
    today = clock.today(organization().timezone)
    first = Seat.objects.aggregate(first=Min("since"))["first"] or today
    first = max(first, today.replace(year=today.year - 2, day=1))
    every = [month.start for month in months_between(min(first, today), _tomorrow(today))]
    return every[::-1]


def days_of(month: date | None) -> tuple[date, date]:
    """The days of a month, up to today; of the running one by default."""
    start, end = month_so_far()
    return (start, end) if month is None else (month, min(month_of(month).end, end))
