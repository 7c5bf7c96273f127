"""The parts of a change of cost always add up to the change, whatever the use."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from apps.common.tokens import KINDS
from apps.ledger.rules.drivers import PARTS, Use, explain, largest_remainder

WEIGHTS = {"a": (10, 1, 12, 20, 50, 50, 10, 50, 10, 50), "b": (1,) * len(KINDS)}
counts = st.sampled_from([0, 1, 7, 1_000, 10**9]) | st.integers(0, 10**11)


def _use(requests, tokens, cost):
    read, cached, written, thought, image = tokens
    return Use(requests, (read, cached, 0, 0, written, thought, 0, 0, image, 0), cost)


uses = st.builds(_use, st.integers(0, 10**7), st.tuples(*[counts] * 5), st.integers(0, 10**15))
windows = st.dictionaries(st.sampled_from("abcd"), uses)


def use(requests, read, cost, *, cached=0, written=0):
    return Use(requests, (read, cached, 0, 0, written, 0, 0, 0, 0, 0), cost)


def parts(before, now):
    return {name: value for name, value in explain(before, now, WEIGHTS).parts.items() if value}


@given(windows, windows)
def test_parts_sum_to_the_change_to_the_nano(before, now):
    found = explain(before, now, WEIGHTS)
    assert sum(found.parts.values()) == found.change
    assert found.change == sum(u.cost_nanos for u in now.values()) - sum(
        u.cost_nanos for u in before.values()
    )


@given(windows, windows)
def test_exchanging_the_periods_changes_the_signs_and_nothing_else(before, now):
    there, back = explain(before, now, WEIGHTS), explain(now, before, WEIGHTS)
    assert all(abs(there.parts[name] + back.parts[name]) <= 1 for name in PARTS)


@given(windows, st.integers(2, 9))
def test_more_of_the_same_is_all_volume(before, factor):
    used = {name: u for name, u in before.items() if u.requests}
    now = {
        name: Use(u.requests * factor, tuple(t * factor for t in u.tokens), u.cost_nanos * factor)
        for name, u in used.items()
    }
    found = explain(used, now, WEIGHTS)
    assert found.volume == found.change


@given(st.lists(st.fractions(-(10**9), 10**9, max_denominator=999), min_size=1, max_size=8))
def test_rounding_keeps_the_sum_and_moves_nothing_by_a_whole(values):
    values[0] -= sum(values) % 1
    rounded = largest_remainder(values, int(sum(values)))
    assert sum(rounded) == sum(values)
    assert all(abs(r - v) < 1 for r, v in zip(rounded, values, strict=True))


def test_twice_the_requests_is_all_volume():
    found = explain({"a": use(10, 1000, 500)}, {"a": use(20, 2000, 1000)}, WEIGHTS)
    assert found.parts == dict.fromkeys(PARTS, 0) | {"volume": 500}
    assert (found.requests, found.tokens) == ((10, 20), (1000, 2000))


def test_longer_requests_are_all_size():
    before, now = {"a": use(10, 1000, 500)}, {"a": use(10, 3000, 1500)}
    assert parts(before, now) == {"tokens_per_request": 1000}


def test_a_price_cut_is_all_price():
    assert parts({"a": use(10, 1000, 500)}, {"a": use(10, 1000, 300)}) == {"unit_price": -200}


def test_a_warm_cache_is_all_caching():
    # 1,000 tokens at 10 each; then 900 of them from the cache at 1 each.
    before, now = {"a": use(10, 1000, 10_000)}, {"a": use(10, 100, 1_900, cached=900)}
    assert parts(before, now) == {"caching": -8_100}
    assert explain(before, now, WEIGHTS).cached == (0, 900)


def test_requests_that_move_to_a_cheaper_model_are_mix():
    before = {"dear": use(10, 1000, 1000), "cheap": use(10, 1000, 100)}
    now = {"dear": use(5, 500, 500), "cheap": use(15, 1500, 150)}
    assert parts(before, now) == {"model_mix": -450}


def test_a_model_that_replaces_another_is_mix():
    found = explain({"old": use(10, 10, 70)}, {"new": use(10, 10, 90)}, WEIGHTS)
    assert (found.parts["model_mix"], found.change) == (20, 20)
    assert (found.new_models, found.gone_models) == (("new",), ("old",))


def test_the_first_use_is_volume():
    assert parts({}, {"a": use(10, 1000, 500), "b": use(1, 1, 3)}) == {"volume": 503}
    assert parts({"a": use(10, 1000, 500)}, {}) == {"volume": -500}


def test_without_counted_requests_tokens_are_the_volume():
    found = explain({"a": use(0, 1000, 500)}, {"a": use(0, 2000, 1000)}, WEIGHTS)
    assert (found.volume, found.uncounted) == (500, ("a",))


def test_two_factors_share_what_they_do_together():
    # Twice the requests at twice the price: 500 to 2,000. Each alone 500, together 1,500.
    before, now = {"a": use(10, 1000, 500)}, {"a": use(20, 2000, 2000)}
    assert parts(before, now) == {"volume": 750, "unit_price": 750}


def test_cost_without_tokens_is_price_when_it_stays_and_mix_when_it_comes():
    assert parts({"a": use(0, 0, 500)}, {"a": use(0, 0, 700)}) == {"unit_price": 200}
    assert parts({}, {"a": use(0, 0, 700)}) == {"model_mix": 700}
    assert parts({"a": use(10, 0, 500)}, {"a": use(10, 0, 700)}) == {"unit_price": 200}


def test_rounding_gives_the_rest_to_the_largest_remainders():
    assert largest_remainder([Fraction(1, 2), Fraction(1, 2), Fraction(0)], 1) == [1, 0, 0]
    assert largest_remainder([Fraction(5, 3), Fraction(-2, 3)], 1) == [2, -1]
