"""Amortised cost and effective price by hand; lists of people; two providers' rows."""

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from apps.connectors.providers import copilot_rules, cursor_rules
from apps.connectors.providers.base import Ask, Names, RowRefused
from apps.connectors.providers.copilot import Bill
from apps.connectors.providers.cursor import Events
from apps.connectors.seats import rules

NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))
ASK = Ask(
    datetime(2026, 5, 1, tzinfo=UTC),
    datetime(2026, 6, 30, tzinfo=UTC),
    "team",
    Names(),
    datetime(2026, 7, 1, tzinfo=UTC),
)
CURSOR = b"""{"totalUsageEventsCount":1,"pagination":{"numPages":1,"currentPage":1,"pageSize":100,
"hasNextPage":false},"usageEvents":[{"timestamp":"1780000000000","userEmail":"dev@example.com",
"model":"claude-4.5-sonnet","kind":"Usage-based","maxMode":false,"requestsCosts":1,
"isTokenBasedCall":true,"isChargeable":true,"isHeadless":false,"tokenUsage":{"inputTokens":3438,
"outputTokens":76,"cacheReadTokens":24214,"cacheWriteTokens":0,"totalCents":1.83},
"chargedCents":1.83,"cursorTokenFee":0}]}"""
COPILOT = b"""{"timePeriod":{"year":2026,"month":10},"organization":"acme","usageItems":[
{"product":"Copilot","sku":"Copilot Premium Request","model":"Claude Sonnet 5",
"unitType":"requests","pricePerUnit":0.04,"grossQuantity":120,"grossAmount":4.8,
"discountQuantity":100,"discountAmount":4.0,"netQuantity":20,"netAmount":0.8}]}"""


@pytest.mark.parametrize(
    ("held", "cost"),
    [
        ([(date(2026, 1, 1), None)], 30_000),
        ([(date(2026, 11, 16), None)], 15_000),
        ([(date(2026, 11, 1), date(2026, 11, 2))], 1_000),
        ([(date(2026, 10, 1), date(2026, 11, 1))], 0),
        ([(date(2026, 11, 30), None), (date(2026, 11, 30), None)], 2_000),
    ],
)
def test_a_seat_costs_its_days_of_the_month(held, cost):
    assert rules.amortised([(date(2000, 1, 1), 30_000)], held, *NOVEMBER) == cost


def test_each_month_is_rounded_once():
    """100 a month: 1 of 31 October days is 3.2, 1 of 30 November days 3.3."""
    held = [(date(2026, 10, 31), date(2026, 11, 2))]
    prices = [(date(2000, 1, 1), 100)]
    assert rules.amortised(prices, held, date(2026, 10, 1), date(2026, 12, 1)) == 3 + 3


@pytest.mark.parametrize(
    ("cost", "tokens", "price"),
    [(39_000, 2_000_000, 19_500), (None, 5, None), (39_000, 0, None), (1, 2_000_000, 0), (0, 7, 0)],
)
def test_effective_price(cost, tokens, price):
    assert rules.effective_price(cost, tokens) == price


def test_idle_is_thirty_days_without_a_sign():
    today = date(2026, 11, 30)
    assert not rules.is_idle(date(2026, 11, 10), None, today, told=True)
    assert rules.is_idle(date(2026, 10, 1), None, today, told=True)
    assert not rules.is_idle(date(2026, 10, 1), None, today, told=False)
    for told in (True, False):
        assert not rules.is_idle(date(2026, 1, 1), date(2026, 10, 31), today, told=told)
        assert rules.is_idle(date(2026, 1, 1), date(2026, 10, 30), today, told=told)


def test_a_new_price_leaves_earlier_months_alone():
    prices = [(date(2000, 1, 1), 30_000), (date(2026, 11, 1), 60_000)]
    held = [(date(2026, 10, 1), None)]
    assert rules.amortised(prices, held, date(2026, 10, 1), date(2026, 11, 1)) == 30_000
    assert rules.amortised(prices, held, date(2026, 10, 16), date(2026, 11, 16)) == 15_484 + 30_000
    unknown = [(date(2026, 11, 1), 60_000)]
    assert rules.amortised(unknown, held, date(2026, 10, 1), date(2026, 12, 1)) is None
    assert rules.amortised(unknown, held, *NOVEMBER) == 60_000
    assert rules.amortised([], [], *NOVEMBER) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who\nx\n", "The first line must name the columns."),
        ("person,plan\n,Chat\n", "Row 2: person is not usable."),
        ("person,plan,since\na,Chat,tomorrow\n", "Row 2: since is no day."),
        (
            "person,plan,since,ended\na,C,2026-02-01,2026-01-01\n",
            "Row 2: it ends before it begins.",
        ),
        ("person,plan\na,Chat\nb,Chat\na,chat\n", "Row 4: a is on chat twice."),
    ],
)
def test_a_bad_list_names_its_row(text, message):
    _, errors = rules.read_rows(text)
    assert [error.message for error in errors] == [message]


def test_the_documented_cursor_event():
    (event,) = msgspec.json.decode(CURSOR, type=Events, strict=False).usage_events
    record = cursor_rules.usage_of(event, 0, ASK)
    assert (record.input_uncached, record.cache_read, record.output) == (3_438, 24_214, 76)
    assert record.cost == Decimal("0.0183")
    assert record.event_id == "1780000000000:dev@example.com:claude-4.5-sonnet:0"
    free = msgspec.structs.replace(event, is_chargeable=False)
    assert cursor_rules.usage_of(free, 0, ASK).cost == 0
    at = cursor_rules.instant_of(event)
    parts = [cursor_rules.unit_of(e, at).detail for e in (event, free)]
    assert parts == ["Usage-based, overage", "Usage-based, included"]


def test_alike_events_are_numbered_whatever_the_page_order():
    (event,) = msgspec.json.decode(CURSOR, type=Events, strict=False).usage_events
    cheap = msgspec.structs.replace(event, charged_cents=Decimal(1))
    one = [(e.charged_cents, n) for e, n in cursor_rules.numbered([event, cheap])]
    two = [(e.charged_cents, n) for e, n in cursor_rules.numbered([cheap, event])]
    assert one == two == [(Decimal(1), 0), (Decimal("1.83"), 1)]


def test_a_cursor_event_that_cannot_be_true_is_refused():
    (event,) = msgspec.json.decode(CURSOR, type=Events, strict=False).usage_events
    with pytest.raises(RowRefused):
        cursor_rules.usage_of(msgspec.structs.replace(event, timestamp="soon"), 0, ASK)
    with pytest.raises(RowRefused):
        cursor_rules.usage_of(msgspec.structs.replace(event, charged_cents=Decimal(-1)), 0, ASK)


def test_the_documented_copilot_bill():
    (item,) = msgspec.json.decode(COPILOT, type=Bill, strict=False).usage_items
    day = date(2026, 10, 3)
    units = [(u.quantity, u.detail) for u in copilot_rules.units_of(item, day)]
    assert units == [
        (100_000, "Copilot Premium Request, included"),
        (20_000, "Copilot Premium Request, overage"),
    ]
    cost = copilot_rules.cost_of(item, day)
    assert (cost.amount_nanos, cost.quantity, cost.currency) == (800_000_000, 20, "USD")
    wrong = msgspec.structs.replace(item, net_quantity=Decimal(19))
    with pytest.raises(RowRefused):
        copilot_rules.units_of(wrong, day)


def test_a_days_report_counts_what_a_person_did():
    line = copilot_rules.ReportLine("2026-10-03", "octocat", 5, 7, 0)
    found = [dataclasses.astuple(u)[1:4] for u in copilot_rules.activity_of(line)]
    assert found == [("interactions", "events", 5), ("generations", "events", 7)]
