"""Where a period's use will end: run rate with its range, or the reason why there is none.

The rate is that of the last 28 complete days, working days and weekends apart. The range is the
80 % prediction interval of a sum of daily values: their own spread plus the uncertainty of the
mean, so it widens with the days to come and narrows with the days seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from apps.budgets.rules.periods import Period

WINDOW_DAYS = 28
"""How many complete days the rate looks back."""

MIN_DAYS = 10
"""Fewer days with data than this: too early to forecast."""

Z_80 = 1.2815515655446004
"""Standard deviations to the 10th and 90th percentile."""

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cumulative use since the period began, at the end of each day to come."""

    days: tuple[date, ...]
    p10: tuple[int, ...]
    p50: tuple[int, ...]
    p90: tuple[int, ...]

    @property
    def end(self) -> tuple[int, int, int]:
        """P10, P50 and P90 at the end of the period."""
        return self.p10[-1], self.p50[-1], self.p90[-1]


@dataclass(frozen=True, slots=True)
class NoForecast:
    """Why there is none, in words a person can use."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Rate:
    workday: float
    weekend: float
    spread: float
    seen: int

    def of(self, day: date) -> float:
        return self.weekend if day.weekday() >= SATURDAY else self.workday


def forecast(
    daily: Mapping[date, int],
    period: Period,
    *,
    complete_through: date | None,
    first_day: date | None,
    partial: int = 0,
) -> Forecast | NoForecast:
    """Use to the end of the period.

    `daily`: use by day, days without use may be left out; `complete_through`: the last day whose
    data is all there; `first_day`: the first day with any data; `partial`: what is already known
    of the day after `complete_through`.
    """
    if complete_through is None or first_day is None:
        return NoForecast("No usage has arrived yet.")
    if complete_through >= period.last_day:
        return NoForecast("The period is over: measured figures are final.")
    seen = (complete_through - first_day).days + 1
    if seen < MIN_DAYS:
        return NoForecast(
            f"Too early to forecast: {max(seen, 0)} of {MIN_DAYS} complete days of data."
        )
    window = _window(complete_through, min(seen, WINDOW_DAYS))
    rate = _rate([(day, daily.get(day, 0)) for day in window])
    base = sum(v for day, v in daily.items() if period.start <= day <= complete_through)
    first = max(complete_through + timedelta(days=1), period.start)
    days = tuple(first + timedelta(days=n) for n in range((period.end - first).days))
    return _project(days, rate, base, partial if first == _next(complete_through) else 0)


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _window(last: date, length: int) -> list[date]:
    return [last - timedelta(days=n) for n in range(length - 1, -1, -1)]


def _rate(values: Sequence[tuple[date, int]]) -> _Rate:
    everything = [float(v) for _, v in values]
    weekend = [float(v) for day, v in values if day.weekday() >= SATURDAY]
    workday = [float(v) for day, v in values if day.weekday() < SATURDAY]
    overall = sum(everything) / len(everything)
    at_work = sum(workday) / len(workday) if workday else overall
    at_rest = sum(weekend) / len(weekend) if weekend else overall
    squares = sum(
        (v - (at_rest if day.weekday() >= SATURDAY else at_work)) ** 2 for day, v in values
    )
    spread = sqrt(squares / max(len(values) - 2, 1))
    return _Rate(at_work, at_rest, spread, len(values))


def _project(days: tuple[date, ...], rate: _Rate, base: int, partial: int) -> Forecast:
    """Percentiles never fall below what is already measured, nor from one day to the next."""
    p10, p50, p90 = [], [], []
    total = 0.0
    low = mid = high = base + partial
    for n, day in enumerate(days, start=1):
        total += max(rate.of(day), partial if n == 1 else 0)
        half = Z_80 * rate.spread * sqrt(n + n * n / rate.seen)
        low = max(low, base + round(total - half))
        mid = max(mid, base + round(total))
        high = max(high, base + round(total + half))
        p10.append(low)
        p50.append(mid)
        p90.append(high)
    return Forecast(days, tuple(p10), tuple(p50), tuple(p90))
