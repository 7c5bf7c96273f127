"""The parts of a change always add up to the change."""

from hypothesis import given
from hypothesis import strategies as st

from apps.portal.rules.drivers import Use, explain

uses = st.builds(
    Use,
    requests=st.integers(0, 10**7),
    tokens=st.integers(0, 10**12),
    cost_nanos=st.integers(0, 10**15),
)
windows = st.dictionaries(st.sampled_from("abcdef"), uses)


@given(windows, windows)
def test_parts_sum_to_the_change_to_the_nano(before, now):
    d = explain(before, now)
    assert d.volume + d.mix + d.size + d.price + d.new + d.gone == d.change
    assert d.change == sum(u.cost_nanos for u in now.values()) - sum(
        u.cost_nanos for u in before.values()
    )


def test_twice_the_requests_is_all_volume():
    d = explain({"a": Use(10, 1000, 500)}, {"a": Use(20, 2000, 1000)})
    assert (d.volume, d.mix, d.size, d.price) == (500, 0, 0, 0)
    assert d.requests_ratio == 1.0


def test_longer_requests_are_all_size():
    d = explain({"a": Use(10, 1000, 500)}, {"a": Use(10, 3000, 1500)})
    assert (d.volume, d.mix, d.size, d.price) == (0, 0, 1000, 0)
    assert d.tokens_per_request == (100, 300)


def test_a_price_cut_is_all_price():
    d = explain({"a": Use(10, 1000, 500)}, {"a": Use(10, 1000, 300)})
    assert (d.volume, d.mix, d.size, d.price) == (0, 0, 0, -200)


def test_requests_that_move_to_a_cheaper_model_are_mix():
    before = {"dear": Use(10, 1000, 1000), "cheap": Use(10, 1000, 100)}
    now = {"dear": Use(5, 500, 500), "cheap": Use(15, 1500, 150)}
    d = explain(before, now)
    assert (d.volume, d.mix, d.size, d.price) == (0, -450, 0, 0)


def test_models_of_one_window_only_are_named():
    d = explain({"old": Use(1, 1, 70)}, {"new": Use(1, 1, 90)})
    assert (d.new, d.gone, d.change) == (90, -70, 20)
    assert d.new_models == ("new",)
    assert d.gone_models == ("old",)
    assert d.requests_ratio is None
