"""Levers and sliders change the plan they say they change, and nothing else."""

from decimal import Decimal

from apps.stories.estimator import exactly
from apps.stories.estimator.exact import likely_case
from apps.stories.estimator.inputs import Parts
from apps.stories.what_if import WhatIf, levers, on_model, repeated_share
from tests.unit.stories.estimating import PRICES, assumptions, mix, triple

D = Decimal


def month(a):
    return likely_case(a, PRICES).phases["production"].costs[0]


def plan(**changes):
    parts = Parts(
        system_prompt=exactly(4_000), context=triple(2_600, 5_200, 9_000), output=exactly(640)
    )
    return assumptions(parts=parts, **changes)


def test_levers_state_their_effect_to_the_nano():
    # 14,000 × 6 × 1.06 = 89,040 calls; 9,200 in (35 % cached) and 640 out a call
    a = plan()
    assert month(a) == 2_538_174_240_000
    found = {lever.key: lever.plan for lever in levers(a, has_batch=True)}
    assert list(found) == ["trim", "cache", "batch"]
    # context 5,200 → 3,640: 7,640 in. calls × (7,640 × (0.65 × 3 + 0.35 × 0.3) + 640 × 15)
    assert month(found["trim"]) == 89_040 * (7_640 * 2_055 + 640 * 15_000)
    # 4,000 of 9,200 repeat: at most 43 %
    assert found["cache"].production.cache_hit == exactly(43)
    # half of the calls at half the price
    assert month(found["batch"]) * 4 == month(a) * 3


def test_levers_that_change_nothing_are_not_offered():
    a = plan(cache_hit=exactly(43), batch_share=exactly(100))
    assert [lever.key for lever in levers(a, has_batch=True)] == ["trim"]
    bare = assumptions(parts=Parts(user_text=exactly(50), output=exactly(10)))
    assert list(levers(bare, has_batch=False)) == []


def test_ranges_move_along_with_a_trim():
    trimmed = next(iter(levers(plan(), has_batch=False))).plan
    assert trimmed.production.parts.context == triple(1_820, 3_640, 6_300)
    assert trimmed.production.parts.system_prompt == exactly(4_000)


def test_repeated_share():
    assert repeated_share(Parts()) == 0
    assert repeated_share(Parts(system_prompt=exactly(1), context=exactly(2))) == 33


def test_on_model_moves_every_call():
    a = on_model(plan(mix=mix(("medium", 70), ("small", 30))), "atlas", "small")
    assert [(s.model, s.share) for s in a.production.mix] == [("small", D(100))]


def test_each_slider_alone():
    moved = WhatIf(volume=200, cache=20)
    assert list(moved.alone()) == [("w_volume", WhatIf(volume=200)), ("w_cache", WhatIf(cache=20))]
    assert list(WhatIf().alone()) == []
    assert WhatIf.read({"w_volume": "9999", "w_batch": "-4", "w_cache": "x"}) == WhatIf(volume=400)
