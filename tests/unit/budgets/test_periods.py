"""Period arithmetic: calendar, quarter, year, fixed dates, clocks that change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.budgets.enums import PeriodKind
from apps.budgets.rules.periods import (
    Period,
    Plan,
    day_start,
    local_day,
    nearest_period,
    next_period,
    period_at,
    period_on,
    periods_between,
    previous_period,
)

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
]


@pytest.mark.parametrize(
    ("kind", "day", "start", "end"),
    [
        (PeriodKind.MONTH, date(2026, 11, 23), date(2026, 11, 1), date(2026, 12, 1)),
        (PeriodKind.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (PeriodKind.MONTH, date(2024, 2, 29), date(2024, 2, 1), date(2024, 3, 1)),
        (PeriodKind.QUARTER, date(2026, 11, 23), date(2026, 10, 1), date(2027, 1, 1)),
        (PeriodKind.QUARTER, date(2026, 3, 31), date(2026, 1, 1), date(2026, 4, 1)),
        (PeriodKind.YEAR, date(2026, 1, 1), date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_calendar_periods(kind, day, start, end):
    plan = Plan(kind, date(2020, 1, 1))
    assert period_on(plan, day) == Period(start, end)


@pytest.mark.parametrize(
    ("kind", "day", "start", "end"),
    [
        (PeriodKind.YEAR, date(2026, 3, 31), date(2025, 4, 1), date(2026, 4, 1)),
        (PeriodKind.YEAR, date(2026, 4, 1), date(2026, 4, 1), date(2027, 4, 1)),
        (PeriodKind.QUARTER, date(2026, 3, 31), date(2026, 1, 1), date(2026, 4, 1)),
        (PeriodKind.QUARTER, date(2026, 5, 31), date(2026, 4, 1), date(2026, 7, 1)),
    ],
)
def test_years_that_start_in_april(kind, day, start, end):
    assert period_on(Plan(kind, date(2020, 1, 1), year_starts_in=4), day) == Period(start, end)


def test_quarters_that_start_in_february():
    plan = Plan(PeriodKind.QUARTER, date(2020, 1, 1), year_starts_in=2)
    assert period_on(plan, date(2026, 1, 31)) == Period(date(2025, 11, 1), date(2026, 2, 1))


def test_first_and_last_period_are_cut_at_the_budgets_dates():
    plan = Plan(PeriodKind.MONTH, date(2026, 11, 15), date(2027, 1, 10))
    assert list(periods_between(plan, date(2026, 1, 1), date(2028, 1, 1))) == [
        Period(date(2026, 11, 15), date(2026, 12, 1)),
        Period(date(2026, 12, 1), date(2027, 1, 1)),
        Period(date(2027, 1, 1), date(2027, 1, 10)),
    ]
    assert period_on(plan, date(2026, 11, 14)) is None
    assert period_on(plan, date(2027, 1, 10)) is None
    assert nearest_period(plan, date(2020, 1, 1)).start == date(2026, 11, 15)
    assert nearest_period(plan, date(2030, 1, 1)).end == date(2027, 1, 10)


def test_fixed_dates_are_one_period():
    plan = Plan(PeriodKind.CUSTOM, date(2026, 11, 15), date(2027, 2, 3), "Europe/Berlin")
    assert period_on(plan, date(2026, 12, 24)) == Period(
        date(2026, 11, 15), date(2027, 2, 3), "Europe/Berlin"
    )
    assert next_period(plan, nearest_period(plan, date(2026, 12, 24))) is None


def test_fixed_dates_need_an_end_and_an_end_after_the_start():
    with pytest.raises(ValueError, match="needs an end"):
        Plan(PeriodKind.CUSTOM, date(2026, 1, 1))
    with pytest.raises(ValueError, match="ends after it starts"):
        Plan(PeriodKind.MONTH, date(2026, 1, 1), date(2026, 1, 1))


def test_instants_in_berlin_around_both_changes():
    march = Period(date(2026, 3, 1), date(2026, 4, 1), "Europe/Berlin")
    assert march.start_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert march.end_at == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert march.end_at - march.start_at == timedelta(days=31) - timedelta(hours=1)
    october = Period(date(2026, 10, 1), date(2026, 11, 1), "Europe/Berlin")
    assert october.end_at - october.start_at == timedelta(days=31) + timedelta(hours=1)


def test_a_day_whose_midnight_is_skipped_begins_at_one():
    # Cairo, 24 April 2026: 00:00 becomes 01:00
    start = day_start(date(2026, 4, 24), "Africa/Cairo")
    assert start == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert start.astimezone(ZoneInfo("Africa/Cairo")).hour == 1
    assert day_start(date(2026, 4, 25), "Africa/Cairo") - start == timedelta(hours=23)


def test_a_day_whose_midnight_comes_twice_begins_at_the_first():
    # Havana, 1 November 2026: 01:00 becomes 00:00
    start = day_start(date(2026, 11, 1), "America/Havana")
    assert start == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert day_start(date(2026, 11, 2), "America/Havana") - start == timedelta(hours=25)


def test_the_last_instant_of_a_month_belongs_to_it():
    plan = Plan(PeriodKind.MONTH, date(2026, 1, 1), timezone="America/New_York")
    end = datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert period_at(plan, end - timedelta(microseconds=1)).start == date(2026, 11, 1)
    assert period_at(plan, end).start == date(2026, 12, 1)


@pytest.mark.parametrize("zone", ZONES)
def test_days_tile_time(zone):
    """Two years of days: each begins where the one before ends, at its date's first instant."""
    day, before = date(2025, 1, 1), None
    while day < date(2027, 1, 1):
        start = day_start(day, zone)
        assert local_day(start, zone) == day
        assert local_day(start - timedelta(microseconds=1), zone) == day - timedelta(days=1)
        if before is not None:
            assert timedelta(hours=22) < start - before < timedelta(hours=26)
        day, before = day + timedelta(days=1), start


plans = st.builds(
    lambda kind, start, length, zone, first: Plan(
        kind,
        start,
        start + timedelta(days=length) if length or kind is PeriodKind.CUSTOM else None,
        zone,
        first,
    ),
    st.sampled_from(PeriodKind),
    st.dates(date(2023, 1, 1), date(2027, 12, 31)),
    st.integers(1, 900),
    st.sampled_from(ZONES),
    st.integers(1, 12),
)


@settings(deadline=None)
@given(plans, st.datetimes(datetime(2022, 6, 1), datetime(2030, 1, 1)))
def test_an_instant_lies_in_exactly_one_period_or_outside_the_budgets_life(plan, naive):
    moment = naive.replace(tzinfo=UTC)
    period = period_at(plan, moment)
    inside = day_start(plan.starts_on, plan.timezone) <= moment and (
        plan.ends_on is None or moment < day_start(plan.ends_on, plan.timezone)
    )
    assert (period is not None) is inside
    if period is None:
        return
    assert period.start_at <= moment < period.end_at
    before, after = previous_period(plan, period), next_period(plan, period)
    assert before is None or before.end_at == period.start_at
    assert after is None or after.start_at == period.end_at
