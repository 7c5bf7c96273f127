"""Numbers as people read them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.common import fmt
from apps.common.money import to_nanos

NB = "\u00a0"
MINUS = "\u2212"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"),
        (0, "0"),
        (940, "940"),
        (999, "999"),
        (1_000, f"1.0{NB}K"),
        (842_000, f"842{NB}K"),
        (999_499, f"999{NB}K"),
        (999_999, f"1.0{NB}M"),
        (1_234_567, f"1.2{NB}M"),
        (99_960_000, f"100{NB}M"),
        (876_000_000, f"876{NB}M"),
        (44_400_000_000, f"44.4{NB}B"),
        (3_200_000_000_000, f"3.2{NB}T"),
        (-1_500, f"{MINUS}1.5{NB}K"),
    ],
)
def test_tokens(count, text):
    assert fmt.tokens(count) == text


@pytest.mark.parametrize(
    ("amount", "style", "text"),
    [
        ("0", "auto", "$0"),
        ("0.31", "auto", "$0.31"),
        ("0.0042", "auto", "$0.0042"),
        ("12", "auto", "$12"),
        ("2538", "auto", "$2,538"),
        ("9999.4", "auto", "$9,999"),
        ("48712", "auto", "$48.7k"),
        ("999949", "auto", "$999.9k"),
        ("999950", "auto", "$1.00M"),
        ("1240000", "auto", "$1.24M"),
        ("-2300", "auto", f"{MINUS}$2,300"),
        ("48712.345", "exact", "$48,712"),
        ("48712.345", "cents", "$48,712.34"),
        ("2538", "k", "$2.5k"),
        ("0.31", "unit", "$0.31"),
        ("0.0042", "unit", "$0.0042"),
        ("0", "unit", "$0.00"),
    ],
)
def test_money(amount, style, text):
    assert fmt.money(to_nanos(amount), style=style) == text


def test_money_of_other_currencies_and_missing():
    assert fmt.money(to_nanos("12"), "EUR") == "€12"
    assert fmt.money(to_nanos("12"), "CHF") == f"CHF{NB}12"
    assert fmt.money(None) == "–"
    with pytest.raises(KeyError):
        fmt.money(0, style="pretty")


def test_axis_ticks_have_no_trailing_zeros():
    assert fmt.axis_money(0) == "$0"
    assert fmt.axis_money(3 * to_nanos("0.025")) == "$0.075"
    assert fmt.axis_money(to_nanos("0.5")) == "$0.5"
    assert fmt.axis_money(2.5e6) == "$0.0025"
    assert fmt.axis_money(to_nanos("2500")) == "$2.5k"
    assert fmt.axis_money(to_nanos("10000")) == "$10k"
    assert fmt.axis_money(to_nanos("1200000")) == "$1.2M"
    assert fmt.axis_money(to_nanos("-2500")) == f"{MINUS}$2.5k"
    assert fmt.axis_tokens(2_500_000) == f"2.5{NB}M"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.137, "+13.7%"),
        (-0.061, f"{MINUS}6.1%"),
        (0.0004, "0%"),
        (0.0, "0%"),
        (11, "12×"),
        (3, "+300.0%"),
        (None, "new"),
    ],
)
def test_delta(ratio, text):
    assert fmt.delta(ratio) == text


def test_change_needs_a_base_worth_comparing():
    assert fmt.change(150, 100) == 0.5
    assert fmt.change(150, 0) is None
    assert fmt.change(None, 100) is None
    assert fmt.change(2_000_000, 900_000, fmt.MIN_BASE_TOKENS) is None


def test_shares_and_points():
    assert fmt.pct(0.951, 1) == "95.1%"
    assert fmt.pct(-0.0001) == "0%"
    assert fmt.share(1, 0) == "–"
    assert fmt.share(951, 1000) == "95.1%"
    assert fmt.points(0.25) == f"+25{NB}pts"
    assert fmt.points(0.001) == f"0{NB}pts"


def test_per_million_rounds_half_even():
    assert fmt.per_million(3, 2_000_000) == 2
    assert fmt.per_million(5, 2_000_000) == 2
    assert fmt.per_million(None, 5) is None
    assert fmt.per_million(5, 0) is None


def test_days_and_ranges():
    today = date(2026, 11, 22)
    assert fmt.day(date(2026, 11, 22), today) == "22 Nov"
    assert fmt.day(date(2025, 11, 22), today) == "22 Nov 2025"
    assert fmt.long_day(date(2026, 11, 22)) == "22 November 2026"
    assert fmt.day_range(date(2025, 12, 30), date(2026, 1, 3)) == "30 Dec 2025 – 2 Jan 2026"
    assert fmt.due(today, today) == "Due today"
    assert fmt.due(today - timedelta(days=1), today) == "1 day late"
    assert fmt.due(today + timedelta(days=3), today) == "3 days left"


def test_moments_say_their_zone():
    instant = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    assert fmt.moment(instant).endswith(", 06:00 UTC")
    assert fmt.moment(instant, "Europe/Berlin").endswith(", 07:00 CET")
    assert fmt.ago(instant, instant + timedelta(seconds=5)) == "just now"
    assert fmt.ago(instant, instant + timedelta(hours=3)) == f"3{NB}h ago"


def test_durations_and_plurals():
    assert fmt.duration(42) == f"42{NB}s"
    assert fmt.duration(185) == f"3{NB}min 5{NB}s"
    assert fmt.duration(7800) == f"2{NB}h 10{NB}min"
    assert fmt.duration(86400 * 4) == "4 days"
    assert fmt.plural(1, "story", "stories") == "1 story"
    assert fmt.plural(1200, "story", "stories") == "1,200 stories"


def test_a_difference_that_is_shown_as_nothing_has_no_sign():
    shown = [fmt.signed_money(n, style="exact") for n in (-1, 0, 1, -2_300_000_000)]
    assert shown == ["$0", "$0", "$0", "−$2"]
