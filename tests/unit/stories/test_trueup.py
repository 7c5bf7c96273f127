"""Expected use, the year's forecast and cohorts, worked out by hand."""

from decimal import Decimal

import pytest

from apps.ledger.rules.drivers import Use, explain
from apps.stories.trueup import Cohort, cohort, expected_uses, forecast

DOCUMENT = {
    "calls": "1000",
    "month_kinds": {"input_uncached": 300_000, "output": 100_000},
    "models": [
        {"provider": "atlas", "model": "medium", "share": "60", "cost": 600},
        {"provider": "atlas", "model": "small", "share": "40", "cost": 401},
    ],
}
D = Decimal


def tokens(**kinds):
    names = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output",
             "reasoning", "input_audio", "output_audio", "input_image", "output_image")  # fmt: skip
    return tuple(kinds.get(name, 0) for name in names)


def test_two_months_of_the_likely_case_are_shared_out_to_the_last_nano():
    uses = expected_uses(DOCUMENT, [1_001, 1_001])
    assert uses == {
        "medium": Use(1_200, tokens(input_uncached=360_000, output=120_000), 1_200),
        "small": Use(800, tokens(input_uncached=240_000, output=80_000), 802),
    }


def test_models_always_sum_to_the_months():
    for months in ([7], [1_001, 999, 13], [10**12 + 1]):
        uses = expected_uses(DOCUMENT, months)
        assert sum(use.cost_nanos for use in uses.values()) == sum(months)


@pytest.mark.parametrize("document", [{}, {"models": []}, {"models": [{"cost": 0, "share": "1"}]}])
def test_without_production_nothing_is_expected(document):
    assert expected_uses(document, [100]) == {}


def test_half_more_calls_of_half_more_tokens_share_the_change():
    """1,000 calls of 100 tokens at 15 became 1,500 of 150: 1,500,000 became 3,375,000."""
    before = {"medium": Use(1_000, tokens(output=100_000), 1_500_000)}
    now = {"medium": Use(1_500, tokens(output=225_000), 3_375_000)}
    parts = explain(before, now).parts
    assert parts == {
        "volume": 937_500,
        "tokens_per_request": 937_500,
        "model_mix": 0,
        "caching": 0,
        "unit_price": 0,
    }


def test_the_year_is_what_was_measured_and_the_rest_as_it_ran():
    made = forecast([100, 120], [(80, 100, 150), (80, 100, 150)], D("1.1"))
    assert (made.measured, made.low, made.likely, made.high) == (220, 396, 440, 550)
    assert (made.months_measured, made.months_left) == (2, 2)
    assert forecast([], [(1, 2, 3)], None).likely == 2


@pytest.mark.parametrize(
    ("changes", "expected", "contingency"),
    [
        ([], Cohort(0, None, None, None), None),
        (["0.4"], Cohort(1, D("0.4"), D("0.4"), D("0.4")), None),
        (["-0.1", "0.42", "0.1"], Cohort(3, D("0.1"), D("-0.1"), D("0.42")), D("0.42")),
        (["-0.5", "-0.4", "-0.3"], Cohort(3, D("-0.4"), D("-0.5"), D("-0.3")), D(0)),
        (["0", "0.1", "0.2", "0.3", "0.9"], Cohort(5, D("0.2"), D("0"), D("0.3")), D("0.3")),
    ],
)
def test_a_cohort_covers_four_of_five(changes, expected, contingency):
    made = cohort(map(D, changes))
    assert made == expected
    assert made.contingency == contingency
