"""When schedules are due and what they report on: zones, daylight saving, short months."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.periods import day_in_zone
from apps.reports.rules import Timing, last_due, next_due, period_of

BERLIN = "Europe/Berlin"
DAILY = Timing("daily", 7)
WEEKLY = Timing("weekly", 7, weekday=0)
MONTHLY = Timing("monthly", 7, month_day=3)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timing", "after", "due"),
    [
        (DAILY, "2026-11-23T05:59", "2026-11-23T06:00"),
        (DAILY, "2026-11-23T06:00", "2026-11-24T06:00"),
        # Summer time ended on 25 October: seven o'clock is an hour later in UTC.
        (DAILY, "2026-10-24T12:00", "2026-10-25T06:00"),
        (DAILY, "2026-10-23T12:00", "2026-10-24T05:00"),
        (WEEKLY, "2026-11-23T06:00", "2026-11-30T06:00"),
        (MONTHLY, "2026-11-23T06:00", "2026-12-03T06:00"),
        (MONTHLY, "2027-02-03T06:00", "2027-03-03T06:00"),
        # Two o'clock does not exist on 28 March 2027; the instant after the gap stands in.
        (Timing("daily", 2), "2027-03-27T12:00", "2027-03-28T01:00"),
    ],
)
def test_the_next_time(timing, after, due):
    assert next_due(timing, at(after), BERLIN) == at(due)


@pytest.mark.parametrize(
    ("timing", "due", "days"),
    [
        (DAILY, "2026-11-23T06:00", ("2026-11-22", "2026-11-23")),
        (WEEKLY, "2026-11-23T06:00", ("2026-11-16", "2026-11-23")),
        (Timing("weekly", 7, weekday=2), "2026-11-25T06:00", ("2026-11-16", "2026-11-23")),
        (MONTHLY, "2026-12-03T06:00", ("2026-11-01", "2026-12-01")),
        (MONTHLY, "2027-01-03T06:00", ("2026-12-01", "2027-01-01")),
        # In Berlin the day has begun already.
        (Timing("daily", 0), "2026-11-22T23:00", ("2026-11-22", "2026-11-23")),
    ],
)
def test_the_days_it_reports_on_are_over(timing, due, days):
    assert period_of(timing, at(due), BERLIN) == tuple(map(date.fromisoformat, days))


@given(
    st.builds(
        Timing,
        st.sampled_from(["daily", "weekly", "monthly"]),
        st.integers(0, 23),
        st.integers(0, 6),
        st.integers(1, 28),
    ),
    st.integers(0, 6 * 365 * 24 * 60),
    st.sampled_from(["UTC", BERLIN, "Pacific/Kiritimati", "America/St_Johns"]),
)
def test_between_the_last_and_the_next_time_lies_now(timing, minutes, zone):
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    before, after = last_due(timing, now, zone), next_due(timing, now, zone)
    assert before <= now < after
    assert next_due(timing, before, zone) == after
    start, end = period_of(timing, before, zone)
    assert start < end <= day_in_zone(before, zone)
