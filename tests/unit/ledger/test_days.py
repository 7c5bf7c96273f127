"""Days are cut in the organization's zone, on the days clocks change too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.rules.days import cuts, day_number, local_days, to_date

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _day(moment: datetime, zone: str, *, utc_day: bool = False) -> date:
    us = (moment - EPOCH) // timedelta(microseconds=1)
    found = local_days(np.array([us], np.int64), np.array([utc_day]), zone)
    return to_date(int(found[0]))


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        # New York leaves daylight saving on 2026-11-01: midnight moves from 04:00 to 05:00 UTC.
        (datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC), "America/New_York", date(2026, 10, 31)),
        (datetime(2026, 11, 1, 4, 0, tzinfo=UTC), "America/New_York", date(2026, 11, 1)),
        (datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC), "America/New_York", date(2026, 11, 1)),
        (datetime(2026, 11, 2, 5, 0, tzinfo=UTC), "America/New_York", date(2026, 11, 2)),
        # Berlin enters it on 2026-03-29.
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 30)),
        # A zone of quarters of an hour, and one that is a day ahead.
        (datetime(2026, 5, 1, 18, 14, 59, tzinfo=UTC), "Asia/Kathmandu", date(2026, 5, 1)),
        (datetime(2026, 5, 1, 18, 15, tzinfo=UTC), "Asia/Kathmandu", date(2026, 5, 2)),
        (datetime(2026, 5, 1, 10, 0, tzinfo=UTC), "Pacific/Kiritimati", date(2026, 5, 2)),
    ],
)
def test_the_day_of_an_instant(moment, zone, day):
    assert _day(moment, zone) == day


def test_a_bucket_of_a_utc_day_stays_on_the_source_s_day():
    midnight = datetime(2026, 11, 2, tzinfo=UTC)
    assert _day(midnight, "America/New_York") == date(2026, 11, 1)
    assert _day(midnight, "America/New_York", utc_day=True) == date(2026, 11, 2)


@given(
    st.integers(1_577_836_800, 4_102_358_400).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.sampled_from(["UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_same_as_the_calendar(moment, zone):
    assert _day(moment, zone) == moment.astimezone(ZoneInfo(zone)).date()


def test_numbers_and_days_are_inverse():
    assert to_date(day_number(date(2026, 2, 28))) == date(2026, 2, 28)


@given(
    st.lists(st.integers(0, 20_000), min_size=1, max_size=40),
    st.sampled_from(("UTC", "Europe/Berlin", "America/Havana", "Asia/Kolkata")),
    st.booleans(),
)
def test_cuts_give_each_instant_its_day(quarters, zone, utc_day):
    """Havana goes back over midnight: a day comes twice."""
    start = (datetime(2026, 8, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    at = np.sort(np.array(quarters, np.int64)) * 900_000_000 + start
    found = cuts(at, zone, utc_day=utc_day)
    places = np.searchsorted(found.starts, at, side="right") - 1
    wanted = local_days(at, np.full(len(at), utc_day), zone)
    assert found.days[places].tolist() == wanted.tolist()
