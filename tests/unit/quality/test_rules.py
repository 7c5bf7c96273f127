"""What is unusual in a source's days."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from apps.ledger.quality.rules import grown, implausible, repeated, silent_days

MONDAY = date(2026, 11, 16)


def days(*offsets):
    return {MONDAY + timedelta(days=n) for n in offsets}


WORKDAYS = days(*(week * 7 + day for week in range(-5, 0) for day in range(5)))


@pytest.mark.parametrize(
    ("active", "until", "silent"),
    [
        (WORKDAYS, 0, [0]),
        (WORKDAYS, 2, [0, 1, 2]),
        (WORKDAYS, -1, []),
        (WORKDAYS | days(0, 1), 1, []),
        (WORKDAYS | days(0), 6, [1, 2, 3, 4]),
        (days(-7, -6), 3, []),
        (set(), 3, []),
        (days(-28, -21, -14, -7), 3, [0]),
        (WORKDAYS, 9, [0, 1, 2, 3, 4, 7, 8, 9]),
        # Too young for weekdays: seven days in a row are a rhythm, six are none.
        (days(*range(-10, 0)), 1, [0, 1]),
        (days(*range(-6, 0)), 1, []),
        # An old source of workdays that once worked through a weekend keeps its weekends.
        (WORKDAYS | days(-2, -1), 6, [0, 1, 2, 3, 4]),
    ],
)
def test_only_days_of_the_sources_own_week_are_missed(active, until, silent):
    found = silent_days(active, MONDAY + timedelta(days=until))
    assert [(day - MONDAY).days for day in found] == silent


def test_a_day_that_equals_another_one_in_everything():
    first, second, third = (MONDAY + timedelta(days=n) for n in range(3))
    shape = (20_000, 5, 12, 100)
    assert repeated({first: shape, second: shape, third: (20_000, 5, 12, 101)}, first) == [
        (second, first)
    ]
    assert repeated({first: shape, second: shape}, third) == []
    small = (9_000, 5, 12, 100)
    assert repeated({first: small, second: small}, first) == []
    few = (20_000, 5, 9, 100)
    assert repeated({first: few, second: few}, first) == []


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        # Anthropic's report counts no requests: tokens of several kinds must do.
        ((90_000, 10_000, 0, 100), True),
        ((90_000, 9_999, 0, 100), False),
        ((100_000, 0, 0, 100), False),
    ],
)
def test_a_source_that_counts_no_requests_can_repeat_itself_too(shape, told):
    first, second = MONDAY, MONDAY + timedelta(days=1)
    found = repeated({first: shape, second: shape}, first)
    assert found == ([(second, first)] if told else [])


@pytest.mark.parametrize(
    ("reported", "computed", "ratio"),
    [
        (100, 10**8, 1e-6),
        (2 * 10**7, 10**8, None),
        (5 * 10**8, 10**8, None),
        (6 * 10**8, 10**8, 6.0),
        (None, 10**8, None),
        (10**8, None, None),
        (10**8, 10**6, None),
    ],
)
def test_cost_that_does_not_fit(reported, computed, ratio):
    assert implausible(reported, computed) == ratio


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (150, 100, Fraction(1, 2)),
        (149, 100, None),
        (100, 100, None),
        (50, 100, None),
        # From less than the smallest base, and from nothing.
        (900, 99, None),
        (900, 0, None),
    ],
)
def test_growth_is_told_from_the_threshold_on(now, before, found):
    assert grown(now, before, 50, 100) == found


def test_growth_from_nothing_is_never_told():
    assert grown(5, 0, 50, 0) is None
