"""Steps: exact limits; causes in words; switches of the model mix."""

from datetime import date, timedelta

import pytest

from apps.ledger.changelog.rules import (
    Cause,
    Point,
    Switch,
    cause_words,
    change_words,
    find_step,
    find_switches,
    likely_cause,
    mark_words,
    median_twice,
)

START = date(2026, 11, 1)


def points(*values):
    return [Point(START + timedelta(days=n), value) for n, value in enumerate(values)]


def test_a_median_of_an_even_number_lies_between_the_middle_two():
    assert [median_twice(v) for v in ([3], [1, 2], [5, 1, 9], [4, 1, 2, 8])] == [6, 3, 10, 6]


def test_a_step_is_found_on_its_day_with_both_levels():
    step = find_step(points(*[1_000] * 13, *[1_410] * 5))
    assert (step.day, step.before, step.after) == (date(2026, 11, 14), 1_000, 1_410)
    assert round(step.change, 2) == 0.41
    down = find_step(points(*[1_000] * 10, *[600] * 4))
    assert (down.day, down.change) == (date(2026, 11, 11), -0.4)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1_000] * 7 + [1_200] * 3, True),
        ([1_000] * 7 + [1_199] * 3, False),
        ([1_000] * 7 + [800] * 3, True),
        ([1_000] * 6 + [1_500] * 3, False),
        ([1_000] * 7 + [1_500] * 2, False),
        ([0] * 7 + [1_500] * 3, False),
        ([1_000] * 12, False),
        ([], False),
    ],
)
def test_a_step_is_a_fifth_at_least_and_has_enough_days_on_both_sides(values, found):
    assert (find_step(points(*values)) is not None) is found


def test_one_day_of_trouble_makes_no_step_and_hides_none():
    assert find_step(points(*[1_000] * 8, 9_000, *[1_000] * 6)) is None
    step = find_step(points(*[1_000] * 5, 9_000, *[1_000] * 4, *[1_500] * 5))
    assert (step.day, step.before, step.after) == (date(2026, 11, 11), 1_000, 1_500)


def test_a_step_stands_out_of_the_noise_by_four_standard_errors():
    def noisy(size):
        return points(*[1_000 - size, 1_000, 1_000 + size] * 4, *[1_500] * 4)

    # Of twelve values a third lie at the middle: the median absolute deviation is the size.
    # 4 x 1.4826 x size x sqrt(1/12 + 1/4) = 3.4239 x size; the step is 500.
    assert find_step(noisy(146)) is not None
    assert find_step(noisy(147)) is None


def test_the_nearest_change_is_the_likely_one_and_before_comes_before_after():
    day = date(2026, 11, 14)
    release, prompt = Cause(day, "release 2.3"), Cause(day - timedelta(days=2), "prompt version 7")
    later = Cause(day + timedelta(days=1), "prompt version 8")
    before = Cause(day - timedelta(days=1), "release 2.2")
    assert likely_cause(day, [prompt, release]) == release
    assert likely_cause(day, [later, before]) == before
    assert likely_cause(day, [Cause(day - timedelta(days=4), "x")]) is None
    assert likely_cause(day, [Cause(day + timedelta(days=2), "x")]) is None
    assert cause_words(day, release) == "the day of release 2.3"
    assert cause_words(day, prompt) == "2 days after prompt version 7"
    assert cause_words(day, later) == "a day before prompt version 8"


@pytest.mark.parametrize(
    ("kind", "title", "words"),
    [
        ("release", "2.3", "release 2.3"),
        ("release", "Release 2.3", "release 2.3"),
        ("prompt", "v7", "prompt version v7"),
        ("prompt", "Prompt 7", "prompt 7"),
        ("model", "Haiku for Sonnet", "the model switch “Haiku for Sonnet”"),
        ("configuration", "Top-k 8", "the configuration change “Top-k 8”"),
    ],
)
def test_changes_in_words(kind, title, words):
    assert change_words(kind, title) == words


def test_marks_on_charts_are_short():
    assert mark_words("release", "2.3") == "release 2.3"
    assert mark_words("model", "Haiku for Sonnet") == "Haiku for Sonnet"
    assert mark_words("configuration", "x" * 41) == "x" * 39 + "…"
    assert mark_words("configuration", "x" * 40) == "x" * 40


def mix(*shares):
    return {
        START + timedelta(days=n): {"a": 20_000 - 200 * b, "b": 200 * b}
        for n, b in enumerate(shares)
    }


def test_a_switch_is_told_once_on_its_first_day():
    assert find_switches(mix(0, 0, 0, 0, 0, 100, 100, 100, 100)) == [
        Switch(date(2026, 11, 6), "b", "a")
    ]
    assert find_switches(mix(0, 0, 0, 20, 45, 50, 50, 50)) == [Switch(date(2026, 11, 6), "b", "a")]


@pytest.mark.parametrize(
    "shares",
    [
        (0, 0, 0, 0, 0, 100, 100),
        (0, 0, 0, 0, 100, 100, 100),
        (0, 0, 0, 0, 0, 49, 49, 49, 49),
        (21, 21, 21, 0, 0, 60, 60, 60),
        (0, 0, 0, 0, 0, 100, 0, 100, 100),
        (60,) * 10,
    ],
)
def test_what_is_no_switch(shares):
    assert find_switches(mix(*shares)) == []


def test_small_days_say_nothing_about_the_mix():
    days = mix(0, 0, 0, 0, 0, 100, 100, 100)
    days[date(2026, 11, 2)] = {"b": 9_999}
    assert find_switches(days) == []
    days[date(2026, 10, 31)] = {"a": 10_000}
    assert find_switches(days) == [Switch(date(2026, 11, 6), "b", "a")]
