"""Where only some sources count requests: a lower bound, and ratios over the part that has both."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from apps.common.ids import uuid7
from apps.ledger.query import Query, over_time, run, side_by_side, why
from tests.factories.ledger import AT, price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
BEFORE = (date(2026, 10, 1), date(2026, 11, 1))
NOVEMBER = Query(start=date(2026, 11, 1), end=date(2026, 12, 1), requests=True)
COST = 2_800_000
"""What 1,000 tokens of input and 100 of output cost, in nanos."""


@pytest.fixture
def side(world):
    """Two calls of a gateway, and a provider's day of as many tokens nine times over."""
    with world.a.scope():
        price("m1")
        make_capability("Search", slug="search", unit_id=world.a.units["core"].id)
        world.a.gateway, world.a.silent = uuid7(), uuid7()
        take([usage(capability="search"), usage()], world.a.gateway)
        day = usage(
            occurred_at=AT.replace(hour=0, minute=0), granularity="day", requests=None,
            capability="search", input_uncached=18_000, output=1_800,
        )  # fmt: skip
        take([day], world.a.silent)
        yield world.a


def test_the_sum_is_a_lower_bound_and_ratios_are_of_what_is_counted(side):
    total = run(NOVEMBER).total
    assert (total.requests, total.is_partial, total.requests_share) == (2, True, 0.1)
    assert (total.cost_nanos, total.cost_per_request) == (20 * COST, COST)
    assert total.countable.tokens.total == 2_200
    alone = run(replace(NOVEMBER, requests=False)).total
    assert (alone.counted, alone.requests_share, alone.is_partial) == (None, None, False)
    assert alone.measures == total.measures


@pytest.mark.parametrize("grain", ["total", "day", "month", "hour"])
@pytest.mark.parametrize("group", ["source", "model", "kind", "unit", "capability", "user"])
def test_parts_of_groups_and_periods_add_up_to_that_of_the_whole(side, group, grain):
    found = run(replace(NOVEMBER, group_by=(group,), grain=grain))
    assert tuple(map(sum, zip(*(row.counted for row in found.rows), strict=True))) == (
        found.total.counted
    )
    assert found.total.requests_share == 0.1
    if group == "source":
        shares = {row.keys[0]: row.requests_share for row in found.rows}
        assert shares == {str(side.gateway): 1.0, str(side.silent): 0.0}
    if grain != "hour":
        whole = over_time(found)
        assert {r.keys: r.counted for r in whole.rows} == {
            r.keys: r.counted for r in run(replace(NOVEMBER, group_by=(group,))).rows
        }
        (again,) = side_by_side(
            replace(NOVEMBER, group_by=(group,)), [(NOVEMBER.start, NOVEMBER.end)]
        )
        assert {r.keys: r.counted for r in again} == {r.keys: r.counted for r in whole.rows}


def test_filters_narrow_both_parts(side):
    only = run(replace(NOVEMBER, filters={"source": [str(side.silent)]})).total
    assert (only.counted_requests, only.requests_share, only.cost_per_request) == (None, 0.0, None)
    only = run(replace(NOVEMBER, filters={"source": [str(side.gateway)]})).total
    assert (only.requests, only.requests_share, only.is_partial) == (2, 1.0, False)
    search = str(next(iter(run(replace(NOVEMBER, group_by=("capability",))).rows)).keys[0])
    mixed = run(replace(NOVEMBER, filters={"capability": [search]})).total
    assert (mixed.requests, round(mixed.requests_share, 4)) == (1, round(1_100 / 20_900, 4))


def test_where_all_or_none_count_nothing_is_partial(side):
    take([usage(occurred_at=AT - timedelta(days=20), requests=3)], side.gateway)
    october = run(replace(NOVEMBER, start=BEFORE[0], end=BEFORE[1])).total
    assert (october.requests, october.requests_share, october.is_partial) == (3, 1.0, False)
    nothing = run(replace(NOVEMBER, start=date(2025, 1, 1), end=date(2025, 2, 1))).total
    assert (nothing.requests_share, nothing.is_partial) == (None, False)


def test_use_that_is_not_counted_moves_no_tokens_per_request(side):
    month = timedelta(days=28)
    calls = [usage(occurred_at=AT - month), usage(occurred_at=AT - month + timedelta(hours=1))]
    take(calls, side.gateway)
    change = why(NOVEMBER, BEFORE)
    drivers = change.drivers
    assert sum(drivers.parts.values()) == drivers.change == 18 * COST
    assert drivers.parts["tokens_per_request"] == drivers.parts["unit_price"] == 0
    assert drivers.parts["volume"] == 18 * COST
    assert (drivers.requests, drivers.counted_tokens) == ((2, 2), (2_200, 2_200))
    assert (drivers.uncounted, drivers.new_models) == (("m1",), ())
    assert change.now.total.requests_share == 0.1
