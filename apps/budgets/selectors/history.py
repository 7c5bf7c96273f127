"""How far budgets were used in periods that are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from apps.access.actors import Actor
from apps.budgets.enums import BudgetStatus, PeriodKind, Scope
from apps.budgets.models import Budget
from apps.budgets.rules.amounts import Entry, limit_of
from apps.budgets.rules.filling import PeriodUse, Verdict, demand, verdict
from apps.budgets.rules.periods import Period, period_on, previous_period
from apps.budgets.selectors.budgets import budgets_for, entries_by_budget
from apps.budgets.selectors.usage import AXIS, targets_of
from apps.ledger.query import Query, run

PERIODS = 4
"""Whole periods looked back at; of months a third of a year."""
MONTHS_BACK = {PeriodKind.MONTH: PERIODS, PeriodKind.QUARTER: 3 * PERIODS}


@dataclass(frozen=True, slots=True)
class History:
    """A budget and its whole periods, oldest first. `measure` is what limits it."""

    budget: Budget
    measure: str
    periods: Sequence[Period]
    uses: Sequence[PeriodUse]

    @property
    def verdict(self) -> Verdict:
        return verdict(self.uses)

    @property
    def demand(self) -> Fraction | None:
        return demand(self.uses)

    @property
    def last_share(self) -> Fraction | None:
        return self.uses[-1].share


@dataclass(slots=True)
class _Month:
    nanos: int = 0
    tokens: int = 0
    requests: int = 0


def histories(
    actor: Actor, until: date, units: frozenset[UUID] | None, capabilities: frozenset[UUID] | None
) -> list[History]:
    """Running monthly and quarterly budgets in sight that have been through enough whole periods
    before `until`, narrowed to units and capabilities (None: all). One reading of the ledger per
    kind of scope, by month of the organization's days: a budget with days of another time zone is
    judged by these.
    """
    found = budgets_for(actor).filter(
        status=BudgetStatus.ACTIVE, period_kind__in=[kind.value for kind in MONTHS_BACK]
    )
    if units is not None:
        found = found.filter(unit_id__in=units)
    if capabilities is not None:
        found = found.filter(capability_id__in=capabilities)
    periods = {budget: whole for budget in found if (whole := _whole(budget, until))}
    if not periods:
        return []
    used = _months(list(periods), min(p[0].start for p in periods.values()), until)
    entries = entries_by_budget([budget.id for budget in periods])
    lines = [
        _history(budget, whole, entries.get(budget.id, []), used[budget.id])
        for budget, whole in periods.items()
    ]
    return sorted(lines, key=lambda line: (-(line.last_share or 0), line.budget.name_norm))


def _whole(budget: Budget, until: date) -> list[Period]:
    """The last whole calendar periods of a budget, oldest first; none where there are too few."""
    plan, found = budget.plan, list[Period]()
    period = period_on(plan, until)
    period = previous_period(plan, period) if period else None
    while period is not None and len(found) < PERIODS and period.start.day == 1:
        found.insert(0, period)
        period = previous_period(plan, period)
    return found if len(found) > 1 else []


def _months(budgets: Sequence[Budget], start: date, end: date) -> dict[UUID, dict[date, _Month]]:
    used: dict[UUID, dict[date, _Month]] = {budget.id: {} for budget in budgets}
    for scope in Scope:
        group = [budget for budget in budgets if budget.scope == scope]
        if not group:
            continue
        targets, axis = targets_of(scope, group), AXIS.get(scope)
        query = Query(
            start=start,
            end=end,
            grain="month",
            group_by=(axis,) if axis else (),
            filters={axis: sorted(targets)} if axis else {},
        )
        for row in run(query).rows:
            assert row.period is not None  # noqa: S101 -- a month grain has months
            for budget_id in targets.get(str(row.keys[0]) if axis else "", ()):
                month = used[budget_id].setdefault(row.period, _Month())
                month.nanos += row.cost_nanos or 0
                month.tokens += row.tokens.total
                month.requests += row.requests
    return used


def _history(
    budget: Budget, periods: Sequence[Period], entries: list[Entry], used: dict[date, _Month]
) -> History:
    limits = [limit_of(entries, period, period.last_day) for period in periods]
    measure = "tokens" if limits[-1].nanos is None and limits[-1].tokens is not None else "money"
    uses = []
    for period, limit in zip(periods, limits, strict=True):
        months = [month for first, month in used.items() if period.start <= first < period.end]
        tokens = sum(month.tokens for month in months)
        requests = sum(month.requests for month in months)
        uses.append(
            PeriodUse(
                limit=limit.tokens if measure == "tokens" else limit.nanos,
                used=tokens if measure == "tokens" else sum(month.nanos for month in months),
                requests=requests if requests or not tokens else None,
                days=period.days,
            )
        )
    return History(budget, measure, periods, uses)
