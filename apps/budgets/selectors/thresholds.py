"""At which shares budgets speak up, and which of them they have reached."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible
from apps.budgets.enums import Basis
from apps.budgets.models import Budget, BudgetCrossing, BudgetThreshold, ThresholdDefault
from apps.budgets.rules import crossing
from apps.budgets.rules.periods import Period

Thresholds = list[tuple[Basis, int]]


def threshold_default() -> ThresholdDefault:
    """The organization's thresholds; of version 0, and not saved, where nobody set any."""
    found = ThresholdDefault.objects.first()
    if found is not None:
        return found
    percents: dict[Basis, list[int]] = {basis: [] for basis in Basis}
    for basis, percent in crossing.DEFAULT:
        percents[basis].append(percent)
    return ThresholdDefault(
        actual=percents[Basis.ACTUAL], forecast=percents[Basis.FORECAST], version=0
    )


def pairs(default: ThresholdDefault) -> Thresholds:
    """Lowest first, as those of a budget."""
    found = [(Basis.ACTUAL, percent) for percent in default.actual]
    found += [(Basis.FORECAST, percent) for percent in default.forecast]
    return _ordered(found)


def thresholds_of(budgets: Sequence[Budget]) -> dict[UUID, Thresholds]:
    """The thresholds of each budget that has any, its own or the organization's: one query for each
    kind that there is."""
    own = [budget.id for budget in budgets if budget.own_thresholds]
    found: dict[UUID, Thresholds] = {}
    if own:
        rows = BudgetThreshold.objects.filter(budget_id__in=own)
        for budget_id, basis, percent in rows.values_list("budget_id", "basis", "percent"):
            found.setdefault(budget_id, []).append((Basis(basis), percent))
        found = {key: _ordered(value) for key, value in found.items()}
    if len(own) < len(budgets):
        default = pairs(threshold_default())
        found |= {b.id: default for b in budgets if default and not b.own_thresholds}
    return found


def _ordered(found: Thresholds) -> Thresholds:
    return sorted(found, key=lambda one: (one[1], one[0].value))


def crossings(actor: Actor) -> QuerySet[BudgetCrossing]:
    """Of the budgets an actor may see, the latest first."""
    rows = BudgetCrossing.objects.select_related("budget").order_by("-found_at", "-id")
    return visible(actor, rows, P.BUDGET_VIEW, unit_field="budget__unit_id")


def crossings_of(budget: Budget, period: Period) -> list[BudgetCrossing]:
    """What one budget has told in a period, in the order it was told."""
    rows = BudgetCrossing.objects.filter(budget_id=budget.id, period_start=period.start)
    return list(rows.order_by("found_at", "percent", "id"))


def get_crossing(crossing_id: UUID) -> BudgetCrossing | None:
    """For services, inside the scope."""
    rows = BudgetCrossing.objects.select_related("budget__unit", "budget__capability")
    return rows.filter(id=crossing_id).first()


def known_crossings(budget_ids: Iterable[UUID]) -> QuerySet[BudgetCrossing]:
    return BudgetCrossing.objects.filter(budget_id__in=list(budget_ids))
