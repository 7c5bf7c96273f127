"""Money and dates of files: what was written comes back, and what is doubtful is refused."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.connectors.imports.rules import amounts

money = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=12)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2099, 12, 31)).map(
    lambda found: found.replace(microsecond=0)
)
UTC_ZONE = ZoneInfo("UTC")


@given(money)
def test_an_amount_comes_back_to_the_last_digit(amount):
    assert amounts.money(format(amount, "f")) == amount
    assert amounts.money(f"{amount:E}") == amount
    assert amounts.money(f" $ {format(amount, 'f')} ") == amount


@given(st.integers(0, 10**9 - 1), st.integers(0, 99))
def test_grouped_amounts_are_read_and_continental_ones_refused(units, cents):
    grouped = f"{units:,}.{cents:02}"
    assert amounts.money(grouped) == Decimal(units) + Decimal(cents) / 100
    swapped = grouped.replace(",", "_").replace(".", ",").replace("_", ".")
    with pytest.raises(ValueError, match="number"):
        amounts.money(swapped)


@given(st.text(max_size=20))
def test_any_text_is_a_finite_amount_or_refused(text):
    try:
        found = amounts.money(text)
    except ValueError:
        return
    assert found.is_finite()
    assert abs(found) <= 10**9


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1e400", "1.2.3", "1,2", "--1", "0x10"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"number|large"):
        amounts.money(text)


@given(st.integers(0, 10**12), st.sampled_from([1, 1_000, 1_000_000]))
def test_tokens_survive_the_unit_they_are_counted_in(tokens, scale):
    text = format(Decimal(tokens) / scale, "f")
    assert amounts.whole(amounts.number(text) * scale) == tokens
    noisy = repr(tokens / scale)
    if tokens < 10**9:
        assert amounts.whole(amounts.number(noisy) * scale) == tokens


@given(moments)
def test_every_way_of_writing_an_instant_is_the_same_instant(moment):
    wanted = moment.replace(tzinfo=UTC)
    berlin = wanted.astimezone(ZoneInfo("Europe/Berlin"))
    for text in (
        f"{moment.isoformat()}Z",
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        f"{moment.month}/{moment.day}/{moment.year} {moment:%H:%M:%S}",
        str(int(wanted.timestamp())),
        str(int(wanted.timestamp() * 1000)),
        berlin.isoformat(),
    ):
        assert amounts.instant(text, UTC_ZONE) == wanted


@given(moments)
def test_days_are_days_in_every_notation(moment):
    day = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    for text in (
        f"{moment:%Y-%m-%d}",
        f"{moment:%Y%m%d}",
        f"{moment.month}/{moment.day}/{moment.year}",
        f"{moment:%m/%d/%y}",
    ):
        assert amounts.instant(text, UTC_ZONE) == day
    assert amounts.span(day, day + timedelta(days=1)) == timedelta(days=1)


@given(st.text(max_size=30))
def test_any_text_is_an_instant_or_refused(text):
    with suppress(ValueError, OverflowError):
        assert amounts.instant(text, UTC_ZONE).tzinfo is not None


@pytest.mark.parametrize("text", ["13/01/2026", "24.11.2026", "2026-13-01", "now", "11/2026"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 -- the standard library words it
        amounts.instant(text, UTC_ZONE)
