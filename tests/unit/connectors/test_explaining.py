"""What a difference between bill and ledger is made of: its parts add up, to the nano."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.connectors.enums import BillPart
from apps.connectors.reconciliation.explaining import (
    EXPLAINED,
    LABELS,
    BillSum,
    Claim,
    explain,
    is_metered_here,
    merged,
    one_bill,
    open_of,
)
from apps.connectors.reconciliation.rules import Side, days_said, reasons, state, total_of

D = date(2026, 11, 1)
DAYS = st.integers(0, 9).map(lambda n: D + timedelta(days=n))
NANOS = st.integers(-(10**15), 10**15)
TOKENS = st.integers(0, 10**12)
LINES = st.tuples(st.sampled_from(["", *BillPart.values]), DAYS, NANOS, NANOS, TOKENS)


def day(number):
    return D + timedelta(days=number - 1)


def bill(*lines):
    found = BillSum()
    for part, at, amount, effective, tokens in lines:
        found.add(part, (at, at), amount, effective, tokens)
    return found


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(DAYS, st.tuples(NANOS, TOKENS), max_size=5),
    st.lists(LINES, max_size=8),
    st.none() | st.tuples(DAYS, DAYS),
)
def test_the_parts_are_the_difference_whatever_is_billed(measured, lines, covers):
    found = bill(*lines)
    told = explain(measured, found, covers, 10**9)
    assert sum(nanos for _, nanos in told.parts) == found.nanos - sum(
        c for c, _ in measured.values()
    )
    assert {name for name, _ in told.parts} <= set(LABELS)
    assert all(nanos for _, nanos in told.parts)


def test_each_part_says_what_it_is():
    measured = {day(1): (100, 1000), day(2): (50, 500), day(9): (7, 70)}
    found = bill(
        ("tokens", day(1), 90, 120, 1000),
        ("tokens", day(2), 60, 60, 750),
        ("tokens", day(3), 40, 40, 400),
        ("tax", day(1), 12, 12, 0),
        ("credit", day(1), -30, -30, 0),
        ("unnamed", day(2), 8, 8, 0),
    )
    told = explain(measured, found, (day(1), day(3)), 0)
    assert dict(told.parts) == {
        "tax": 12, "credit": -30, "unnamed": 8, "covered": -30, "unbilled": -7, "unmeasured": 40,
        "volume": 25, "price": 5,
    }  # fmt: skip
    assert told.unmeasured == ((day(3), day(3)),)
    assert open_of(told.parts) == 8 + 40 + 25 + 5
    assert EXPLAINED.isdisjoint({"unnamed", "unmeasured", "volume", "price", "rest"})


def test_the_same_tokens_at_almost_the_same_money_are_rounding():
    found = bill(("tokens", day(1), 101, 101, 10))
    assert explain({day(1): (100, 10)}, found, None, 1).parts == (("rounding", 1),)
    assert explain({day(1): (100, 10)}, found, None, 0).parts == (("price", 1),)
    assert explain({day(1): (100, 10)}, bill(("", day(1), 101, 0, 0)), None, 1).parts == (
        ("rest", 1),
    )


def test_money_without_tokens_is_not_split_into_volume_and_price():
    found = bill(("tokens", day(1), 30, 30, 0), ("tokens", day(1), 90, 90, 10))
    assert explain({day(1): (100, 12)}, found, None, 0).parts == (("rest", 20),)


def test_a_bill_that_explains_itself_needs_no_answer_and_a_day_nobody_measured_does():
    cell = 10**12
    parts = (("tax", cell), ("unmeasured", 2 * 10**9))
    side = Side(100 * cell, 10, billed_nanos=101 * cell + 2 * 10**9, parts=parts)
    assert (side.bill_gap, side.open_gap, state(side)) == (cell + 2 * 10**9, 2 * 10**9, "agrees")
    assert reasons(side) == []
    alone = Side(
        None, 0, billed_nanos=cell, parts=(("unmeasured", cell),),
        unmeasured=((day(3), day(3)), (day(4), day(4)), (day(7), day(8))), foreign=("EUR",),
    )  # fmt: skip
    assert state(alone) == "gap"
    first, second = reasons(alone)
    assert first == "No usage was measured on 3 Nov to 4 Nov, 7 Nov to 8 Nov, which is billed."
    assert second.startswith("Converted from EUR")
    total = total_of([side, alone, Side(5, 1)])
    assert (total.measured_nanos, total.bill_gap) == (100 * cell + 5, 2 * cell + 2 * 10**9)
    assert (total.open_gap, dict(total.parts)["tax"]) == (cell + 2 * 10**9, cell)
    plain = total_of([side, Side(7, 1, billed_nanos=9)])
    assert sum(nanos for _, nanos in plain.parts) == plain.bill_gap
    assert dict(plain.parts)["rest"] == 2
    assert total_of([Side(7, 1, billed_nanos=9)]).parts == ()
    assert days_said([(day(n), day(n)) for n in (1, 3, 5, 7, 9)]).endswith("7 Nov and more")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("unnamed", "does not say which model"),
        ("price", "another price"),
        ("volume", "more tokens"),
        ("rest", "bills more"),
    ],
)
def test_what_needs_an_answer_says_what_usually_explains_it(part, words):
    side = Side(10**12, 10, billed_nanos=2 * 10**12, parts=((part, 10**12),))
    assert words in reasons(side)[0]


@pytest.mark.parametrize(
    ("provider", "service", "part", "inside"),
    [
        ("aws", "Amazon Simple Queue Service", "units", False),
        ("aws", "Amazon Bedrock", "tax", True),
        ("aws", "", "tax", False),
        ("azure", "Foundry Models", "units", True),
        ("azure", "Microsoft.CognitiveServices", "credit", True),
        ("azure", "Storage", "tokens", True),
        ("anthropic", "", "tax", True),
        ("acmecorp", "ACMECORP SERVICE", "purchase", False),
        ("acmecorp", "Own models", "purchase", True),
        ("example", "Serving", "tax", True),
        ("openai", "", "", True),
    ],
)
def test_a_cloud_bill_is_about_ai_in_part_only(provider, service, part, inside):
    known = {("acmecorp", "Own models")}
    assert is_metered_here(provider, service, part, known, {"example", "aws"}) is inside


def test_two_bills_of_one_account_are_never_added():
    def claim(source, account, amount):
        return Claim(source, source == "api", frozenset({account}), amount)

    own, small, large = claim("api", "org-1", 5), claim("a", "acct", 1), claim("b", "acct", -9)
    other, any_ = claim("c", "acct-2", 1), claim("d", "", 9)
    assert one_bill([small, large, other]) == ({"b", "c"}, {"a"})
    assert one_bill([small, own, any_]) == ({"api", "a"}, {"d"})


def test_periods_that_overlap_are_one():
    assert merged([(day(5), day(9)), (day(1), day(3)), (day(2), day(4))]) == [
        (day(1), day(4)), (day(5), day(9)),
    ]  # fmt: skip
