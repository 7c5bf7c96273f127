"""Variability, growth, price against volume, amplification: exact, and silent where undefined."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.rules import trends

DAYS = st.lists(st.integers(0, 10**15), min_size=trends.MIN_DAYS, max_size=60)
POINTS = st.builds(trends.Point, st.integers(0, 10**15), st.integers(0, 10**12), st.integers(1, 31))


def test_how_days_differ():
    found = trends.variability([10] * 13 + [150])
    assert (found.days, found.total, found.p50, found.p95) == (14, 280, 10, 150)
    assert found.peak == 15
    # Mean 20, variance (13·100 + 16 900) / 14 = 1300, root 36.0555.
    assert found.cv == Fraction(18027, 10_000)
    assert found.word == "erratic"
    assert trends.variability([7] * 20).cv == 0


def test_days_without_an_answer():
    assert trends.variability([5] * 13) is None
    nothing = trends.variability([0] * 14)
    assert (nothing.cv, nothing.peak, nothing.word) == (None, None, "")
    # The usual day has no use: there is nothing to hold the peak against.
    assert trends.variability([0] * 13 + [9]).peak is None


@given(DAYS)
def test_variability_does_not_depend_on_order_or_unit(days):
    found, again = trends.variability(days), trends.variability(sorted(days, reverse=True))
    assert found == again
    assert found.p50 <= found.p95
    assert {found.p50, found.p95} <= set(days)
    scaled = trends.variability([day * 1000 for day in days])
    assert (scaled.cv, scaled.peak) == (found.cv, found.peak)
    assert (found.cv is None) == (sum(days) == 0)


def test_growth_and_the_time_to_double():
    found = trends.growth([Fraction(100), Fraction(200), Fraction(400)])
    assert found == trends.Growth(Fraction(1), Decimal("1.0000"), Decimal("1.00"))
    slow = trends.growth([Fraction(100), Fraction(110), Fraction(121)])
    assert (slow.last, slow.compound) == (Fraction(1, 10), Decimal("0.1000"))
    assert slow.doubling == Decimal("7.27")


@pytest.mark.parametrize(
    ("averages", "last"),
    [
        ([], None),
        ([Fraction(5)], None),
        ([None, Fraction(5)], None),
        ([Fraction(0), Fraction(5)], None),
        ([Fraction(9), None], None),
    ],
)
def test_growth_from_nothing_is_not_told(averages, last):
    assert trends.growth(averages) == trends.Growth(last, None, None)


def test_only_the_unbroken_stretch_counts():
    found = trends.growth([Fraction(900), None, Fraction(10), Fraction(20)])
    assert found == trends.Growth(Fraction(1), Decimal("1.0000"), Decimal("1.00"))
    gone = trends.growth([Fraction(10), Fraction(0)])
    assert gone == trends.Growth(Fraction(-1), None, None)


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=12))
def test_growing_is_doubling_and_nothing_else_is(values):
    found = trends.growth([Fraction(value) for value in values])
    assert (found.doubling is not None) == (values[-1] > values[0])
    assert found.last == Fraction(values[-1], values[-2]) - 1
    assert found.compound >= -1


def test_price_falls_and_the_bill_rises():
    before, now = trends.Point(100, 100, 10), trends.Point(150, 300, 10)
    first, second = trends.indexes([before, now])
    assert (first.price, first.volume, first.bill) == (100, 100, 100)
    assert (second.price, second.volume, second.bill) == (50, 300, 150)
    assert trends.rebounds(before, now)
    assert not trends.rebounds(now, before)
    # Volume +100 % of its midpoint, price −66.7 % of its own.
    assert trends.elasticity(before, now) == Fraction(-3, 2)


def test_no_elasticity_without_a_move_of_the_price():
    point, free = trends.Point(100, 100, 10), trends.Point(0, 0, 10)
    assert trends.elasticity(point, trends.Point(200, 200, 10)) is None
    assert trends.elasticity(point, free) is None
    assert trends.indexes([free, free]) == [trends.Index(None, None, None)] * 2
    assert trends.indexes([free, point])[0] == trends.Index(None, None, None)
    assert not trends.rebounds(free, point)


@given(st.lists(POINTS, min_size=1, max_size=8))
def test_price_times_volume_is_the_bill(points):
    for index in trends.indexes(points):
        if index.price is not None:
            assert index.price * index.volume / 100 == index.bill


@given(POINTS, POINTS)
def test_elasticity_reads_the_same_both_ways(before, now):
    assert trends.elasticity(before, now) == trends.elasticity(now, before)


def test_a_hundred_more_tokens_in_every_run():
    # 3,000 runs in 30 days are 36,500 a year; a token costs 2,000 nanos.
    pace = trends.Pace(30, 3_000, 6_000_000, 12_000_000_000)
    assert pace.runs_a_year == 36_500
    assert trends.extra_cost(pace, 100) == 36_500 * 100 * 2_000
    before = trends.Pace(30, 3_000, 5_700_000, 12_000_000_000)
    assert trends.longer_runs(before, pace) == 36_500 * 100 * 2_000
    assert trends.longer_runs(pace, before) is None
    assert trends.repeated_work(12_000_000_000, 30, 3_000, 30) == 1_460_000_000


def test_no_effect_where_nothing_runs_or_has_a_price():
    assert trends.extra_cost(trends.Pace(30, 0, 100, 100), 100) is None
    assert trends.extra_cost(trends.Pace(30, 5, 0, 0), 100) is None
    assert trends.extra_cost(trends.Pace(0, 5, 10, 10), 100) is None
    assert trends.longer_runs(trends.Pace(30, 0, 0, 0), trends.Pace(30, 5, 10, 10)) is None
    assert trends.repeated_work(100, 0, 10, 30) is None


@given(st.integers(1, 90), st.integers(1, 10**9), st.integers(1, 10**12), st.integers(0, 10**15))
def test_twice_the_tokens_cost_twice(days, runs, tokens, cost):
    pace = trends.Pace(days, runs, tokens, cost)
    once, twice = trends.extra_cost(pace, 100), trends.extra_cost(pace, 200)
    assert abs(twice - 2 * once) <= 1
