"""How budgets stand: limit, measured use, what is left, forecast, thresholds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.budgets.enums import Basis, Health
from apps.budgets.models import Budget
from apps.budgets.rules import position
from apps.budgets.rules.amounts import Entry, limit_of
from apps.budgets.rules.forecast import WINDOW_DAYS, Forecast, NoForecast, forecast
from apps.budgets.rules.periods import Period, nearest_period
from apps.budgets.rules.position import ThresholdState
from apps.budgets.selectors.budgets import entries_by_budget
from apps.budgets.selectors.commitments import committed_below
from apps.budgets.selectors.thresholds import thresholds_of
from apps.budgets.selectors.usage import Usage, usage_of
from apps.common import clock
from apps.common.periods import Month
from apps.organizations.selectors import organization


@dataclass(frozen=True, slots=True)
class MeasureStatus:
    """One measure of a budget, money (nanos) or tokens, in one period.

    `limit` None is unlimited. `daily` is measured use by day of the period. `spent_per_day` is the
    average of complete days; `sustainable_per_day` is what each remaining day may use.
    """

    limit: int | None
    used: int
    daily: Mapping[date, int]
    run_out_on: date | None
    forecast: Forecast | NoForecast
    thresholds: Sequence[ThresholdState]
    health: Health
    spent_per_day: int | None
    sustainable_per_day: int | None

    @property
    def remaining(self) -> int | None:
        """What is left, negative when it is overspent; None when unlimited."""
        return None if self.limit is None else self.limit - self.used

    @property
    def share(self) -> float | None:
        return position.share(self.used, self.limit)

    @property
    def forecast_end(self) -> int | None:
        """The likely use at the end of the period."""
        return self.forecast.end[1] if isinstance(self.forecast, Forecast) else None

    @property
    def forecast_reason(self) -> str:
        """Why there is no forecast; empty when there is one."""
        return self.forecast.reason if isinstance(self.forecast, NoForecast) else ""

    @property
    def forecast_over(self) -> int | None:
        """Likely use beyond the limit; negative is what will be left."""
        if self.limit is None or self.forecast_end is None:
            return None
        return self.forecast_end - self.limit

    @property
    def crossed(self) -> list[ThresholdState]:
        return [state for state in self.thresholds if state.crossed]


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """A budget in one period. `committed_nanos` is what budgets directly below it may use."""

    budget: Budget
    period: Period
    today: date
    money: MeasureStatus
    tokens: MeasureStatus
    committed_nanos: int
    unlimited_children: int
    unpriced_tokens: int
    complete_through: date | None
    data_as_of: datetime | None

    @property
    def id(self) -> UUID:
        return self.budget.id

    @property
    def measure(self) -> str:
        """The measure that limits it, `money` or `tokens`; of two, the one that runs out first."""
        if self.tokens.limit is None:
            return "money"
        if self.money.limit is None:
            return "tokens"
        later = date.max
        tokens_first = (self.tokens.run_out_on or later) < (self.money.run_out_on or later)
        return "tokens" if tokens_first else "money"

    @property
    def main(self) -> MeasureStatus:
        return self.money if self.measure == "money" else self.tokens

    @property
    def elapsed(self) -> float:
        """The share of the period's days that are complete."""
        return position.elapsed_days(self.period, self.complete_through) / self.period.days

    # What the contract of other apps names.

    @property
    def limit_nanos(self) -> int | None:
        return self.money.limit

    @property
    def actual_nanos(self) -> int:
        return self.money.used

    @property
    def remaining_nanos(self) -> int | None:
        return self.money.remaining


def budget_status(
    budget: Budget, period: Period | Month | None = None, *, today: date | None = None
) -> BudgetStatus:
    """One budget in a period: the given one, the one a month starts in, or the current one."""
    return budget_statuses([budget], period=period, today=today)[0]


def budget_statuses(
    budgets: Iterable[Budget],
    *,
    period: Period | Month | None = None,
    today: date | None = None,
) -> list[BudgetStatus]:
    """Many budgets at once: a fixed number of queries, in the order given."""
    budgets = list(budgets)
    if not budgets:
        return []
    home = organization()
    days = {b.id: today or clock.today(b.timezone) for b in budgets}
    periods = {b.id: _period(b, period, days[b.id]) for b in budgets}
    start = min(
        min(periods[b.id].start, days[b.id] - timedelta(days=WINDOW_DAYS + 7)) for b in budgets
    )
    end = max(min(periods[b.id].end, days[b.id] + timedelta(days=1)) for b in budgets)
    used = usage_of(budgets, start, max(end, start + timedelta(days=1)), home.timezone)
    ids = [b.id for b in budgets]
    committed = committed_below(periods, days)
    entries, wanted = entries_by_budget(ids), thresholds_of(budgets)
    return [
        _status(
            b,
            periods[b.id],
            days[b.id],
            entries=entries.get(b.id, []),
            wanted=wanted.get(b.id, []),
            usage=used.by_budget[b.id],
            through=_through(used.complete_through, days[b.id]),
            as_of=used.as_of,
            committed=committed[b.id],
        )
        for b in budgets
    ]


def _period(budget: Budget, wanted: Period | Month | None, today: date) -> Period:
    if isinstance(wanted, Period):
        return wanted
    if isinstance(wanted, Month):
        return nearest_period(budget.plan, wanted.start)
    return nearest_period(budget.plan, today)


def _through(complete: date | None, today: date) -> date:
    """Complete days end yesterday at the latest; without a word from any source, there too."""
    yesterday = today - timedelta(days=1)
    return min(complete, yesterday) if complete is not None else yesterday


def _status(
    budget: Budget,
    period: Period,
    today: date,
    *,
    entries: list[Entry],
    wanted: list[tuple[Basis, int]],
    usage: Usage,
    through: date,
    as_of: datetime | None,
    committed: tuple[int, int],
) -> BudgetStatus:
    limit = limit_of(entries, period, today)

    def measure(daily: Mapping[date, int], most: int | None) -> MeasureStatus:
        return _measure(daily, most, period, today, through=through, usage=usage, wanted=wanted)

    return BudgetStatus(
        budget=budget,
        period=period,
        today=today,
        money=measure(usage.nanos, limit.nanos),
        tokens=measure(usage.tokens, limit.tokens),
        committed_nanos=committed[0],
        unlimited_children=committed[1],
        unpriced_tokens=usage.unpriced_tokens,
        complete_through=through,
        data_as_of=as_of,
    )


def _measure(
    daily: Mapping[date, int],
    limit: int | None,
    period: Period,
    today: date,
    *,
    through: date,
    usage: Usage,
    wanted: list[tuple[Basis, int]],
) -> MeasureStatus:
    inside = {d: v for d, v in daily.items() if period.start <= d < period.end}
    used = sum(inside.values())
    done = position.elapsed_days(period, through)
    ahead = forecast(
        daily,
        period,
        complete_through=through,
        first_day=usage.first_day,
        partial=daily.get(through + timedelta(days=1), 0),
    )
    gone = position.run_out_on(daily, period, limit, ahead)
    complete = sum(v for d, v in inside.items() if d <= through)
    return MeasureStatus(
        limit=limit,
        used=used,
        daily=inside,
        run_out_on=gone,
        forecast=ahead,
        thresholds=position.thresholds(wanted, daily, period, limit, ahead),
        health=position.health(period, today, limit=limit, used=used, run_out=gone, forecast=ahead),
        spent_per_day=position.per_day(complete, done),
        sustainable_per_day=position.sustainable_per_day(limit, used, period, done),
    )
