"""How a budget stands: used, left, pace, the day it runs out, thresholds crossed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from apps.budgets.enums import Basis, Health
from apps.budgets.rules.forecast import Forecast, NoForecast
from apps.budgets.rules.periods import Period


@dataclass(frozen=True, slots=True)
class ThresholdState:
    """`crossed_on` is the day measured use reached it, or forecast use will; None: not in sight."""

    basis: Basis
    percent: int
    at: int
    crossed: bool
    crossed_on: date | None


def threshold_amount(limit: int, percent: int) -> int:
    """The amount at a percentage, rounded up: reaching it means having reached the share."""
    return -(-limit * percent // 100)


def reached_on(daily: Mapping[date, int], period: Period, amount: int) -> date | None:
    """The first day of the period on which cumulative measured use was at or above an amount.

    An amount of 0 is reached on the first day: a limit of nothing is used up from the start.
    """
    total = 0
    for day in sorted(d for d in daily if period.start <= d < period.end):
        total += daily[day]
        if total >= amount:
            return day if amount > 0 else period.start
    return period.start if amount <= 0 else None


def forecast_reaches_on(forecast: Forecast | NoForecast, amount: int) -> date | None:
    """The first day on which likely use will be at or above an amount."""
    if isinstance(forecast, NoForecast):
        return None
    return next((d for d, v in zip(forecast.days, forecast.p50, strict=True) if v >= amount), None)


def run_out_on(
    daily: Mapping[date, int], period: Period, limit: int | None, forecast: Forecast | NoForecast
) -> date | None:
    """The day the limit was or will be reached within the period."""
    if limit is None:
        return None
    return reached_on(daily, period, limit) or forecast_reaches_on(forecast, limit)


def thresholds(
    wanted: Iterable[tuple[Basis, int]],
    daily: Mapping[date, int],
    period: Period,
    limit: int | None,
    forecast: Forecast | NoForecast,
) -> list[ThresholdState]:
    """Each threshold with whether it is crossed. Without a limit there is nothing to cross."""
    if limit is None:
        return []
    states = []
    for basis, percent in wanted:
        at = threshold_amount(limit, percent)
        measured = reached_on(daily, period, at)
        if basis is Basis.ACTUAL:
            states.append(ThresholdState(basis, percent, at, measured is not None, measured))
            continue
        ahead = measured or forecast_reaches_on(forecast, at)
        states.append(ThresholdState(basis, percent, at, ahead is not None, ahead))
    return states


def health(
    period: Period,
    today: date,
    *,
    limit: int | None,
    used: int,
    run_out: date | None,
    forecast: Forecast | NoForecast,
) -> Health:
    """One word for the list and the headline."""
    if today < period.start:
        return Health.NOT_STARTED
    if limit is None:
        return Health.UNLIMITED
    if used >= limit:
        return Health.EXHAUSTED
    if today >= period.end:
        return Health.ENDED
    if run_out is not None:
        return Health.RUNS_OUT
    return Health.UNKNOWN if isinstance(forecast, NoForecast) else Health.ON_COURSE


def elapsed_days(period: Period, complete_through: date | None) -> int:
    """Complete days of the period so far."""
    if complete_through is None or complete_through < period.start:
        return 0
    return (min(complete_through, period.last_day) - period.start).days + 1


def share(part: int, whole: int | None) -> float | None:
    """A ratio; None without a limit; a limit of 0 is all used by anything."""
    if whole is None:
        return None
    if whole == 0:
        return 1.0
    return part / whole


def per_day(amount: int, days: int) -> int | None:
    """Average per day, half-even; None when there is no day."""
    return round(amount / days) if days > 0 else None


def sustainable_per_day(limit: int | None, used: int, period: Period, done: int) -> int | None:
    """What each remaining day may use so that the limit lasts to the end of the period."""
    left = period.days - done
    if limit is None or left <= 0:
        return None
    return max(0, limit - used) // left
