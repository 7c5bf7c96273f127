"""The chart of a budget: what is left, day by day, and what is likely to be."""

from datetime import date, timedelta

from django.utils.safestring import SafeString

from apps.budgets.enums import Basis
from apps.budgets.rules.forecast import Forecast
from apps.budgets.selectors.status import BudgetStatus, MeasureStatus
from apps.budgets.web.present import STEP_LINES_AT_MOST, Figures, headline
from apps.common import charts, fmt
from apps.common.charts.burndown import Cone


def burn_chart(status: BudgetStatus) -> SafeString:
    """Burn-down of a limited budget; daily bars where there is no limit to burn down."""
    if status.main.limit is None:
        return _bars(status)
    return _burn_down(status, status.main.limit)


def _burn_down(status: BudgetStatus, limit: int) -> SafeString:
    """Points are ends of days; the first is the start of the period with the whole amount."""
    period, main, today = status.period, status.main, status.today
    figures = Figures(status.measure, status.budget.currency)
    days = [period.start + timedelta(days=n) for n in range(period.days)]
    labels = ["Start", *(fmt.day(day, today) for day in days)]
    ticks = [labels[1], *labels[1:]]
    return charts.burndown(
        ticks,
        remaining(status, days, limit),
        budget=limit,
        title=f"Remaining budget, {status.budget.name}",
        summary=headline(status),
        axis=figures.axis,
        cell=figures.exact,
        labels=labels,
        cone=_cone(status, main, limit),
        steps=_steps(status, limit),
    )


def remaining(status: BudgetStatus, days: list[date], limit: int) -> list[int]:
    """What was left at the start and at the end of each day whose data is complete."""
    left, through = [limit], status.complete_through
    for day in days:
        if through is None or day > through:
            break
        left.append(left[-1] - status.main.daily.get(day, 0))
    return left


def _cone(status: BudgetStatus, main: MeasureStatus, limit: int) -> Cone | None:
    """Starts at the last measured point."""
    ahead = main.forecast
    if not isinstance(ahead, Forecast):
        return None
    through = status.complete_through
    used = sum(v for d, v in main.daily.items() if through is not None and d <= through)
    start = limit - used
    return Cone(
        light=[start, *(limit - v for v in ahead.p10)],
        likely=[start, *(limit - v for v in ahead.p50)],
        heavy=[start, *(limit - v for v in ahead.p90)],
    )


def _steps(status: BudgetStatus, limit: int) -> list[tuple[int, str]]:
    """Threshold lines below the full amount and above nothing."""
    lines = [
        (limit - state.at, f"{state.percent}% used")
        for state in status.main.thresholds
        if state.basis is Basis.ACTUAL and 0 < state.percent < 100
    ]
    return lines[-STEP_LINES_AT_MOST:]


def _bars(status: BudgetStatus) -> SafeString:
    period, main, today = status.period, status.main, status.today
    figures = Figures(status.measure, status.budget.currency)
    last = min(period.last_day, today)
    days = [period.start + timedelta(days=n) for n in range((last - period.start).days + 1)]
    labels = [fmt.day(day, today) for day in days]
    return charts.stacked_bars(
        labels,
        [charts.Series("Use", "s1", [main.daily.get(day, 0) for day in days])],
        title=f"Daily use, {status.budget.name}",
        summary=headline(status),
        axis=figures.axis,
        cell=figures.exact,
    )
