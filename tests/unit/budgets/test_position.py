"""Forecast, run-out day, thresholds and health on hand-worked figures."""

from datetime import date, timedelta

import pytest

from apps.budgets.enums import Basis, Health
from apps.budgets.rules import crossing, position
from apps.budgets.rules.forecast import Forecast, NoForecast, forecast
from apps.budgets.rules.periods import Period

NOV = Period(date(2026, 11, 1), date(2026, 12, 1))
TODAY = date(2026, 11, 21)
THROUGH = date(2026, 11, 20)


def flat(start, days, amount):
    return {start + timedelta(days=n): amount for n in range(days)}


def november(amount=100, days=20):
    return flat(NOV.start, days, amount)


def run(daily, through=THROUGH, **kw):
    first = min(daily) if daily else None
    return forecast(daily, NOV, complete_through=through, first_day=first, **kw)


def test_a_flat_rate_goes_on_and_has_no_range():
    found = run(november())
    assert isinstance(found, Forecast)
    assert found.days == tuple(date(2026, 11, 21) + timedelta(days=n) for n in range(10))
    assert found.p50 == tuple(2_000 + 100 * n for n in range(1, 11))
    assert found.end == (3_000, 3_000, 3_000)


def test_weekends_have_their_own_rate():
    daily = {d: 0 if d.weekday() >= 5 else 100 for d in november()}
    # 21 and 22 November are a weekend, so are 28 and 29: six working days remain
    assert run(daily).end == (2_100, 2_100, 2_100)


def test_the_range_widens_with_the_days_to_come():
    daily = {d: 50 if n % 2 else 150 for n, d in enumerate(november())}
    found = run(daily)
    widths = [high - low for low, high in zip(found.p10, found.p90, strict=True)]
    assert widths == sorted(widths)
    assert found.end[0] < found.end[1] < found.end[2]


def test_the_range_is_the_prediction_interval_of_a_sum():
    """Twenty days of 50 and 150: workdays 7×150 + 7×50 = mean 100, weekends 3×150 + 3×50."""
    daily = {d: 50 if n % 2 else 150 for n, d in enumerate(november())}
    values = list(daily.items())
    workdays = [v for d, v in values if d.weekday() < 5]
    weekends = [v for d, v in values if d.weekday() >= 5]
    means = (sum(workdays) / len(workdays), sum(weekends) / len(weekends))
    squares = sum((v - means[d.weekday() >= 5]) ** 2 for d, v in values)
    spread = (squares / 18) ** 0.5
    likely = sum(means[(TODAY + timedelta(days=n)).weekday() >= 5] for n in range(10))
    half = 1.2815515655446004 * spread * (10 + 100 / 20) ** 0.5
    base = sum(daily.values())
    assert run(daily).end == (
        base + round(likely - half),
        base + round(likely),
        base + round(likely + half),
    )


def test_what_today_already_shows_counts():
    assert run(november(), partial=1_000).p50[0] == 3_000
    assert run(november(), partial=10).p50[0] == 2_100


@pytest.mark.parametrize(
    ("daily", "through", "reason"),
    [
        ({}, None, "No usage has arrived yet."),
        (
            november(days=9),
            date(2026, 11, 9),
            "Too early to forecast: 9 of 10 complete days of data.",
        ),
        (november(days=30), date(2026, 11, 30), "The period is over: measured figures are final."),
    ],
)
def test_no_forecast_says_why(daily, through, reason):
    assert run(daily, through) == NoForecast(reason)


def test_ten_days_are_enough():
    assert isinstance(run(november(days=10), date(2026, 11, 10)), Forecast)


@pytest.mark.parametrize(
    ("limit", "day"),
    [
        (2_000, date(2026, 11, 20)),
        (1_999, date(2026, 11, 20)),
        (2_001, date(2026, 11, 21)),
        (2_500, date(2026, 11, 25)),
        (3_000, date(2026, 11, 30)),
        (3_001, None),
        (0, date(2026, 11, 1)),
        (None, None),
    ],
)
def test_the_day_it_runs_out(limit, day):
    daily = november()
    assert position.run_out_on(daily, NOV, limit, run(daily)) == day


def test_thresholds_are_reached_at_or_above_their_share():
    daily = november()
    states = position.thresholds(crossing.DEFAULT, daily, NOV, 2_500, run(daily))
    assert [(s.basis, s.percent, s.at, s.crossed, s.crossed_on) for s in states] == [
        (Basis.ACTUAL, 50, 1_250, True, date(2026, 11, 13)),
        (Basis.ACTUAL, 80, 2_000, True, date(2026, 11, 20)),
        (Basis.ACTUAL, 90, 2_250, False, None),
        (Basis.ACTUAL, 100, 2_500, False, None),
        (Basis.FORECAST, 100, 2_500, True, date(2026, 11, 25)),
        (Basis.ACTUAL, 120, 3_000, False, None),
    ]


def test_a_threshold_amount_is_rounded_up():
    assert position.threshold_amount(3, 50) == 2
    assert position.threshold_amount(0, 120) == 0


def test_without_a_limit_nothing_is_crossed():
    daily = november()
    assert position.thresholds(crossing.DEFAULT, daily, NOV, None, run(daily)) == []


@pytest.mark.parametrize(
    ("today", "limit", "used", "run_out", "has_forecast", "expected"),
    [
        (date(2026, 10, 31), 10, 0, None, True, Health.NOT_STARTED),
        (TODAY, None, 10, None, True, Health.UNLIMITED),
        (TODAY, 0, 0, NOV.start, True, Health.EXHAUSTED),
        (TODAY, 10, 10, TODAY, True, Health.EXHAUSTED),
        (TODAY, 10, 9, date(2026, 11, 25), True, Health.RUNS_OUT),
        (TODAY, 10, 9, None, True, Health.ON_COURSE),
        (TODAY, 10, 9, None, False, Health.UNKNOWN),
        (date(2026, 12, 1), 10, 9, None, True, Health.ENDED),
    ],
)
def test_health(today, limit, used, run_out, has_forecast, expected):
    found = run(november()) if has_forecast else NoForecast("Too early.")
    assert (
        position.health(NOV, today, limit=limit, used=used, run_out=run_out, forecast=found)
        == expected
    )


def test_shares_and_rates():
    assert position.share(1, 4) == 0.25
    assert position.share(0, 0) == 1.0
    assert position.share(5, None) is None
    assert position.elapsed_days(NOV, THROUGH) == 20
    assert position.elapsed_days(NOV, date(2026, 10, 31)) == 0
    assert position.elapsed_days(NOV, date(2026, 12, 9)) == 30
    assert position.per_day(1_001, 2) == 500
    assert position.per_day(1, 0) is None
    assert position.sustainable_per_day(2_500, 2_000, NOV, 20) == 50
    assert position.sustainable_per_day(2_500, 9_000, NOV, 20) == 0
    assert position.sustainable_per_day(None, 1, NOV, 20) is None
    assert position.sustainable_per_day(10, 1, NOV, 30) is None
