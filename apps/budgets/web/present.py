"""What the budget pages say, worked out once, without markup."""

from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from apps.budgets.enums import Basis, EntryKind, Health, PeriodKind, Scope
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.rules.forecast import Forecast
from apps.budgets.rules.periods import Period
from apps.budgets.rules.position import ThresholdState
from apps.budgets.selectors.status import BudgetStatus, MeasureStatus
from apps.common import charts, fmt
from apps.common.money import NANOS

STEP_LINES_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """Writes amounts of a measure: money of the budget's currency, or tokens."""

    measure: str
    currency: str

    def short(self, value: int | None) -> str:
        if self.measure == "tokens":
            return fmt.tokens(value)
        return fmt.money(value, self.currency)

    def limit(self, value: int | None) -> str:
        """A limit as it was agreed: cents are not rounded away where amounts are written out."""
        small = value is not None and value < 10_000 * NANOS
        if self.measure == "tokens" or not small:
            return self.short(value)
        return fmt.money(value, self.currency, style="agreed")

    def exact(self, value: float | None) -> str:
        whole = None if value is None else int(value)
        if self.measure == "tokens":
            return fmt.count(whole)
        return fmt.money(whole, self.currency, style="cents")

    def axis(self, value: float) -> str:
        if self.measure == "tokens":
            return fmt.axis_tokens(value)
        return fmt.axis_money(value, self.currency)


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One line of the list."""

    status: BudgetStatus

    @property
    def pk(self) -> str:
        return str(self.status.id)

    @property
    def budget(self) -> Budget:
        return self.status.budget

    @property
    def main(self) -> MeasureStatus:
        return self.status.main

    @property
    def figures(self) -> Figures:
        return Figures(self.status.measure, self.budget.currency)

    @property
    def name_norm(self) -> str:
        return self.budget.name_norm

    @property
    def health(self) -> Health:
        return self.main.health

    @property
    def urgency(self) -> tuple[int, date, float]:
        """Used up first, then by the day it runs out, then by the share used."""
        rank = {Health.EXHAUSTED: 0, Health.RUNS_OUT: 1}.get(self.health, 2)
        ended = self.health in {Health.ENDED, Health.NOT_STARTED}
        return rank + ended, self.main.run_out_on or date.max, -(self.main.share or 0.0)

    @property
    def limit(self) -> int | None:
        return self.main.limit

    @property
    def used(self) -> int:
        return self.main.used

    @property
    def used_words(self) -> str:
        return self.figures.short(self.used)

    @property
    def limit_words(self) -> str:
        """An en dash without a limit."""
        return self.figures.short(self.limit)

    @property
    def share(self) -> float | None:
        return self.main.share

    @property
    def bullet(self) -> SafeString:
        if self.main.limit is None:
            return SafeString('<span class="mut">No limit</span>')
        label = f"{fmt.pct(self.main.share)} used of {self.figures.short(self.main.limit)}"
        return charts.bullet(
            self.main.used, self.main.limit, forecast=self.main.forecast_end, label=label
        )

    @property
    def run_out(self) -> str:
        if self.health is Health.EXHAUSTED:
            return f"Used up {fmt.day(self.main.run_out_on, self.status.today)}"
        if self.main.run_out_on is not None:
            return fmt.day(self.main.run_out_on, self.status.today)
        return Health(self.health).label


def scope_words(budget: Budget) -> str:
    """`Team · Platform`, `Capability · Search`, `Token Story · TS-0142`."""
    names = {
        Scope.UNIT: budget.unit.name if budget.unit else "",
        Scope.CAPABILITY: budget.capability.name if budget.capability else "",
        Scope.STORY: budget.story_ref,
    }
    scope = Scope(budget.scope)
    name = names.get(scope, "")
    return f"{scope.label} · {name}" if name else scope.label


def period_words(period: Period, kind: str, today: date) -> str:
    """`November 2026`, `Q4 2026`, `2026`, `15 Nov – 3 Feb 2027`."""
    start, end = period.start, period.end
    whole_month = start.day == 1 and end.day == 1
    if kind == PeriodKind.MONTH and whole_month:
        return f"{start:%B %Y}"
    calendar_quarter = whole_month and start.month % 3 == 1 and period.days in range(89, 93)
    if kind == PeriodKind.QUARTER and calendar_quarter:
        return f"Q{(start.month + 2) // 3} {start.year}"
    if kind == PeriodKind.YEAR and start == date(start.year, 1, 1) and period.days > 364:
        return str(start.year)
    return fmt.day_range(start, end)


def headline(status: BudgetStatus) -> str:
    """The answer to: when does it run out?"""
    name, main, today = status.budget.name, status.main, status.today
    last = fmt.day(status.period.last_day, today)
    figures = Figures(status.measure, status.budget.currency)
    match main.health:
        case Health.EXHAUSTED if main.limit == 0:
            return f"{name} has nothing to spend"
        case Health.EXHAUSTED:
            return f"{name} used up its budget on {fmt.day(main.run_out_on, today)}"
        case Health.RUNS_OUT:
            return f"{name} runs out of budget on about {fmt.day(main.run_out_on, today)}"
        case Health.ON_COURSE:
            left = figures.short(-(main.forecast_over or 0))
            return f"{name} is on course to end {last} with {left} to spare"
        case Health.UNLIMITED:
            return f"{name} has used {figures.short(main.used)} and has no limit"
        case Health.NOT_STARTED:
            return f"{name} starts on {fmt.day(status.period.start, today)}"
        case Health.ENDED:
            return f"{name} ended {last} with {figures.short(main.remaining)} left"
    return f"{name} has {figures.short(main.remaining)} left"


def lede(status: BudgetStatus) -> str:
    """Period, scope, owner, and where it will end."""
    budget, main = status.budget, status.main
    figures = Figures(status.measure, budget.currency)
    parts = [
        period_words(status.period, budget.period_kind, status.today),
        scope_words(budget),
    ]
    if budget.owner_membership is not None:
        parts.append(f"owner {budget.owner_membership}")
    text = " · ".join(parts) + "."
    over = main.forecast_over
    if over is not None and over > 0:
        text += f" Likely to end {figures.short(over)} over."
    return text


def forecast_range(status: BudgetStatus) -> str:
    """`$185.7k to $218.3k`, or the reason why there is none."""
    main = status.main
    if not isinstance(main.forecast, Forecast):
        return main.forecast_reason
    figures = Figures(status.measure, status.budget.currency)
    low, _, high = main.forecast.end
    return f"{figures.short(low)} to {figures.short(high)} (P10 to P90)"


def threshold_words(state: ThresholdState, status: BudgetStatus) -> tuple[str, str]:
    """(what it says now, tone)."""
    day = fmt.day(state.crossed_on, status.today)
    reached = state.crossed_on is not None and state.crossed_on <= status.today
    if state.basis is Basis.FORECAST and not reached:
        return (f"Expected {day}", "warn") if state.crossed else ("Not in sight", "")
    if state.crossed:
        tone = "bad" if state.percent >= 100 else "warn" if state.percent >= 80 else "ok"
        return f"Reached {day}", tone
    ahead = status.main.forecast
    if isinstance(ahead, Forecast):
        pairs = zip(ahead.days, ahead.p50, strict=True)
        expected = next((d for d, v in pairs if v >= state.at), None)
        if expected is not None:
            return f"Expected {fmt.day(expected, status.today)}", ""
    return "Not in sight", ""


def entry_words(entry: BudgetEntry, budget: Budget) -> str:
    """What a row of the period ledger did."""
    amount = _amounts(entry, budget)
    day = fmt.long_day(entry.effective_on)
    match EntryKind(entry.kind):
        case EntryKind.INITIAL:
            return f"opened the budget at {amount} from {day}"
        case EntryKind.REVISION:
            return f"set it to {amount} from {day}"
        case EntryKind.GRANT:
            return f"added {amount} to the period from {day}"
        case EntryKind.CARRY_OVER:
            return f"carried over {amount} to the period from {day}"
        case EntryKind.TRANSFER_IN:
            return f"moved {amount} in for the period from {day}"
    return f"moved {amount} out for the period from {day}"


def _amounts(entry: BudgetEntry, budget: Budget) -> str:
    setting = entry.kind in {EntryKind.INITIAL, EntryKind.REVISION}
    parts = []
    if entry.amount_nanos is not None:
        parts.append(fmt.money(abs(entry.amount_nanos), budget.currency, style="cents"))
    if entry.amount_tokens is not None:
        parts.append(f"{fmt.tokens(abs(entry.amount_tokens))} tokens")
    return " and ".join(parts) or ("no limit" if setting else "nothing")
