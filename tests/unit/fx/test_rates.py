"""Exchange rates: reading published tables and converting exactly."""

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pricing.fx.reading import read_table
from apps.pricing.fx.rules import Converter, Published, Rate, RateTable, half_even

TODAY = date(2026, 11, 20)
HISTORY = (
    b"Date,USD,JPY,BGN,\n"
    b"2026-11-06,1.0823,160.05,N/A,\n"
    b"2026-11-05,1.0801,159.80,1.9558,\n"
    b"2019-01-02,1.1397,124.10,1.9558,\n"
)


def test_the_history_of_the_central_bank_is_read_as_published():
    table = read_table(HISTORY, base="EUR", today=TODAY)
    assert [(r.quote, r.day.day, str(r.rate)) for r in table.rates] == [
        ("USD", 6, "1.0823"),
        ("JPY", 6, "160.05"),
        ("USD", 5, "1.0801"),
        ("JPY", 5, "159.80"),
        ("BGN", 5, "1.9558"),
    ]
    assert (table.empty, table.early, table.refused) == (1, 1, 0)


def test_the_file_of_one_day_is_read_too():
    table = read_table(
        b"Date, USD, JPY, \n06 November 2026, 1.0823, 160.05, \n", base="EUR", today=TODAY
    )
    assert [(r.quote, r.day) for r in table.rates] == [
        ("USD", date(2026, 11, 6)),
        ("JPY", date(2026, 11, 6)),
    ]


def test_bad_cells_are_named_and_left_out():
    table = read_table(
        b"Date,USD,Euro\n2026-11-06,abc,1\n2026-11-05,-1,1\nsoon,1,1\n2026-12-01,1,1\n"
        b"2026-11-04,0,1\n2026-11-03,1.0000000000001,1\n2026-11-03,1,1\n2026-11-02,NaN,1\n",
        base="EUR",
        today=TODAY,
    )
    assert table.rates == []
    assert [(p.line, p.column) for p in table.problems] == [
        (1, "Euro"), (2, "USD"), (3, "USD"), (4, "Date"), (5, "Date"), (6, "USD"), (7, "USD"),
        (8, "Date"), (9, "USD"),
    ]  # fmt: skip
    assert table.refused == 9


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"USD,Date\n",
        b"Date,dollar\n2026-11-05,1\n",
        b"Date,USD,USD\n",
        b"\xff\xfe",
        b"Date\x00,USD",
    ],
)
def test_what_is_no_table_of_rates_is_refused_whole(content):
    with pytest.raises(ValueError, match=r".+"):
        read_table(content, base="EUR", today=TODAY)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_reason(content):
    try:
        table = read_table(b"Date,USD\n" + content, base="EUR", today=TODAY)
    except ValueError as error:
        assert str(error)
    else:
        assert all(rate.rate > 0 for rate in table.rates)


def published(quote, day, rate, base="EUR", manual=False):
    return Published(base, quote, date(2026, 11, day), Decimal(rate), manual)


def test_the_last_rate_on_or_before_the_day_counts():
    table = RateTable([published("USD", 5, "1.08"), published("USD", 9, "1.10")])
    assert table.at(date(2026, 11, 4), "EUR", "USD") is None
    assert table.at(date(2026, 11, 8), "EUR", "USD") == Rate(Fraction("1.08"), date(2026, 11, 5))
    assert table.at(date(2026, 11, 9), "EUR", "USD").value == Fraction("1.1")
    assert table.at(date(2026, 11, 9), "USD", "EUR").value == 1 / Fraction("1.1")
    assert table.at(date(2026, 11, 9), "USD", "GBP") is None
    assert table.at(date(2026, 11, 1), "USD", "USD").value == 1


def test_two_currencies_meet_through_the_base_on_a_day_both_have():
    table = RateTable(
        [published("USD", 5, "1.08"), published("JPY", 4, "160"), published("JPY", 5, "162"),
         published("JPY", 6, "170")]
    )  # fmt: skip
    found = table.at(date(2026, 11, 8), "USD", "JPY")
    assert (found.value, found.day) == (Fraction(162) / Fraction("1.08"), date(2026, 11, 5))


def test_an_entered_rate_beats_the_imported_one_of_its_day():
    table = RateTable([published("USD", 5, "2", manual=True), published("USD", 5, "1.08")])
    assert table.at(date(2026, 11, 5), "EUR", "USD").value == 2
    later = RateTable([published("USD", 5, "2", manual=True), published("USD", 6, "1.08")])
    assert later.at(date(2026, 11, 6), "EUR", "USD").value == Fraction("1.08")


@pytest.mark.parametrize(
    ("n", "d", "want"), [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (1, 3, 0), (2, 3, 1)]
)
def test_half_even(n, d, want):
    assert half_even(n, d) == want


RATES = st.decimals("0.0001", "20000", places=4)
COSTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(-(10**15), 10**15)), min_size=1, max_size=30
)


@given(COSTS, st.lists(RATES, min_size=41, max_size=41))
def test_a_sum_is_exact_and_rounded_once(costs, rates):
    start = date(2026, 1, 1)
    by_day = {
        start + timedelta(days=n): Rate(1 / Fraction(rate), start) for n, rate in enumerate(rates)
    }
    dated = [(start + timedelta(days=n), nanos) for n, nanos in costs]
    exact = sum((nanos * by_day[day].value for day, nanos in dated), Fraction(0))
    assert Converter(by_day).total(dated) == round(exact)


def test_a_day_without_a_rate_makes_the_sum_unknown_and_is_named():
    day = date(2026, 11, 5)
    converter = Converter({day: Rate(Fraction(2), day), date(2026, 11, 4): None})
    assert converter.total([(day, 5), (date(2026, 11, 4), 1)]) is None
    assert converter.total([(day, 5), (date(2026, 11, 4), 0)]) == 10
    assert converter.missing([(day, 5), (date(2026, 11, 4), 1)]) == [date(2026, 11, 4)]
    assert Decimal("2.5").quantize(Decimal(1), ROUND_HALF_EVEN) == 2
