"""What blocks an estimate, by field, and what is only remarked."""

from decimal import Decimal

import msgspec
import pytest

from apps.stories.estimator import MixShare, dump, estimate, exactly, load, problems
from apps.stories.estimator.inputs import Development, Parts, Testing, Triple

from .estimating import PRICES, assumptions, mix, triple

D = Decimal


def fields(a):
    return [problem.field for problem in problems(a)]


def test_a_complete_document_has_no_problem_and_survives_the_wire():
    a = assumptions(interactions=triple(10_000, 14_000, 22_000))
    assert problems(a) == []
    assert load(msgspec.json.decode(msgspec.json.encode(dump(a)))) == a


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"interactions": exactly(-1)}, "production.interactions.likely"),
        ({"interactions": exactly(10**13)}, "production.interactions.likely"),
        ({"interactions": exactly("NaN")}, "production.interactions.likely"),
        ({"interactions": exactly("1.00001")}, "production.interactions.likely"),
        ({"cache_hit": exactly(101)}, "production.cache_hit.likely"),
        ({"cache_hit": triple(40, 35, 50)}, "production.cache_hit.low"),
        ({"cache_hit": triple(20, 35, 30)}, "production.cache_hit.high"),
        ({"growth": exactly(-51)}, "production.growth.likely"),
        ({"horizon_months": 0}, "production.horizon_months"),
        ({"horizon_months": 61}, "production.horizon_months"),
        ({"mix": ()}, "production.mix"),
        ({"mix": mix(("medium", 60), ("small", 30))}, "production.mix"),
        ({"mix": mix(("medium", 50), ("medium", 50))}, "production.mix"),
        ({"mix": mix(("medium", 0), ("small", 100))}, "production.mix"),
        ({"mix": (MixShare("atlas", "medium", D("NaN")),)}, "production.mix"),
    ],
)
def test_each_wrong_input_is_named(changes, field):
    assert fields(assumptions(**changes)) == [field]


def test_inputs_the_basis_does_not_read_are_not_judged():
    assert fields(assumptions(users=exactly(-5))) == []


def test_schedule():
    assert fields(assumptions(live=(2026, 11))) == ["live_on"]
    dev = Development(basis="effort", developers=exactly(1), days=exactly(1))
    assert fields(assumptions(development=dev, live=(2026, 12))) == ["live_on"]
    assert fields(assumptions(live=(2026, 12))) == []
    assert fields(assumptions(live=(2030, 1))) == ["live_on"]


def test_unknown_fields_are_refused():
    document = dump(assumptions())
    document["production"]["promt"] = "secret"
    with pytest.raises(msgspec.ValidationError, match="promt"):
        load(document)


def remarks(a):
    return " ".join(estimate(a, PRICES).warnings)


def test_remarks_are_amber_and_do_not_block():
    assert "35% are above the 0%" in remarks(assumptions())
    assert "building or testing" in remarks(assumptions())
    assert "long context" in remarks(assumptions(parts=Parts(context=exactly(40_000))))
    assert "cap the agent" in remarks(assumptions(calls=exactly(30)))
    assert "One call in 4" in remarks(assumptions(retry=exactly(25)))
    assert "times as large" in remarks(assumptions(growth=exactly(25)))
    batch = assumptions(batch_share=exactly(50), mix=mix(("small", 100)))
    assert "Atlas Small has no batch price" in remarks(batch)
    spike = Development(basis="size", size="?", size_tokens=exactly(1000))
    assert "spike" in remarks(assumptions(development=spike))
    tested = assumptions(
        testing=Testing(runs=exactly(1), cases=exactly(1), tokens_per_case=exactly(1))
    )
    assert "testing" not in remarks(tested)


def test_a_triple_without_bounds_is_certain():
    assert Triple(likely=D(5)).bounds == (D(5), D(5))
    assert not Triple(likely=D(5), low=D(5)).is_ranged
    assert Triple(likely=D(5), low=D(4)).is_ranged
