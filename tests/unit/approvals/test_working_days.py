"""Working days: weekends, holidays, time zones, daylight saving."""

from datetime import UTC, date, datetime, time

import pytest

from apps.approvals.rules.working_days import (
    Calendar,
    add_working_days,
    due_at,
    is_working_day,
    working_days_until,
)

FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)


def test_weekends_and_holidays_do_not_count():
    assert is_working_day(FRIDAY)
    assert not is_working_day(date(2026, 11, 21))
    assert not is_working_day(MONDAY, Calendar(frozenset({MONDAY})))


@pytest.mark.parametrize(
    ("day", "count", "holidays", "expected"),
    [
        (FRIDAY, 0, frozenset(), FRIDAY),
        (FRIDAY, 1, frozenset(), MONDAY),
        (FRIDAY, 1, frozenset({MONDAY}), date(2026, 11, 24)),
        (date(2026, 11, 21), 0, frozenset(), MONDAY),
        (date(2026, 11, 21), 1, frozenset(), date(2026, 11, 24)),
        (MONDAY, 5, frozenset(), date(2026, 11, 30)),
    ],
)
def test_add_working_days(day, count, holidays, expected):
    assert add_working_days(day, count, Calendar(holidays)) == expected


def test_due_is_close_of_business_in_the_zone():
    opened = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert due_at(opened, 3, "UTC") == datetime(2026, 11, 25, 18, tzinfo=UTC)
    # 23:30 UTC is Saturday in Auckland: three working days from Monday
    assert due_at(opened, 3, "Pacific/Auckland") == datetime(2026, 11, 26, 5, tzinfo=UTC)


def test_due_across_a_change_of_clocks_keeps_local_time():
    opened = datetime(2026, 3, 27, 12, tzinfo=UTC)  # Friday before the change
    assert due_at(opened, 1, "Europe/Berlin") == datetime(2026, 3, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 18, 9, tzinfo=UTC), 3),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 9, tzinfo=UTC), 1),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), 0),
        (datetime(2026, 11, 23, 18, 1, tzinfo=UTC), -1),
        (datetime(2026, 11, 24, 9, tzinfo=UTC), -1),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), -3),
    ],
)
def test_days_left_or_late(now, expected):
    due = datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert working_days_until(now, due, "UTC") == expected


def test_a_week_from_sunday_to_thursday_and_another_close_of_business():
    gulf = Calendar(workdays=frozenset({6, 0, 1, 2, 3}), closes_at=time(16, 30))
    thursday = datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert due_at(thursday, 1, "Asia/Dubai", gulf) == datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def test_days_back_are_for_reminders():
    assert add_working_days(MONDAY, -1) == FRIDAY
    assert add_working_days(date(2026, 11, 22), 0) == MONDAY


def test_a_calendar_without_working_days_is_an_error():
    with pytest.raises(ValueError, match="no working days"):
        add_working_days(MONDAY, 1, Calendar(workdays=frozenset()))
