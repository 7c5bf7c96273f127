"""A batch costs what its records cost one by one, to the nano."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.ids import uuid7
from apps.common.tokens import KINDS
from apps.ledger.enums import CostStatus, Granularity
from apps.ledger.rules.costs import Quantities, costs_at, price_records
from apps.pricing.rules import (
    ALWAYS_FROM,
    ALWAYS_TO,
    Band,
    Rates,
    Schedule,
    Span,
    Tier,
    cost_nanos,
)

rates = st.one_of(
    st.none(), st.integers(0, 10**15), st.integers(0, 600).map(lambda cents: cents * 10**10)
)
prices = st.builds(
    lambda kinds, request: Rates(tuple(kinds), request),
    st.lists(rates, min_size=len(KINDS), max_size=len(KINDS)),
    st.one_of(st.none(), st.integers(0, 10**12)),
)
rows = st.tuples(
    st.lists(
        st.one_of(st.just(0), st.integers(0, 10**13)), min_size=len(KINDS), max_size=len(KINDS)
    ),
    st.sampled_from([-1, 0, 1, 3]),
    st.sampled_from(list(Granularity)),
)


@settings(max_examples=150, deadline=None)
@given(base=prices, large=prices, records=st.lists(rows, min_size=1, max_size=12))
def test_a_batch_costs_what_its_records_cost(base, large, records):
    bands = (Band(0, base, uuid7()), Band(200_000, large, uuid7()))
    schedule = Schedule(
        "acme", "m1", Tier.STANDARD, (Span(ALWAYS_FROM, ALWAYS_TO, bands),), tier_known=True
    )
    counts = np.array([row[0] for row in records], np.int64)
    requests = np.array([row[1] for row in records], np.int64)
    granularity = np.array([row[2] for row in records], np.int16)
    quantities = Quantities(counts, requests, np.zeros(len(records), np.int64), granularity)
    try:
        found = price_records([(schedule, "", np.arange(len(records)))], quantities)
    except OverflowError:
        return  # more than 9.2 thousand million units in one record: refused before pricing
    for index, (kinds, asked, width) in enumerate(records):
        event = width == Granularity.EVENT
        calls = asked if asked >= 0 else int(event)
        name = Granularity(width).name.lower()
        from apps.pricing.rules import EPOCH

        one = schedule.at(
            EPOCH,
            input_tokens=sum(kinds[i] for i in (0, 1, 2, 3, 6, 8)),
            granularity=name,
            requests=asked,
        )
        expected = one.cost_nanos(kinds, calls)
        if expected is None:
            assert found.status[index] == CostStatus.UNPRICED
        else:
            assert (found.cost[index], found.status[index] < CostStatus.UNPRICED) == (
                expected,
                True,
            )


def test_ties_round_to_the_even_nano():
    half = Rates((500_000_000, *[0] * 9))
    counts = np.zeros((4, 10), np.int64)
    counts[:, 0] = [1, 3, 5, 7]
    assert costs_at(half, counts, np.zeros(4, np.int64)).tolist() == [0, 2, 2, 4]
    assert [cost_nanos(half, row.tolist()) for row in counts] == [0, 2, 2, 4]
