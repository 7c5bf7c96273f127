"""Whether a budget burns far faster than it can last: two windows, as service levels are watched.

The burn rate of a window is its use against an even spending of what was left when it began: at 1
the budget lasts exactly to the end of its period. The fast window is one day, so that today's use
counts within minutes of its arrival; the slow one is a week, and one of its last two days must burn
too, or it is over already. Days that are not complete count as whole ones: a rate is never
overstated. (Multiwindow, multi-burn-rate alerts: The Site Reliability Workbook, chapter 5.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from apps.budgets.enums import BurnWindow
from apps.budgets.rules.periods import Period

FAST_RATE, SLOW_RATE = 400, 150
"""Percent of the even rate from which a window burns."""
FAST_SHARE, SLOW_SHARE = 2, 5
"""Percent of the limit that must have gone in the window: small use is no emergency."""
SLOW_DAYS, SLOW_LEAST = 7, 3
MOST_RATE = 1_000_000
"""Percent: beyond it a rate is not told more exactly."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Burn:
    """A window that burns: use in it, its rate in percent of an even one, and the day the budget
    is used up at that speed."""

    window: BurnWindow
    since: date
    days: int
    used: int
    rate_percent: int
    runs_out_on: date


def burn(daily: Mapping[date, int], period: Period, limit: int | None, today: date) -> Burn | None:
    """The burn of a budget on a day, the fast window before the slow one; None when it lasts, has
    no limit, or was used up before the window began."""
    if limit is None or limit <= 0 or not period.start <= today < period.end:
        return None
    yesterday = max(today - _DAY, period.start)
    recent = {day: daily.get(day, 0) for day in (today, yesterday)}
    worst = max(recent, key=lambda day: (recent[day], day))
    fast = _rate(daily, period, limit, worst, worst)
    found = _burning(daily, period, limit, today, BurnWindow.FAST, worst, 1, fast)
    if found is not None:
        return found
    start = max(period.start, today - timedelta(days=SLOW_DAYS - 1))
    days = (today - start).days + 1
    if days < SLOW_LEAST or fast is None or fast[0] < SLOW_RATE:
        return None
    slow = _rate(daily, period, limit, start, today)
    return _burning(daily, period, limit, today, BurnWindow.SLOW, start, days, slow)


def _rate(
    daily: Mapping[date, int], period: Period, limit: int, first: date, last: date
) -> tuple[int, int] | None:
    """(percent of the even rate, use) of days [first, last]; None when nothing was left before."""
    before = sum(use for day, use in daily.items() if period.start <= day < first)
    left = limit - before
    if left <= 0:
        return None
    used = sum(use for day, use in daily.items() if first <= day <= last)
    ahead, width = (period.end - first).days, (last - first).days + 1
    return min(used * ahead * 100 // (left * width), MOST_RATE), used


def _burning(
    daily: Mapping[date, int],
    period: Period,
    limit: int,
    today: date,
    window: BurnWindow,
    since: date,
    days: int,
    rate: tuple[int, int] | None,
) -> Burn | None:
    if rate is None:
        return None
    percent, used = rate
    fast = window is BurnWindow.FAST
    if percent < (FAST_RATE if fast else SLOW_RATE):
        return None
    if used * 100 < limit * (FAST_SHARE if fast else SLOW_SHARE):
        return None
    left = limit - sum(use for day, use in daily.items() if period.start <= day <= today)
    out = today if left <= 0 else today + timedelta(days=min(-(-left * days // used), 10_000))
    if out >= period.end:
        return None
    return Burn(window, since, days, used, percent, out)
