"""Burn rates over any use."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.budgets.rules.burn import burn
from apps.budgets.rules.periods import Period

START = date(2026, 11, 1)
PERIOD = Period(START, date(2026, 12, 1))
daily = st.dictionaries(
    st.integers(0, 29).map(lambda n: START + timedelta(days=n)), st.integers(0, 10**15), max_size=30
)
days = st.integers(0, 29).map(lambda n: START + timedelta(days=n))


@given(daily, st.integers(1, 10**16), days)
def test_what_burns_runs_out_inside_its_period_and_later_use_is_unknown(use, limit, today):
    found = burn(use, PERIOD, limit, today)
    known = {day: amount for day, amount in use.items() if day <= today}
    assert burn(known, PERIOD, limit, today) == found
    if found is not None:
        assert today <= found.runs_out_on < PERIOD.end
        assert found.rate_percent >= 150
        assert PERIOD.start <= found.since <= today
        assert found.used <= sum(known.values())


@given(daily, st.integers(1, 10**12), days, st.integers(2, 1_000))
def test_the_unit_of_money_does_not_matter(use, limit, today, times):
    one = burn(use, PERIOD, limit, today)
    other = burn({d: v * times for d, v in use.items()}, PERIOD, limit * times, today)
    assert (one is None) == (other is None)
    if one is not None:
        assert (one.since, one.rate_percent, one.runs_out_on) == (
            other.since,
            other.rate_percent,
            other.runs_out_on,
        )
