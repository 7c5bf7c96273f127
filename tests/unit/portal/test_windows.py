"""Windows compare complete days with as many complete days before."""

from datetime import date

import pytest

from apps.portal.rules.windows import custom, grain_for, window

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("period", "start", "end", "before_start", "before_end"),
    [
        ("mtd", (2026, 11, 1), (2026, 11, 23), (2026, 10, 1), (2026, 10, 22)),
        ("last_month", (2026, 10, 1), (2026, 11, 1), (2026, 9, 1), (2026, 10, 1)),
        ("7d", (2026, 11, 16), (2026, 11, 23), (2026, 11, 9), (2026, 11, 15)),
        ("30d", (2026, 10, 24), (2026, 11, 23), (2026, 9, 24), (2026, 10, 23)),
        ("qtd", (2026, 10, 1), (2026, 11, 23), (2026, 7, 1), (2026, 8, 22)),
        ("nonsense", (2026, 11, 1), (2026, 11, 23), (2026, 10, 1), (2026, 10, 22)),
    ],
)
def test_named_windows(period, start, end, before_start, before_end):
    w = window(period, TODAY)
    assert (w.start, w.end) == (date(*start), date(*end))
    assert (w.before_start, w.before_end) == (date(*before_start), date(*before_end))
    assert (w.compared_end - w.start) == (w.before_end - w.before_start)


def test_today_and_days_not_delivered_are_not_compared():
    w = window("mtd", TODAY, complete_until=date(2026, 11, 20))
    assert w.compared_end == date(2026, 11, 20)
    assert w.before_end == date(2026, 10, 20)


def test_the_first_of_a_month_has_nothing_to_compare():
    assert not window("mtd", date(2026, 11, 1)).comparable


def test_a_long_month_is_never_compared_with_days_of_itself():
    w = window("mtd", date(2026, 3, 31))
    assert w.before_end <= w.start


def test_custom_days_are_compared_with_as_many_before():
    w = custom(date(2026, 11, 10), date(2026, 11, 15), TODAY)
    assert (w.before_start, w.before_end) == (date(2026, 11, 5), date(2026, 11, 10))
    assert w.text == "10–14 Nov"


def test_grain_follows_the_length():
    assert [grain_for(n) for n in (1, 30, 120, 400)] == ["hour", "day", "week", "month"]
