"""Spreads over people and the estimator, worked out by hand."""

from decimal import Decimal

import pytest

from apps.portal.rules import domains as rules
from apps.portal.rules.domains import Inputs


def test_percentiles_are_values_of_real_people():
    found = rules.spread(range(1, 101))
    assert (found.people, found.low, found.median, found.high, found.top) == (100, 10, 50, 90, 95)
    assert rules.spread([7]) == rules.Spread(1, 7, 7, 7, 7)
    assert rules.spread([]) is None


def test_500_developers_70_percent_and_the_usual_band():
    asked = Inputs(500, Decimal(70), 50_000, 200_000, 240)
    found = rules.estimated(asked, 3_000_000_000, 1_000_000)
    assert (found.tokens_low, found.tokens_high) == (4_200_000_000, 16_800_000_000)
    assert (found.cost_low, found.cost_high) == (12_600 * 10**9, 50_400 * 10**9)
    free = rules.estimated(asked, None, 0)
    assert (free.tokens_low, free.cost_low) == (4_200_000_000, None)


def test_what_cannot_be_divided_is_missing():
    assert rules.ratio(5, 0) is rules.ratio(None, 5) is rules.ratio(5, None) is None
    assert rules.ratio(0, 5) == 0
    assert rules.a_month(10, 0) is None
    assert rules.a_month(73, 365) == rules.DAYS_A_MONTH / 5


@pytest.mark.parametrize(
    ("values", "found"),
    [([], (0, None)), ([5], (1, Decimal(1))), ([1] * 19 + [21], (2, Decimal("0.55")))],
)
def test_the_heaviest_tenth(values, found):
    assert rules.top_share(values) == found


def test_everybody_is_in_one_bucket():
    values = [0, 9_999, 10_000, 49_999, 50_000, 199_999, 200_000, 10**9]
    assert [bucket.people for bucket in rules.buckets(values)] == [2, 2, 2, 1, 0, 1]
