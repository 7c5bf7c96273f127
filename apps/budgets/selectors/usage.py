"""What budgets have used, day by day, from the ledger's query service."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.budgets.enums import Scope
from apps.budgets.models import Budget
from apps.budgets.rules.periods import local_day
from apps.ledger.query import Query, Result, Row, run
from apps.organizations.selectors import parents

HOURLY_SLICE = 30
"""Days asked for at once where hours are needed; the query service takes 35 at most."""

AXIS = {Scope.UNIT: "unit", Scope.CAPABILITY: "capability", Scope.STORY: "story"}


@dataclass(slots=True)
class Usage:
    """Daily money and tokens of one budget in its own days, and what has no price yet."""

    nanos: dict[date, int] = field(default_factory=dict)
    tokens: dict[date, int] = field(default_factory=dict)
    unpriced_tokens: int = 0

    def add(self, day: date, row: Row) -> None:
        self.nanos[day] = self.nanos.get(day, 0) + (row.cost_nanos or 0)
        self.tokens[day] = self.tokens.get(day, 0) + row.tokens.total
        self.unpriced_tokens += row.unpriced_tokens

    @property
    def first_day(self) -> date | None:
        return min(self.tokens) if self.tokens else None


@dataclass(frozen=True, slots=True)
class UsageOfBudgets:
    """`as_of`: when the ledger was last added to; `complete_through`: the last day whose data is
    all there, None when no source says so.
    """

    by_budget: Mapping[UUID, Usage]
    as_of: datetime | None
    complete_through: date | None


def usage_of(budgets: Iterable[Budget], start: date, end: date, home_zone: str) -> UsageOfBudgets:
    """Usage of each budget in days [start, end). One query per axis, whatever their number.

    Budgets whose zone is not the organization's are cut from hours, so that the shown time zone
    is the one that counts.
    """
    budgets = list(budgets)
    found: dict[UUID, Usage] = {budget.id: Usage() for budget in budgets}
    at_home = [b for b in budgets if b.timezone == home_zone]
    seen: Result | None = None
    for scope in Scope:
        group = [b for b in at_home if b.scope == scope]
        if group:
            seen = _add_axis(scope, group, found, (start, end))
    for budget in budgets:
        if budget.timezone != home_zone:
            seen = _add_hours(budget, found[budget.id], (start, end)) or seen
    if seen is None:
        return UsageOfBudgets(found, None, None)
    return UsageOfBudgets(found, seen.data_as_of, complete_day(seen, home_zone))


def complete_day(result: Result, zone: str) -> date | None:
    """The last whole day of a zone that every source has delivered."""
    through = result.coverage.complete_through
    if isinstance(through, datetime):
        return local_day(through, zone) - timedelta(days=1)
    return through


def _add_axis(
    scope: Scope, group: list[Budget], found: dict[UUID, Usage], days: tuple[date, date]
) -> Result:
    targets = targets_of(scope, group)
    axis = AXIS.get(scope)
    result = run(
        Query(
            start=days[0],
            end=days[1],
            grain="day",
            group_by=(axis,) if axis else (),
            filters={axis: sorted(targets)} if axis else {},
        )
    )
    for row in result.rows:
        key = str(row.keys[0]) if axis else ""
        for budget_id in targets.get(key, ()):
            found[budget_id].add(_day(row), row)
    return result


def _add_hours(budget: Budget, usage: Usage, days: tuple[date, date]) -> Result | None:
    """One budget from hourly figures; a day more on both sides covers any difference of zones."""
    axis = AXIS.get(Scope(budget.scope))
    targets = targets_of(Scope(budget.scope), [budget])
    result = None
    start, last = days[0] - timedelta(days=1), days[1] + timedelta(days=1)
    while start < last:
        end = min(start + timedelta(days=HOURLY_SLICE), last)
        result = run(
            Query(
                start=start,
                end=end,
                grain="hour",
                filters={axis: sorted(targets)} if axis else {},
            )
        )
        for row in result.rows:
            if isinstance(row.period, datetime):
                day = local_day(row.period, budget.timezone)
                if days[0] <= day < days[1]:
                    usage.add(day, row)
        start = end
    return result


def targets_of(scope: Scope, group: Sequence[Budget]) -> dict[str, list[UUID]]:
    """Which budgets each key of the axis counts towards; a unit counts for all units above it."""
    targets: dict[str, list[UUID]] = {}
    if scope is Scope.ORGANIZATION:
        return {"": [b.id for b in group]}
    if scope is Scope.UNIT:
        by_unit: dict[UUID | None, list[UUID]] = {}
        for budget in group:
            by_unit.setdefault(budget.unit_id, []).append(budget.id)
        tree = parents()
        for unit in tree:
            above: list[UUID] = []
            seen: set[UUID] = set()
            current: UUID | None = unit
            while current is not None and current not in seen:
                seen.add(current)
                above += by_unit.get(current, [])
                current = tree.get(current)
            if above:
                targets[str(unit)] = above
        return targets
    for budget in group:
        key = budget.capability_id if scope is Scope.CAPABILITY else budget.story_id
        targets.setdefault(str(key), []).append(budget.id)
    return targets


def _day(row: Row) -> date:
    if isinstance(row.period, datetime):
        return row.period.date()
    assert row.period is not None  # noqa: S101 -- a day grain has days
    return row.period
