"""Budgets that burn, and what is burning in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.actors import Actor
from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import visible
from apps.budgets.enums import BurnState, Scope
from apps.budgets.models import Budget, BudgetBurn
from apps.budgets.rules.burn import Burn, burn
from apps.budgets.selectors.status import BudgetStatus as Status
from apps.common.errors import NotFound
from apps.ledger.query import Query, Row, side_by_side_by
from apps.organizations.selectors import unit_subtree_ids

USUAL_DAYS = 7
MOST_DRIVERS = 5
GROUPS = {"capability": "Capability", "model": "Model", "api_key": "API key", "user": "User"}


def burns(actor: Actor) -> QuerySet[BudgetBurn]:
    """Of the budgets an actor may see, eased ones included."""
    return visible(
        actor,
        BudgetBurn.objects.select_related("budget__unit", "budget__capability"),
        P.BUDGET_VIEW,
        unit_field="budget__unit_id",
    )


def burn_by_id(actor: Actor, burn_id: UUID) -> BudgetBurn:
    """NotFound for one of another organization or out of sight as for none at all."""
    found = burns(actor).filter(id=burn_id).first()
    if found is None:
        raise NotFound("There is no such alert.", code="burn_not_found")
    return found


def burning_of(budget: Budget) -> BudgetBurn | None:
    """The alert a budget has now."""
    return BudgetBurn.objects.filter(budget_id=budget.id, state=BurnState.BURNING).first()


def burn_of(status: Status) -> Burn | None:
    """How a budget burns today, by the measure that limits it."""
    main = status.main
    return burn(main.daily, status.period, main.limit, status.today)


def to_look_at(starts: Iterable[date]) -> QuerySet[BudgetBurn]:
    """Alerts that burn, and those of the periods that begin on these days, by budget."""
    rows = BudgetBurn.objects.select_related("budget").order_by("budget_id", "id")
    return rows.filter(Q(state=BurnState.BURNING) | Q(period_start__in=set(starts)))


@dataclass(frozen=True, slots=True)
class Driver:
    """What used more on the burning day than on a usual one; amounts in the budget's measure."""

    key: str
    label: str
    now: int
    usual: int

    @property
    def more(self) -> int:
        return self.now - self.usual


def drivers(actor: Actor, budget: Budget, measure: str, day: date) -> dict[str, list[Driver]]:
    """By capability, model, key and user, as far as usage states them: what grew most on a day
    against the mean of the week before it. In the ledger's days. Who people are is said to those
    who may see people of the budget's units."""
    windows = [(day, day + timedelta(days=1)), (day - timedelta(days=USUAL_DAYS), day)]
    reached = unit_subtree_ids(budget.unit_id) if budget.unit_id else None
    query = Query(
        start=windows[1][0],
        end=windows[0][1],
        filters=_filters(budget),
        people=may_see_people(actor, reached),
    )
    found = side_by_side_by(query, windows, tuple(GROUPS))
    ranked = {}
    narrow = budget.scope in (Scope.CAPABILITY, Scope.STORY)
    for group in GROUPS:
        if narrow and group == "capability":
            continue
        now, before = found[group]
        ranked[group] = _ranked(now, before, measure)
    return ranked


def _filters(budget: Budget) -> Mapping[str, Sequence[str]]:
    match Scope(budget.scope):
        case Scope.UNIT if budget.unit_id is not None:
            return {"unit": sorted(str(one) for one in unit_subtree_ids(budget.unit_id))}
        case Scope.CAPABILITY:
            return {"capability": [str(budget.capability_id)]}
        case Scope.STORY:
            return {"story": [str(budget.story_id)]}
    return {}


def _ranked(now: Sequence[Row], before: Sequence[Row], measure: str) -> list[Driver]:
    def amount(row: Row) -> int:
        return row.tokens.total if measure == "tokens" else row.cost_nanos or 0

    usual = {row.keys[0]: amount(row) // USUAL_DAYS for row in before}
    found = [
        Driver(row.keys[0] or "", row.labels[0], amount(row), usual.get(row.keys[0], 0))
        for row in now
    ]
    found = [driver for driver in found if driver.key and driver.more > 0]
    return sorted(found, key=lambda d: (-d.more, d.label))[:MOST_DRIVERS]
