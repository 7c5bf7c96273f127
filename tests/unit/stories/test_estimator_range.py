"""P10, P50 and P90 against analytic cases, and the order of the tornado."""

import itertools
import time
from decimal import Decimal

import numpy as np
import pytest

from apps.stories.estimator import estimate, exactly
from apps.stories.estimator.inputs import Development, Parts
from apps.stories.estimator.sampling import DRAWS, SEED, Z90, quantiles, sample

from .estimating import PRICES, assumptions, mix, triple

D = Decimal


#: Three standard errors of a P90 among 10,001 normal draws, relative to its distance from P50.
MONTE_CARLO = 0.04


def test_without_ranges_the_default_error_is_the_range():
    result = estimate(assumptions(), PRICES)
    likely = result.month.cost.likely
    p10, p50, p90 = result.month.cost.range
    assert p50 == likely
    assert p10 == pytest.approx(likely * 0.72, rel=2e-4)
    assert p90 == pytest.approx(likely * 1.55, rel=2e-4)
    assert result.ranged_phases == frozenset()


def test_one_uncertain_input_gives_its_own_quantiles():
    # cost is linear in the volume: P10, P50 and P90 of the cost are the cost at them.
    result = estimate(assumptions(interactions=triple(10_000, 14_000, 22_000)), PRICES)
    likely = result.month.cost.likely
    p10, p50, p90 = result.month.cost.range
    assert p50 == likely
    assert p10 == pytest.approx(likely * 10 / 14, rel=3e-4)
    assert p90 == pytest.approx(likely * 22 / 14, rel=3e-4)


def test_the_product_of_two_symmetric_inputs_matches_the_analytic_spread():
    # Relative half-widths 2 % and 3 % at P90: the product's is √(2² + 3²) %, to first order.
    result = estimate(
        assumptions(
            interactions=triple(9_800, 10_000, 10_200), calls=triple("0.97", 1, "1.03"),
            retry=exactly(0),
        ),
        PRICES,
    )  # fmt: skip
    likely = result.month.cost.likely
    _, p50, p90 = result.month.cost.range
    assert p50 == pytest.approx(likely, rel=1e-3)
    assert p90 / likely - 1 == pytest.approx((0.02**2 + 0.03**2) ** 0.5, rel=MONTE_CARLO)


def test_the_sum_of_two_independent_phases_matches_the_analytic_spread():
    dev = Development(
        basis="effort", developers=exactly(1), days=exactly(1),
        tokens_per_day=triple(900_000, 1_000_000, 1_100_000),
    )  # fmt: skip
    run = {
        "interactions": triple(900, 1000, 1100), "calls": exactly(1), "retry": exactly(0),
        "cache_hit": exactly(0), "parts": Parts(context=exactly(1000)), "horizon_months": 1,
    }  # fmt: skip
    result = estimate(assumptions(development=dev, **run), PRICES)
    p10, p50, p90 = result.lifetime.cost.range
    assert p50 == pytest.approx(6e9, rel=1e-3)
    spread = 2**0.5 * 0.1 * 3e9
    assert p90 - p50 == pytest.approx(spread, rel=MONTE_CARLO)
    assert p50 - p10 == pytest.approx(spread, rel=MONTE_CARLO)


def test_the_same_assumptions_always_give_the_same_answer():
    a = assumptions(interactions=triple(10_000, 14_000, 22_000), calls=triple(4, 6, 9))
    assert estimate(a, PRICES) == estimate(a, PRICES)


def test_a_new_range_does_not_move_the_draws_of_another():
    first = sample("production.calls", (D(4), D(6), D(9)), (D(0), D(100)))
    again = sample("production.calls", (D(4), D(6), D(9)), (D(0), D(100)))
    assert np.array_equal(first, again)
    other = sample("production.interactions", (D(4), D(6), D(9)), (D(0), D(100)))
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.03


def test_draws_stay_within_the_bounds_of_their_kind():
    values = sample("production.cache_hit", (D(20), D(90), D(99)), (D(0), D(100)))
    assert values.min() >= 0
    assert values.max() == 100


def test_quantiles_are_ranks_of_the_sample():
    values = np.arange(DRAWS, dtype=float)
    assert quantiles(values) == (1000, 5000, 9000)
    assert pytest.approx(1.2815515655) == Z90
    assert SEED == 20261123


def test_uncertain_growth_widens_the_later_months():
    result = estimate(assumptions(growth=triple(0, 3, 6)), PRICES)
    widths = [c.cost.range.p90 / c.cost.range.p10 for c in result.production_cells]
    assert widths[0] == 1.0
    assert all(later > earlier for earlier, later in itertools.pairwise(widths))


def test_tornado_orders_by_effect_and_ignores_what_is_certain():
    result = estimate(
        assumptions(
            interactions=triple(13_000, 14_000, 15_000), calls=triple(3, 6, 12),
            cache_hit=triple(20, 35, 50),
        ),
        PRICES,
    )  # fmt: skip
    assert [s.path for s in result.tornado] == [
        "production.calls",
        "production.cache_hit",
        "production.interactions",
    ]
    assert result.tornado_basis == "range"
    calls = result.tornado[0]
    assert calls.at_low == pytest.approx(result.lifetime.cost.likely / 2, abs=12)
    assert calls.at_high == pytest.approx(result.lifetime.cost.likely * 2, abs=12)


def test_tornado_without_ranges_nudges_every_input():
    result = estimate(assumptions(), PRICES)
    assert result.tornado_basis == "nudge"
    assert result.tornado[0].path in {"production.calls", "production.interactions"}


def test_bands_are_chosen_per_draw():
    run = {
        "parts": Parts(context=triple(100_000, 190_000, 400_000), output=exactly(0)),
        "mix": mix(("long", 100)), "cache_hit": exactly(0),
    }  # fmt: skip
    result = estimate(assumptions(**run), PRICES)
    low, high = result.month.cost.range.p10, result.month.cost.range.p90
    assert high / low == pytest.approx(4 * 2, rel=1e-2)  # four times the tokens at twice the price


def test_ten_thousand_draws_take_less_than_50_ms():
    a = assumptions(
        interactions=triple(10_000, 14_000, 22_000), calls=triple(4, 6, 9),
        growth=triple(0, 3, 6), cache_hit=triple(20, 35, 50), retry=triple(2, 6, 10),
        horizon_months=36,
    )  # fmt: skip
    estimate(a, PRICES)
    best = min(_seconds(a) for _ in range(5))
    assert best < 0.05


def _seconds(a):
    start = time.process_time()  # of this process: other load on the machine does not count
    estimate(a, PRICES)
    return time.process_time() - start
