"""Series, calendars from files, and a month's plan by days."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import Invalid
from apps.common.periods import days_between, month_of
from apps.sprints import rules

FIRST = date(2027, 1, 4)


def test_a_series_has_no_gap():
    made = rules.series(FIRST, 3, 2, "Sprint", 12)
    assert [one.name for one in made] == ["Sprint 12", "Sprint 13", "Sprint 14"]
    assert [one.starts_on for one in made] == [FIRST, date(2027, 1, 18), date(2027, 2, 1)]
    assert made[0].ends_on == made[1].starts_on
    assert rules.problems(made, []) == []


def test_a_calendar_from_a_file():
    head = "\ufeffName,Start,End,Goal\n"
    text = head + "PI 1,2027-01-04,2027-01-17,Pilot\n\nPI 2,2027-01-18,2027-01-31,\n"
    one, two = rules.read_calendar(text)
    assert (one.name, one.ends_on, one.goal, one.line) == ("PI 1", date(2027, 1, 18), "Pilot", 2)
    assert (two.starts_on, two.line) == (date(2027, 1, 18), 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,start\nA,2027-01-04", "no column end"),
        ("name,start,end\n", "no sprint"),
        ("name,start,end\nA,4.1.2027,2027-01-17", "cannot be read"),
        ("name,start,end\nA,2027-01-04,2027-01-17\x00", "Not a calendar"),
    ],
)
def test_a_wrong_file_says_what(text, said):
    with pytest.raises(Invalid, match=said):
        rules.read_calendar(text)


def test_what_does_not_fit():
    def one(name, start, end):
        return rules.Dates(name, date(2027, 1, start), date(2027, 1, end), line=7)

    there = [("Old", date(2027, 1, 1), date(2027, 1, 5))]
    found = rules.problems([one("A", 4, 10), one("B", 9, 12), one("", 20, 20)], there)
    assert [(e.field, e.message) for e in found] == [
        ("starts_on", "Line 7: A overlaps Old."),
        ("starts_on", "Line 7: B overlaps A."),
        ("name", "Line 7: a name has 1 to 80 characters."),
        ("ends_on", "Line 7: it ends before it starts."),
    ]
    assert rules.problems([one("A", 5, 10)], there) == []


@given(st.integers(0, 10**15), st.integers(0, 30), st.integers(1, 40))
def test_days_that_tile_a_month_sum_to_it(amount, later, step):
    month = month_of(FIRST).shift(later)
    cuts = [month.start - timedelta(days=3)]
    while cuts[-1] < month.end:
        cuts.append(cuts[-1] + timedelta(days=step))
    parts = [rules.share_of_month(amount, month.start, a, b) for a, b in pairwise(cuts)]
    assert sum(parts) == amount
    by_day = [
        rules.share_of_month(amount, month.start, d, d + timedelta(days=1))
        for d in days_between(month.start, month.end)
    ]
    assert sum(by_day) == amount
    assert max(by_day) - min(by_day) <= 1


def test_the_largest_part():
    assert rules.largest_part({"a": 3, "b": -4}) == "b"
    assert rules.largest_part({"a": 0}) == rules.largest_part({}) == ""
