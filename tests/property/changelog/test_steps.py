"""Steps over any figures."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.changelog.rules import (
    MIN_AFTER,
    MIN_BEFORE,
    MIN_CHANGE,
    Point,
    find_step,
    median_twice,
)

START = date(2026, 10, 1)
levels = st.integers(1_000, 10**12)


def points(values):
    return [Point(START + timedelta(days=n), value) for n, value in enumerate(values)]


@given(levels, st.integers(MIN_BEFORE, 30), st.integers(MIN_AFTER, 12), st.integers(-95, 400))
def test_a_clean_step_is_found_exactly_when_it_is_large_enough(level, before, after, percent):
    new = level + level * percent // 100
    step = find_step(points([level] * before + [new] * after))
    if abs(new - level) * 100 >= level * MIN_CHANGE:
        assert step is not None
        assert step.day == START + timedelta(days=before)
        assert (step.before, step.after) == (level, new)
    else:
        assert step is None


@given(st.lists(st.integers(0, 10**9), max_size=40), st.integers(2, 1_000))
def test_what_is_found_keeps_its_promises_in_any_unit(values, times):
    found = find_step(points(values))
    other = find_step(points([value * times for value in values]))
    assert (found is None) == (other is None)
    if found is None:
        return
    assert (other.day, other.before_twice) == (found.day, found.before_twice * times)
    place = (found.day - START).days
    assert MIN_BEFORE <= place <= len(values) - MIN_AFTER
    assert found.before_twice == median_twice(values[:place]) > 0
    assert abs(found.change) * 100 >= MIN_CHANGE * 0.999_999


@given(levels, st.integers(10, 30), st.data())
def test_one_stray_day_is_never_a_step(level, length, data):
    values = [level] * length
    values[data.draw(st.integers(0, length - 1))] = data.draw(st.integers(0, 10**13))
    assert find_step(points(values)) is None
