"""Ids, money, tokens and periods: exact values."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.ids import uuid7
from apps.common.money import Money, from_nanos, to_nanos
from apps.common.periods import Month, day_start, instants, months_between
from apps.common.tokens import KINDS, TokenCounts


def test_uuid7_is_ordered_and_versioned():
    ids = [uuid7() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 10_000
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}


@pytest.mark.parametrize(
    ("amount", "nanos"),
    [
        ("1", 1_000_000_000),
        ("0.0000000005", 0),
        ("0.0000000015", 2),
        ("0.0000000025", 2),
        ("-0.0000000015", -2),
        ("9223372036.854775807", 9_223_372_036_854_775_807),
    ],
)
def test_money_rounds_half_even(amount, nanos):
    assert to_nanos(amount) == nanos


def test_money_refuses_floats_and_mixed_currencies():
    with pytest.raises(TypeError):
        to_nanos(0.1)
    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        Money(1, "USD") + Money(1, "EUR")


@given(st.integers(-(2**63), 2**63 - 1))
def test_money_round_trip(nanos):
    assert to_nanos(from_nanos(nanos)) == nanos
    assert to_nanos(Decimal(str(from_nanos(nanos)))) == nanos


@given(st.lists(st.integers(0, 10**15), min_size=10, max_size=10))
def test_token_kinds_are_disjoint_and_complete(values):
    counts = TokenCounts(*values)
    assert counts.total == sum(values) == counts.input + counts.generated
    assert list(counts.as_dict()) == list(KINDS)
    assert (counts + counts) - counts == counts


def test_months_and_days_in_a_zone():
    assert Month(2026, 12).shift(1) == Month(2027, 1)
    assert Month(2027, 1).shift(-1) == Month(2026, 12)
    assert Month.parse("2026-02").days == 28
    assert [str(m) for m in months_between(date(2026, 11, 30), date(2027, 1, 1))] == [
        "2026-11",
        "2026-12",
    ]
    assert day_start(date(2026, 3, 30), "Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)
    start, end = instants(date(2026, 3, 29), date(2026, 3, 30), "Europe/Berlin")
    assert (end - start).total_seconds() == 23 * 3600
