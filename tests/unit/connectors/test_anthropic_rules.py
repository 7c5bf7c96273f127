"""Anthropic's numbers: disjoint counters, cents, and nulls that are values."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from apps.connectors.providers import anthropic, anthropic_rules
from apps.connectors.providers.anthropic_rules import CacheCreation, MessagesRow
from apps.connectors.providers.base import Names, RowRefused

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers/anthropic"
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def payload(name):
    return (PAYLOADS / f"{name}.json").read_bytes()


def usage(row, names=None):
    return anthropic_rules.usage_of(
        row, start=AT, account="org", names=names or Names(), observed_at=AT
    )


def test_documented_messages():
    page = msgspec.json.decode(payload("usage_report_messages"), type=anthropic.UsagePage)
    bucket = page.data[0]
    assert bucket.starting_at == datetime(2025, 8, 1, tzinfo=UTC)
    record = usage(bucket.results[0])
    assert (record.input_uncached, record.cache_read) == (1500, 200)
    assert (record.cache_write_5m, record.cache_write_1h, record.output) == (500, 1000, 500)
    assert (record.service_tier, record.context_window) == ("standard", "0-200k")
    assert record.requests is None


def test_documented_cost_report_is_in_cents():
    page = msgspec.json.decode(payload("cost_report"), type=anthropic.CostPage)
    line = anthropic_rules.cost_of(page.data[0].results[0], date(2025, 8, 1))
    assert line.amount_nanos == 1_237_891_200
    assert (line.currency, line.model) == ("USD", "claude-opus-5")
    assert line.line_item == "Claude Opus 5 Usage - Input Tokens"


def test_documented_workspaces():
    page = msgspec.json.decode(payload("workspaces"), type=anthropic.WorkspaceList)
    assert page.data[0].name == "Workspace Name"


def row(**fields):
    given = {
        "uncached_input_tokens": 1,
        "output_tokens": 1,
        "cache_read_input_tokens": 0,
        "cache_creation": CacheCreation(0, 0),
    }
    return MessagesRow(**{**given, **fields})


def test_null_workspace_and_key_are_the_default_workspace_and_the_console():
    record = usage(row())
    assert (record.project_id, record.project) == ("default", "Default workspace")
    assert (record.api_key_id, record.api_key) == ("console", "Console")


def test_null_cache_creation_is_none_written():
    record = usage(row(cache_creation=None))
    assert (record.cache_write_5m, record.cache_write_1h) == (0, 0)


@pytest.mark.parametrize(
    "name", ["uncached_input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation"]
)
def test_a_missing_counter_would_be_tokens_that_are_not_counted(name):
    body = json.loads(payload("usage_report_messages"))
    del body["data"][0]["results"][0][name]
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert(body, type=anthropic.UsagePage)


@pytest.mark.parametrize(
    "fields", [{"uncached_input_tokens": -1}, {"cache_creation": CacheCreation(0, -5)}]
)
def test_negative_counts_are_refused(fields):
    with pytest.raises(RowRefused):
        usage(row(**fields))


def test_documented_web_searches_are_calls():
    page = msgspec.json.decode(payload("usage_report_messages"), type=anthropic.UsagePage)
    line = anthropic_rules.searches_of(page.data[0].results[0], date(2025, 8, 1))
    assert (line.what, line.quantity, line.unit) == ("web_search_calls", 10, "calls")
    assert anthropic_rules.searches_of(row(), date(2025, 8, 1)) is None


def test_long_context_is_a_line_of_its_own():
    row = anthropic_rules.CostRow(
        amount="100", currency="USD", description="Opus - Input", context_window="200k-1M"
    )
    line = anthropic_rules.cost_of(row, date(2026, 11, 1))
    assert (line.line_item, line.project_id) == ("Opus - Input, 200k-1M", "default")
    assert line.amount_nanos == 10**9


@pytest.mark.parametrize("geo", [None, "global", "not_available"])
@pytest.mark.parametrize("speed", [None, "standard"])
@pytest.mark.parametrize("tier", [None, "standard", "batch", "priority_on_demand"])
def test_ordinary_rows_say_what_they_said_before(geo, speed, tier):
    found = usage(row(inference_geo=geo, speed=speed, service_tier=tier))
    assert found == usage(row(service_tier=tier))
    assert (found.service_tier, found.region) == (tier or "", "")


@pytest.mark.parametrize(
    ("geo", "speed", "tier", "wanted", "reason"),
    [
        ("us", "standard", "standard", "standard+us", ""),
        ("us", None, None, "standard+us", ""),
        ("us", "standard", "batch", "batch+us", ""),
        ("global", "fast", "standard", "fast", ""),
        ("us", "fast", "standard", "fast+us", ""),
        ("eu", "standard", "standard", "standard+eu", "inference in “eu”"),
        ("eu", "fast", "standard", "fast+eu", "inference in “eu”"),
        (None, "turbo", "standard", "standard+turbo", "the speed “turbo”"),
        (None, "fast", "batch", "batch+fast", "the tier “batch” at the speed “fast”"),
    ],
)
def test_other_rows_are_records_of_their_own(geo, speed, tier, wanted, reason):
    given = row(inference_geo=geo, speed=speed, service_tier=tier)
    found = usage(given)
    assert (found.service_tier, found.region) == (wanted, "" if geo == "global" else geo or "")
    assert given.no_price == reason


def test_rows_of_one_record_are_added_up():
    both = [
        usage(row(model="m", inference_geo="global", output_tokens=5)),
        usage(row(model="m", inference_geo="us", output_tokens=11)),
        usage(row(model="m", inference_geo="not_available", output_tokens=7)),
    ]
    found = anthropic_rules.merged(both)
    assert [(r.service_tier, r.input_uncached, r.output) for r in found] == [
        ("", 2, 12),
        ("standard+us", 1, 11),
    ]
