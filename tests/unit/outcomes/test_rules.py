"""Cost per outcome and delivery per token, worked by hand."""

from decimal import Decimal

from apps.outcomes.enums import Standing
from apps.outcomes.rules import Promise, Use, counts, given, interactions

DOLLAR = 1_000_000_000


def promise(**changes):
    """4.5 minutes less for each of 70 % of 14,000 claims of 6 calls, a minute worth $0.70."""
    values = {
        "expected": Decimal("-4.5"),
        "change": Decimal("-4.5"),
        "each": True,
        "adoption": Decimal(70),
        "volume": Decimal(14_000),
        "calls": Decimal(84_000),
        "money_nanos": 700_000_000,
    }
    return Promise(**{**values, **changes})


def test_a_month_as_planned():
    made = given(promise(), Use(2_500 * DOLLAR, 800_000_000, 84_000))
    assert made.units == 44_100
    assert made.value_nanos == 30_870 * DOLLAR
    assert made.lost_nanos == -28_370 * DOLLAR
    assert made.standing is Standing.WORTH
    assert made.cost_per_outcome == 56_689_342  # $2,500 ÷ 44,100
    assert made.units_per_million == Decimal("55.125")
    assert made.value_per_million == 38_587_500_000


def test_interactions_follow_the_requests_that_were_counted():
    assert interactions(promise(), 42_000) == 7_000
    half = given(promise(), Use(2_500 * DOLLAR, 400_000_000, 42_000))
    assert half.units == 22_050
    assert counts(promise(), 42_000)


def test_without_counted_requests_the_planned_ones_stand_in_and_it_is_not_measured():
    assert given(promise(), Use(DOLLAR, 100, None)).units == 44_100
    assert not counts(promise(), None)
    assert not counts(promise(calls=Decimal(0)), 5)
    assert counts(promise(each=False), None)


def test_a_change_a_month_needs_no_interactions():
    made = given(promise(each=False, change=Decimal(-90)), Use(70 * DOLLAR, 1_000_000, 0))
    assert (made.units, made.value_nanos) == (90, 63 * DOLLAR)
    assert made.standing is Standing.NOT_WORTH
    assert made.lost_nanos == 7 * DOLLAR


def test_at_exactly_its_alternative_it_is_worth_it():
    made = given(promise(each=False, change=Decimal(-100)), Use(70 * DOLLAR, 1, 0))
    assert made.lost_nanos == 0
    assert made.cost_per_outcome == made.alternative_nanos
    assert made.standing is Standing.WORTH


def test_a_metric_that_went_the_other_way_loses_more_than_its_cost():
    made = given(promise(each=False, change=Decimal(10)), Use(5 * DOLLAR, 1_000_000, 0))
    assert (made.units, made.value_nanos, made.lost_nanos) == (-10, -7 * DOLLAR, 12 * DOLLAR)
    assert made.cost_per_outcome is None


def test_without_tokens_there_is_no_delivery_per_token():
    made = given(promise(), Use(0, 0, 0))
    assert made.units_per_million is None
    assert made.value_per_million is None


def test_other_days_than_a_month_give_their_part():
    week = Decimal(7) / 30
    use = Use(70 * DOLLAR, 1_000_000, None)
    assert given(promise(each=False, change=Decimal(-90)), use, week).units == 21
    assert given(promise(), use, week).units == Decimal(44_100) * week
    # Counted interactions are those of the days themselves.
    assert given(promise(), Use(DOLLAR, 1, 42_000), week).units == 22_050
