"""What must hold of every estimate, whatever the assumptions."""

from decimal import Decimal

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.numbers import parse_number, show_number
from apps.stories.estimator import Triple, dump, estimate, load, problems
from apps.stories.estimator.inputs import Development, Parts, Testing
from tests.unit.stories.estimating import PRICES, assumptions, mix

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def numbers(most, places=2):
    return st.decimals(0, most, places=places, allow_nan=False, allow_infinity=False)


def triples(most, places=2):
    """Low, likely and high in order; sometimes without bounds."""
    ordered = st.tuples(numbers(most, places), numbers(most, places), numbers(most, places)).map(
        sorted
    )
    ranged = ordered.map(lambda v: Triple(likely=v[1], low=v[0], high=v[2]))
    return ranged | numbers(most, places).map(lambda v: Triple(likely=v))


percents = triples(100)
parts = st.builds(
    Parts,
    system_prompt=triples(20_000, 0),
    context=triples(300_000, 0),
    history=triples(20_000, 0),
    output=triples(8_000, 0),
    reasoning=triples(8_000, 0),
)
mixes = st.sampled_from(
    [
        mix(("medium", 100)),
        mix(("long", 100)),
        mix(("small", 40), ("medium", 60)),
        mix(("medium", "33.3"), ("small", "33.3"), ("long", "33.4")),
    ]
)


@st.composite
def plans(draw):
    """A set of assumptions without problems."""
    development = Development(
        basis="effort",
        developers=draw(triples(50, 0)),
        days=draw(triples(200, 0)),
        tokens_per_day=draw(triples(10_000_000, 0)),
        output_share=draw(percents),
        cache_hit=draw(percents),
    )
    testing = Testing(
        runs=draw(triples(100, 0)),
        cases=draw(triples(2_000, 0)),
        tokens_per_case=draw(triples(50_000, 0)),
        batch_share=draw(percents),
    )
    return assumptions(
        development=development,
        testing=testing,
        live=(2027, draw(st.integers(1, 12))),
        interactions=draw(triples(1_000_000)),
        calls=draw(triples(40)),
        parts=draw(parts),
        cache_hit=draw(percents),
        cache_write=draw(percents),
        batch_share=draw(percents),
        retry=draw(percents),
        growth=draw(triples(20)),
        horizon_months=draw(st.integers(1, 36)),
        mix=draw(mixes),
    )


@QUICK
@given(plans())
def test_cells_add_up_to_phases_and_the_lifetime(a):
    assert problems(a) == []
    result = estimate(a, PRICES, draws=201)
    for phase, total in result.phases.items():
        cells = [cell for cell in result.cells if cell.phase == phase]
        assert sum(cell.cost.likely for cell in cells) == total.cost.likely
        assert sum(cell.tokens.likely for cell in cells) == total.tokens.likely
        assert sum(total.kinds.values()) == total.tokens.likely
    assert result.lifetime.cost.likely == sum(t.cost.likely for t in result.phases.values())
    assert result.lifetime.tokens.likely == sum(t.tokens.likely for t in result.phases.values())


@QUICK
@given(plans())
def test_quantiles_are_in_order_and_nothing_is_negative(a):
    result = estimate(a, PRICES, draws=201)
    for cell in result.cells:
        for figure in (cell.tokens, cell.cost):
            assert 0 <= figure.range.p10 <= figure.range.p50 <= figure.range.p90
            assert figure.likely >= 0


@QUICK
@given(plans(), st.integers(2, 9))
def test_the_likely_case_is_linear_in_the_volume(a, factor):
    times = msgspec.structs.replace(
        a,
        production=msgspec.structs.replace(
            a.production,
            interactions=Triple(likely=a.production.interactions.likely * factor),
        ),
    )
    once, more = estimate(a, PRICES, draws=201), estimate(times, PRICES, draws=201)
    assert abs(more.month.cost.likely - factor * once.month.cost.likely) <= factor


@QUICK
@given(plans())
def test_the_document_survives_the_database(a):
    assert load(msgspec.json.decode(msgspec.json.encode(dump(a)))) == a


@given(st.decimals(-(10**12), 10**12, places=4, allow_nan=False))
def test_numbers_come_back_as_they_were_shown(value):
    assert parse_number(show_number(value)) == value


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_value_error(text):
    try:
        value = parse_number(text)
    except ValueError:
        return
    assert isinstance(value, Decimal)
    assert value.is_finite()
