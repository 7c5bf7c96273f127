"""Likely cases worked out by hand, compared to the nano."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.stories.estimator import MixShare, UnpricedModelError, estimate, exactly
from apps.stories.estimator.inputs import Development, Parts, Testing

from .estimating import PRICES, assumptions, mix, triple

D = Decimal


def test_the_prototype_story():
    # 14,000 × 6 × 1.06 = 89,040 calls. In 9,200 × 89,040 = 819,168,000, 35 % of it cached.
    # 532,459,200 × $3 + 286,708,800 × $0.30 + 56,985,600 × $15, per million.
    # = 1,597.3776 + 86.01264 + 854.784 = $2,538.174240
    result = estimate(assumptions(), PRICES)
    assert result.month.cost.likely == 2_538_174_240_000
    assert result.month.kinds == {
        "input_uncached": 532_459_200,
        "cache_read": 286_708_800,
        "cache_write_5m": 0,
        "output": 56_985_600,
        "reasoning": 0,
    }
    assert result.month.tokens.likely == 876_153_600
    assert result.calls == 89_040
    assert result.cost_per_interaction == 181_298_160  # $0.18129816


def test_every_part_of_the_input_counts_once():
    parts = Parts(
        system_prompt=exactly(1), safety=exactly(10), context=exactly(100), history=exactly(1000),
        tools=exactly(10_000), multimodal=exactly(100_000), user_text=exactly(1_000_000),
        output=exactly(7), reasoning=exactly(5),
    )  # fmt: skip
    result = estimate(
        assumptions(
            interactions=exactly(1), calls=exactly(1), retry=exactly(0), cache_hit=exactly(0),
            parts=parts,
        ),
        PRICES,
    )  # fmt: skip
    assert result.input_per_call == 1_111_111
    assert result.month.kinds["input_uncached"] == 1_111_111
    assert (result.month.kinds["output"], result.month.kinds["reasoning"]) == (7, 5)
    # 1,111,111 × 3,000 + 12 × 15,000 nanos: reasoning is billed as output
    assert result.month.cost.likely == 3_333_333_000 + 180_000


def test_batch_share_uses_the_batch_price():
    # 1,000 calls × (1,000 in, 100 out); a quarter at half price.
    # standard 1,000,000 × $3 + 100,000 × $15 = $4.50; blended 4.5 × (0.75 + 0.25 / 2) = $3.9375
    result = estimate(
        assumptions(
            interactions=exactly(1000), calls=exactly(1), retry=exactly(0), cache_hit=exactly(0),
            parts=Parts(context=exactly(1000), output=exactly(100)), batch_share=exactly(25),
        ),
        PRICES,
    )  # fmt: skip
    assert result.month.cost.likely == 3_937_500_000


def test_model_mix_by_share():
    # 70 % Medium, 30 % Small on 1,000 calls × (1,000 in, 100 out).
    # 0.7 × $4.50 + 0.3 × (0.8 + 0.4) = 3.15 + 0.36 = $3.51
    result = estimate(
        assumptions(
            interactions=exactly(1000), calls=exactly(1), retry=exactly(0), cache_hit=exactly(0),
            parts=Parts(context=exactly(1000), output=exactly(100)),
            mix=mix(("medium", 70), ("small", 30)),
        ),
        PRICES,
    )  # fmt: skip
    assert result.month.cost.likely == 3_510_000_000
    assert [(m.model, m.cost) for m in result.models] == [
        ("medium", 3_150_000_000),
        ("small", 360_000_000),
    ]


def test_cache_writes_are_a_part_of_the_uncached_input():
    # 1,000,000 in: 40 % hits, half of the rest written. Medium has no write price: input price.
    result = estimate(
        assumptions(
            interactions=exactly(1000), calls=exactly(1), retry=exactly(0),
            cache_hit=exactly(40), cache_write=exactly(50),
            parts=Parts(context=exactly(1000)),
        ),
        PRICES,
    )  # fmt: skip
    assert result.month.kinds["cache_read"] == 400_000
    assert result.month.kinds["cache_write_5m"] == 300_000
    assert result.month.kinds["input_uncached"] == 300_000
    assert result.month.cost.likely == 600_000 * 3000 + 400_000 * 300


def test_growth_rounds_each_month_once_half_to_even():
    # one token a month at $3 per million = 3,000 nanos; 10 % growth.
    result = estimate(
        assumptions(
            interactions=exactly(1), calls=exactly(1), retry=exactly(0), cache_hit=exactly(0),
            parts=Parts(context=exactly(1)), growth=exactly(10), horizon_months=3,
        ),
        PRICES,
    )  # fmt: skip
    assert [c.cost.likely for c in result.production_cells] == [3000, 3300, 3630]
    assert [c.tokens.likely for c in result.production_cells] == [1, 1, 1]
    assert result.phases["production"].cost.likely == 9930
    assert result.lifetime.cost.likely == 9930


def test_a_half_nano_goes_to_the_even_side():
    # 1 token at $0.0005 per million is half a nano: 0.5 → 0, 1.5 → 2.
    half = {"interactions": exactly(1), "calls": exactly(1), "retry": exactly(0)}
    table = _flat("0.0005")
    one = assumptions(**half, cache_hit=exactly(0), parts=Parts(context=exactly(1)))
    three = assumptions(**half, cache_hit=exactly(0), parts=Parts(context=exactly(3)))
    assert estimate(one, table).month.cost.likely == 0
    assert estimate(three, table).month.cost.likely == 2


def _flat(price):
    from apps.stories.estimator import ModelPrice, PriceTable, Rates

    kinds = {"input_uncached": D(price), "output": D(price)}
    model = ModelPrice("atlas", "medium", "Atlas Medium", "USD", standard=(Rates(kinds),))
    return PriceTable({("atlas", "medium"): model}, currency="USD")


def test_development_by_effort():
    # 6 × 40 × 2,400,000 = 576,000,000 tokens, 10 % written, 50 % of the rest cached.
    # 57.6 M × $15 + 259.2 M × $3 + 259.2 M × $0.30 = 864 + 777.6 + 77.76 = $1,719.36
    dev = Development(
        basis="effort", developers=exactly(6), days=exactly(40), tokens_per_day=exactly(2_400_000),
        output_share=exactly(10), cache_hit=exactly(50),
    )  # fmt: skip
    result = estimate(assumptions(development=dev), PRICES)
    assert result.phases["development"].cost.likely == 1_719_360_000_000
    assert result.phases["development"].tokens.likely == 576_000_000
    cells = [c for c in result.cells if c.phase == "development"]
    assert [c.month for c in cells] == [dt.date(2026, 12, 1), dt.date(2027, 1, 1)]
    assert sum(c.cost.likely for c in cells) == 1_719_360_000_000


def test_development_by_size_and_none():
    dev = Development(basis="size", size="M", size_tokens=triple(100, 300, 900))
    assert estimate(assumptions(development=dev), PRICES).phases["development"].tokens.likely == 300
    none = estimate(assumptions(), PRICES)
    assert none.phases["development"].cost.likely == 0
    assert all(cell.phase == "production" for cell in none.cells)


def test_testing_adds_cases_and_agent_runs():
    # 16 × 1,200 × 20,000 + 300 × 100,000 = 384 M + 30 M; all input at half batch price.
    testing = Testing(
        runs=exactly(16), cases=exactly(1200), tokens_per_case=exactly(20_000),
        ci_runs=exactly(300), tokens_per_ci_run=exactly(100_000), batch_share=exactly(100),
    )  # fmt: skip
    result = estimate(assumptions(testing=testing), PRICES)
    assert result.phases["testing"].tokens.likely == 414_000_000
    assert result.phases["testing"].cost.likely == 621_000_000_000  # 414 × $1.50


def test_a_phase_may_have_its_own_mix():
    testing = Testing(
        runs=exactly(1), cases=exactly(1), tokens_per_case=exactly(1_000_000),
        mix=mix(("small", 100)),
    )  # fmt: skip
    result = estimate(assumptions(testing=testing), PRICES)
    assert result.phases["testing"].cost.likely == 800_000_000


def test_volume_from_users():
    # 5,000 people × 30 % × 20 a month = 30,000
    run = {
        "volume": "users", "users": exactly(5000), "adoption": exactly(30),
        "per_user": exactly(20), "calls": exactly(2), "retry": exactly(0),
    }  # fmt: skip
    result = estimate(assumptions(**run), PRICES)
    assert result.volume == 30_000
    assert result.calls == 60_000


def test_odd_numbers_spread_over_build_months_without_loss():
    dev = Development(
        basis="effort", developers=exactly(1), days=exactly(1), tokens_per_day=exactly(1_000_001)
    )
    result = estimate(assumptions(development=dev, live=(2027, 7)), PRICES)
    cells = [c for c in result.cells if c.phase == "development"]
    assert len(cells) == 7
    assert sum(c.tokens.likely for c in cells) == 1_000_001
    assert max(c.tokens.likely for c in cells) - min(c.tokens.likely for c in cells) == 1
    assert [c.offset for c in result.production_cells][:2] == [7, 8]


def test_the_context_band_follows_the_input_of_one_call():
    call = {"interactions": exactly(1), "calls": exactly(1), "retry": exactly(0)}
    run = {**call, "cache_hit": exactly(0), "mix": mix(("long", 100))}
    at = estimate(assumptions(**run, parts=Parts(context=exactly(200_000))), PRICES)
    over = estimate(assumptions(**run, parts=Parts(context=exactly(200_001))), PRICES)
    assert at.month.cost.likely == 200_000 * 3000
    assert over.month.cost.likely == 200_001 * 6000


def test_a_model_without_a_price_is_named_and_never_free():
    run = {"mix": (MixShare("atlas", "medium", D(50)), MixShare("corvid", "32b", D(50)))}
    with pytest.raises(UnpricedModelError) as refused:
        estimate(assumptions(**run), PRICES)
    assert (refused.value.provider, refused.value.model) == ("corvid", "32b")


def test_sixty_months_of_odd_growth_stay_exact():
    result = estimate(assumptions(growth=exactly("3.1417"), horizon_months=60), PRICES)
    exact = D("2538.174240")
    for cell in result.production_cells[:3]:
        assert cell.cost.likely == int((exact * 10**9).to_integral_value())
        exact = exact * D("1.031417")
    assert len(result.production_cells) == 60
