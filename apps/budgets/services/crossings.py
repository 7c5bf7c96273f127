"""Thresholds that budgets reach: found, told once to who answers for them, armed again by money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.budgets import events
from apps.budgets.enums import Basis
from apps.budgets.models import Budget, BudgetCrossing
from apps.budgets.rules import crossing, position
from apps.budgets.rules.crossing import Step
from apps.budgets.rules.position import ThresholdState
from apps.budgets.selectors.status import BudgetStatus, MeasureStatus
from apps.common import clock, fmt
from apps.notifications.services import notify
from apps.organizations.selectors import (
    administrators,
    leads_upwards,
    organization,
    people_with_role,
)
from apps.outbox.services import enqueue
from apps.tenancy.urls import org_url
from apps.trail.services import record

ACTOR = "budgets.watch"

Key = tuple[UUID, object, str, str, int]


@dataclass(frozen=True, slots=True)
class _Look:
    """One threshold of one measure, as it stands."""

    status: BudgetStatus
    measure: str
    state: ThresholdState

    @property
    def figures(self) -> MeasureStatus:
        return self.status.money if self.measure == "money" else self.status.tokens

    @property
    def limit(self) -> int:
        return self.figures.limit or 0

    @property
    def reached(self) -> bool:
        return self.state.crossed and (self.limit > 0 or self.figures.used > 0)

    @property
    def key(self) -> Key:
        state = self.state
        start = self.status.period.start
        return self.status.id, start, self.measure, state.basis.value, state.percent


def key_of(row: BudgetCrossing) -> Key:
    return row.budget_id, row.period_start, row.measure, row.basis, row.percent


def look(
    status: BudgetStatus,
    wanted: Iterable[tuple[Basis, int]],
    known: dict[Key, BudgetCrossing],
) -> int:
    """Tell what one budget has newly reached in its period; the number of thresholds told.

    What it reached at once is one message of its highest threshold, and one event of the trail for
    each. Repeating it tells nobody twice, nor do two looks at the same time.
    """
    told = []
    for one in _looks(status, list(wanted)):
        row = known.get(one.key)
        before = crossing.Told(row.limit, row.is_armed) if row is not None else None
        match crossing.step(before, reached=one.reached, limit=one.limit):
            case Step.TELL:
                found = _first(one) if row is None else _again(one, row)
                if found is not None:
                    told.append(found)
            case Step.ARM if row is not None:
                _same(row).filter(is_armed=False).update(is_armed=True)
            case Step.KEEP if row is not None and one.reached and one.limit > row.limit:
                _same(row).filter(is_armed=False).update(limit=one.limit)
    if told:
        _tell(status, told)
    return len(told)


def _looks(status: BudgetStatus, wanted: Sequence[tuple[Basis, int]]) -> list[_Look]:
    """Every threshold of every measure that has a limit; none before the period begins."""
    if status.today < status.period.start:
        return []
    found = []
    for name, figures in (("money", status.money), ("tokens", status.tokens)):
        if figures.limit is None:
            continue
        states = position.thresholds(
            crossing.watched(wanted, figures.limit),
            figures.daily,
            status.period,
            figures.limit,
            figures.forecast,
        )
        found += [_Look(status, name, state) for state in states]
    return found


def _values(one: _Look) -> dict[str, Any]:
    return {
        "limit": one.limit,
        "at": one.state.at,
        "used": one.figures.used,
        "likely": one.figures.forecast_end,
        "crossed_on": one.state.crossed_on or one.status.today,
        "found_at": clock.now(),
    }


def _first(one: _Look) -> BudgetCrossing | None:
    """The row of a threshold told for the first time; None when another look was faster."""
    row = BudgetCrossing(
        budget=one.status.budget,
        period_start=one.status.period.start,
        measure=one.measure,
        basis=one.state.basis.value,
        percent=one.state.percent,
        **_values(one),
    )
    BudgetCrossing.objects.bulk_create([row], ignore_conflicts=True)
    return row if BudgetCrossing.objects.filter(id=row.id).exists() else None


def _again(one: _Look, row: BudgetCrossing) -> BudgetCrossing | None:
    moved = (
        _same(row)
        .filter(is_armed=True)
        .update(is_armed=False, raised=F("raised") + 1, **_values(one))
    )
    if not moved:
        return None
    row.refresh_from_db()
    row.budget = one.status.budget
    return row


def _same(row: BudgetCrossing) -> Any:
    return BudgetCrossing.objects.filter(id=row.id)


def _tell(status: BudgetStatus, told: Sequence[BudgetCrossing]) -> None:
    budget = status.budget
    for row in told:
        record(
            actor=system_actor(ACTOR),
            action=events.THRESHOLD_CROSSED,
            obj=budget,
            after={
                "period": row.period_start.isoformat(),
                "measure": row.measure,
                "basis": row.basis,
                "percent": row.percent,
                "at": row.at,
                "limit": row.limit,
                "used": row.used,
                "crossed_on": row.crossed_on.isoformat(),
            },
        )
        enqueue(
            events.TOPIC_CROSSED,
            key=f"budget:{budget.id}",
            payload={
                "budget_id": str(budget.id),
                "crossing_id": str(row.id),
                "basis": row.basis,
                "percent": row.percent,
                "raised": row.raised,
            },
        )
    worst = max(told, key=lambda row: crossing.severity(Basis(row.basis), row.percent))
    notify(
        recipients=people_of(budget, finance=worst.percent >= crossing.FINANCE_FROM),
        kind="budget.threshold",
        key=f"threshold:{worst.id}:{worst.raised}",
        title=headline(worst),
        body=explanation(worst, status),
        path=org_url(organization().slug, "budgets:detail", budget_id=budget.id)
        + f"?period={status.period.start.isoformat()}",
        email=worst.percent >= crossing.EMAIL_FROM,
    )


def people_of(budget: Budget, *, finance: bool) -> set[UUID]:
    """Who hears of a budget: its owner and its capability's, the nearest leads, the TokenOps lead,
    and finance where money is gone; where nobody is left, who looks after the organization."""
    found = {budget.owner_membership_id}
    if budget.capability is not None:
        found.add(budget.capability.owner_membership_id)
    for people in leads_upwards(budget.unit_id)[:1] if budget.unit_id else ():
        found |= {person.id for person in people}
    roles = [Role.TOKENOPS_LEAD, *((Role.CFO,) if finance else ())]
    for role in roles:
        found |= {person.id for person in people_with_role(role, budget.unit_id)}
    known = {one for one in found if one is not None}
    return known or {person.id for person in administrators()}


def amount(row: BudgetCrossing, value: int | None) -> str:
    if row.measure == "tokens":
        return f"{fmt.tokens(value)} tokens"
    return fmt.money(value, row.budget.currency, "exact")


def headline(row: BudgetCrossing) -> str:
    """`Claims has used 82% of its budget`."""
    name = row.budget.name
    if row.basis == Basis.FORECAST:
        share = "its budget" if row.percent == 100 else f"{row.percent}% of its budget"
        return f"{name} is forecast to reach {share} on about {fmt.day(row.crossed_on)}"
    if row.limit == 0:
        return f"{name} is used and has no money: its budget is {amount(row, 0)}"
    if row.used > row.limit:
        return f"{name} is {amount(row, row.used - row.limit)} over its budget"
    if row.used == row.limit:
        return f"{name} has used up its budget"
    return f"{name} has used {row.used * 100 // row.limit}% of its budget"


def explanation(row: BudgetCrossing, status: BudgetStatus) -> str:
    """What was used of what until when, where it is likely to end, and that nothing was stopped."""
    used, limit = amount(row, row.used), amount(row, row.limit)
    days = fmt.day_range(status.period.start, status.period.end)
    text = f"{used} of {limit} went so far in {days}."
    if row.likely is not None and row.likely > row.limit:
        text += f" At its pace the period ends at {amount(row, row.likely)}."
    elif row.likely is None and status.today < status.period.end:
        text += " Where the period will end cannot be said yet."
    return f"{text} Nothing was stopped: the page shows what you can do."
