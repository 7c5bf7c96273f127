"""Burn rates: exact limits of both windows, and when there is nothing to tell."""

from datetime import date

import pytest

from apps.budgets.rules.burn import Burn, burn
from apps.budgets.rules.periods import Period

NOV = Period(date(2026, 11, 1), date(2026, 12, 1))
LIMIT = 30_000


def day(n):
    return date(2026, 11, n)


def uses(first, last, amount, **more):
    found = {day(n): amount for n in range(first, last + 1)}
    return found | {day(int(n.removeprefix("d"))): value for n, value in more.items()}


def test_one_day_of_four_times_the_even_rate_is_a_fast_burn():
    # 10 days at pace leave 20,000 for 20 days: 1,000 a day.
    found = burn(uses(1, 10, 1_000, d11=4_000), NOV, LIMIT, day(11))
    assert found == Burn("fast", day(11), 1, 4_000, 400, day(15))
    assert burn(uses(1, 10, 1_000, d11=3_999), NOV, LIMIT, day(11)) is None


def test_yesterday_counts_until_today_burns_more():
    found = burn(uses(1, 10, 1_000, d11=5_000), NOV, LIMIT, day(12))
    assert (found.window, found.since, found.rate_percent) == ("fast", day(11), 500)
    found = burn(uses(1, 10, 1_000, d11=5_000, d12=6_000), NOV, LIMIT, day(12))
    assert (found.since, found.used) == (day(12), 6_000)
    assert burn(uses(1, 10, 1_000, d11=5_000), NOV, LIMIT, day(13)) is None


def test_a_week_at_one_and_a_half_times_is_a_slow_burn_while_it_goes_on():
    # Ten days at 1,000 leave 20,000 for 20 days; 1,500 a day from the 11th on.
    found = burn(uses(1, 10, 1_000) | uses(11, 17, 1_500), NOV, LIMIT, day(17))
    assert found == Burn("slow", day(11), 7, 10_500, 150, day(24))
    assert burn(uses(1, 10, 1_000) | uses(11, 17, 1_499), NOV, LIMIT, day(17)) is None
    over = uses(1, 10, 1_000) | uses(11, 15, 2_500)
    assert burn(over, NOV, LIMIT, day(17)) is None


def test_a_small_share_of_the_limit_is_no_emergency():
    year = Period(date(2026, 1, 1), date(2027, 1, 1))
    limit, second = 365_000, date(2026, 1, 2)
    assert burn({second: 7_299}, year, limit, second) is None
    assert burn({second: 7_300}, year, limit, second).window == "fast"


@pytest.mark.parametrize(
    ("daily", "limit", "today"),
    [
        (uses(1, 11, 9_000), None, 11),
        (uses(1, 11, 9_000), 0, 11),
        (uses(1, 5, 9_000), LIMIT, 11),
        ({}, LIMIT, 11),
        ({day(30): 29_000}, LIMIT, 30),
    ],
)
def test_no_limit_nothing_left_before_or_nothing_used_tells_nothing(daily, limit, today):
    assert burn(daily, NOV, limit, day(today)) is None


def test_outside_its_period_a_budget_burns_not():
    assert burn({day(30): 90_000}, NOV, LIMIT, date(2026, 12, 1)) is None
    assert burn({day(1): 90_000}, NOV, LIMIT, date(2026, 10, 31)) is None


def test_what_a_day_uses_up_is_used_up_today():
    found = burn({day(2): 40_000}, NOV, LIMIT, day(2))
    assert (found.runs_out_on, found.rate_percent) == (day(2), 3_866)
