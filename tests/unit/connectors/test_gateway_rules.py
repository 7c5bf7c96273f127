"""Gateways and analytics in the ledger's words: money, disjoint kinds, and what is not said."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.tokens import INPUT_KINDS, KINDS, OUTPUT_KINDS
from apps.connectors.providers import (
    claude_analytics_rules,
    claude_code,
    claude_code_rules,
    langfuse_rules,
    litellm_rules,
    openrouter,
    openrouter_rules,
)
from apps.connectors.providers.base import Ask, Names, RowRefused
from apps.connectors.providers.call_rules import (
    CallUsage,
    InputDetails,
    OutputDetails,
    provider_of,
    split,
)

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers"
AT = datetime(2026, 11, 21, tzinfo=UTC)
DAY = date(2026, 11, 20)
ASK = Ask(AT - timedelta(days=1), AT, "acct", Names({}, {"hash": "Named"}), AT)
COUNTS = st.integers(0, 10**9)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def total(record, kinds=KINDS):
    return sum(getattr(record, kind) for kind in kinds)


# Claude Code


def test_documented_claude_code_is_cents_per_person_and_model():
    body = (PAYLOADS / "anthropic/usage_report_claude_code.json").read_bytes()
    page = msgspec.json.decode(body, type=claude_code.Page)
    row = page.data[0]
    opus, sonnet = (claude_code_rules.usage_of(row, part, ask=ASK) for part in row.model_breakdown)
    assert (opus.cost, sonnet.cost) == (Decimal("1.86"), Decimal("0.42"))
    assert (opus.input_uncached, opus.output) == (45230, 12450)
    assert (opus.cache_read, opus.cache_write_5m) == (8790, 2340)
    assert (opus.user, opus.granularity) == ("user@emaildomain.com", "day")
    assert opus.occurred_at == datetime(2025, 8, 8, tzinfo=UTC)
    assert total(opus) == 45230 + 12450 + 8790 + 2340


def test_a_subscription_states_no_money():
    body = json.loads((PAYLOADS / "anthropic/usage_report_claude_code.json").read_text())
    body["data"][0] |= {
        "customer_type": "subscription",
        "actor": {"type": "api_actor", "api_key_name": "ci"},
    }
    row = msgspec.convert(body, type=claude_code.Page).data[0]
    record = claude_code_rules.usage_of(row, row.model_breakdown[0], ask=ASK)
    assert (record.cost, record.api_key, record.user) == (None, "ci", "")


# Claude analytics: the documented cost example, and usage in the documented shape

COST = {
    "starting_at": "2026-10-01T00:00:00Z",
    "ending_at": "2026-10-02T00:00:00Z",
    "group": {"workspace_id": "wrkspc_01", "model": "claude-opus-5"},
    "cost": {"amount": "10250.4375", "list_amount": "11389.375", "currency": "USD"},
    "requests": 412,
}


def analytics(**usage):
    counters = {
        "uncached_input_tokens": 100,
        "cache_read_input_tokens": 40,
        "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 7},
        "output_tokens": 30,
        "total_tokens": 182,
        "requests": 3,
    }
    row = {
        "starting_at": "2026-11-20T05:00:00Z",
        "ending_at": "2026-11-20T06:00:00Z",
        "group": {"model": "claude-opus-5", "api_key_id": "hash"},
        "usage": {**counters, **usage},
    }
    return msgspec.convert(row, type=claude_analytics_rules.UsageRow)


def test_documented_analytics_cost_is_cents_after_discounts():
    row = msgspec.convert(COST, type=claude_analytics_rules.CostRow)
    line = claude_analytics_rules.cost_of(row, date(2026, 10, 1))
    assert line.amount_nanos == 102_504_375_000
    assert (line.project_id, line.model, line.currency) == ("wrkspc_01", "claude-opus-5", "USD")


def test_analytics_usage_is_disjoint_and_checked_against_its_total():
    record, problem = claude_analytics_rules.usage_of(analytics(), start=AT, ask=ASK)
    assert (total(record), problem, record.requests) == (182, "", 3)
    assert (record.cache_write_5m, record.cache_write_1h, record.api_key) == (5, 7, "Named")
    record, problem = claude_analytics_rules.usage_of(
        analytics(total_tokens=200), start=AT, ask=ASK
    )
    assert "200 is not 182" in problem
    with pytest.raises(RowRefused):
        claude_analytics_rules.usage_of(analytics(output_tokens=-1), start=AT, ask=ASK)


# Calls


@QUICK
@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_parts_of_a_call_always_sum_to_its_totals(fresh, read, wrote, audio, said, thought):
    usage = CallUsage(
        prompt_tokens=fresh + read + wrote + audio,
        completion_tokens=said + thought,
        total_tokens=fresh + read + wrote + audio + said + thought,
        prompt_tokens_details=InputDetails(
            cached_tokens=read, cache_creation_tokens=wrote, audio_tokens=audio
        ),
        completion_tokens_details=OutputDetails(reasoning_tokens=thought),
        cache_creation_input_tokens=wrote,
        cache_read_input_tokens=read,
    )
    counts, problem = split(usage)
    assert problem == ""
    assert (counts.input, counts.generated) == (usage.prompt_tokens, usage.completion_tokens)
    assert (counts.input_uncached, counts.cache_read, counts.output) == (fresh, read, said)


def test_a_call_whose_parts_are_larger_is_refused():
    with pytest.raises(RowRefused):
        split(CallUsage(prompt_tokens=5, prompt_tokens_details=InputDetails(cached_tokens=6)))


@pytest.mark.parametrize(
    ("model", "said", "provider"),
    [
        ("gpt-5", "", "openai"),
        ("claude-sonnet-5", "", "anthropic"),
        ("vertex_ai/gemini-3-pro", "", "google"),
        ("eu.anthropic.claude", "bedrock", "aws"),
        ("house-model", "", "litellm"),
    ],
)
def test_the_provider_behind_a_gateway(model, said, provider):
    assert provider_of(model, said, otherwise="litellm") == provider


# LiteLLM


def metrics(**fields):
    given = {
        "spend": Decimal("0.0177072"),
        "prompt_tokens": 111,
        "completion_tokens": 1711,
        "total_tokens": 1822,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 11,
        "successful_requests": 10,
        "api_requests": 11,
    }
    return litellm_rules.Metrics(**{**given, **fields})


def part(metrics):
    about = litellm_rules.KeyMetadata(None, "team")
    return litellm_rules.KeyPart(metrics, about)


def test_a_day_of_the_gateway():
    record = litellm_rules.day_of(DAY, "openai/gpt-4o-mini", "hash", part(metrics()), ASK)
    assert (record.input_uncached, record.cache_read, record.cache_write_5m) == (40, 60, 11)
    assert total(record) == 1822
    assert (record.provider, record.model, record.api_key) == ("openai", "gpt-4o-mini", "Named")
    assert (record.requests, record.cost) == (10, Decimal("0.017707200"))
    assert (record.project_id, record.project) == ("team", "team")
    assert litellm_rules.bill_of(DAY, "gpt-4o-mini", metrics()).amount_nanos == 17_707_200
    with pytest.raises(RowRefused):
        litellm_rules.day_of(DAY, "m", "", part(metrics(prompt_tokens=70)), ASK)


@QUICK
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_day_of_the_gateway_sums_to_its_total(fresh, read, wrote, output):
    given = metrics(
        prompt_tokens=fresh + read + wrote,
        completion_tokens=output,
        total_tokens=fresh + read + wrote + output,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=wrote,
    )
    record = litellm_rules.day_of(DAY, "m", "", part(given), ASK)
    assert total(record) == given.total_tokens
    assert litellm_rules.problem_of(given) == ""


def test_binary_noise_is_rounded_and_no_price_is_no_cost():
    call = litellm_rules.Call("r", AT, "gpt-5", Decimal("0.043500000000000004"), 1, 1, 2)
    assert litellm_rules.call_of(call, ASK)[0].cost == Decimal("0.0435")
    call = litellm_rules.Call("r", AT, "house", Decimal(0), 1, 1, 2)
    assert litellm_rules.call_of(call, ASK)[0].cost is None


def test_the_gateways_own_cache_used_no_provider():
    call = litellm_rules.Call("r", AT, "gpt-5", Decimal(0), 5, 1, 6, cache_hit="True")
    assert not litellm_rules.is_counted(call)


def test_columns_of_json_may_be_text():
    body = {
        "request_id": "r", "startTime": "2026-11-20T10:00:00Z", "model": "gpt-5", "spend": 0.5,
        "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12,
        "metadata": '{"usage_object": {"prompt_tokens_details": {"cached_tokens": 4}}}',
        "request_tags": '["app:a", "broken"]',
    }  # fmt: skip
    call = msgspec.json.decode(msgspec.json.encode(body), type=litellm_rules.Call)
    record, _ = litellm_rules.call_of(call, ASK)
    assert (record.input_uncached, record.cache_read) == (6, 4)
    assert record.tags == {"app": "a", "broken": ""}


# OpenRouter: the documented example

ACTIVITY = {
    "data": [
        {
            "date": "2026-11-20",
            "model": "openai/gpt-5",
            "model_permaslug": "openai/gpt-5-2025-08-07",
            "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
            "provider_name": "OpenAI",
            "usage": 0.42,
            "byok_usage_inference": 0,
            "requests": 12,
            "prompt_tokens": 9000,
            "completion_tokens": 800,
            "reasoning_tokens": 120,
        }
    ]
}


def activity(**fields):
    body = {"data": [{**ACTIVITY["data"][0], **fields}]}
    return msgspec.json.decode(msgspec.json.encode(body), type=openrouter.Activity).data[0]


def test_documented_activity_is_dollars_and_reasoning_is_part_of_completion():
    row = activity()
    record = openrouter_rules.usage_of(row, openrouter_rules.day_of(row), ASK)
    assert (record.input_uncached, record.output, record.reasoning) == (9000, 680, 120)
    assert total(record) == row.prompt_tokens + row.completion_tokens
    assert (record.cost, record.cost_basis) == (Decimal("0.42"), "provider_reported")
    assert (record.provider, record.model) == ("openrouter", "openai/gpt-5-2025-08-07")
    assert openrouter_rules.cost_of(row, DAY).amount_nanos == 420_000_000


def test_usage_with_an_own_key_is_the_providers():
    row = activity(byok_usage_inference=0.3, usage=0.015)
    assert openrouter_rules.is_own_key(row)
    record = openrouter_rules.usage_of(row, DAY, ASK)
    assert (record.provider, record.model) == ("openai", "gpt-5-2025-08-07")
    assert record.cost == Decimal("0.3")
    assert openrouter_rules.cost_of(row, DAY).amount_nanos == 15_000_000


@pytest.mark.parametrize("fields", [{"reasoning_tokens": 801}, {"prompt_tokens": -1}])
def test_activity_that_cannot_be_true_is_refused(fields):
    with pytest.raises(RowRefused):
        openrouter_rules.usage_of(activity(**fields), DAY, ASK)


# Langfuse


@pytest.mark.parametrize(
    ("details", "kinds"),
    [
        ({"input": 60, "input_cached_tokens": 40, "output": 5, "total": 105}, (60, 40, 0, 5, 0)),
        ({"input": 100, "input_cached_tokens": 40, "output": 5, "total": 105}, (60, 40, 0, 5, 0)),
        (
            {"input": 9, "cache_read_input_tokens": 1, "cache_creation_input_tokens": 2,
             "output": 3, "output_reasoning_tokens": 4, "total": 19},
            (9, 1, 2, 3, 4),
        ),
        (
            {"input": 9, "output": 10, "output_reasoning_tokens": 4, "total": 19},
            (9, 0, 0, 6, 4),
        ),
        ({"input": 9, "output": None}, (9, 0, 0, 0, 0)),
    ],
)  # fmt: skip
def test_usage_details_are_made_disjoint(details, kinds):
    counts, problem = langfuse_rules.split(details)
    assert problem == ""
    found = (counts.input_uncached, counts.cache_read, counts.cache_write_5m, counts.output)
    assert (*found, counts.reasoning) == kinds
    assert counts.total == details.get("total", sum(v or 0 for v in details.values()))


def test_strange_usage_details_are_named():
    counts, problem = langfuse_rules.split({"input": 1, "bananas": 2, "total": 3})
    assert counts.total == 1
    assert "bananas is no kind of token" in problem
    with pytest.raises(RowRefused):
        langfuse_rules.split({"input": 1, "input_cached_tokens": 4, "output": 1, "total": 2})


@QUICK
@given(st.dictionaries(st.sampled_from(
    ["input", "input_cached_tokens", "input_audio_tokens", "output", "output_reasoning_tokens"]
), COUNTS))  # fmt: skip
def test_buckets_that_exclude_each_other_sum_to_the_total(details):
    counts, problem = langfuse_rules.split({**details, "total": sum(details.values())})
    assert (counts.total, problem) == (sum(details.values()), "")
    assert total(counts, INPUT_KINDS) + total(counts, OUTPUT_KINDS) == counts.total


def test_a_day_of_sums_may_be_text():
    body = {
        "time_dimension": "2026-11-20T00:00:00.000Z", "providedModelName": "gpt-5",
        "environment": "production", "sum_inputTokens": "350", "sum_outputTokens": "70",
        "sum_totalTokens": "420", "sum_totalCost": "0.00007", "count_count": "7",
    }  # fmt: skip
    row = msgspec.json.decode(
        msgspec.json.encode(body), type=langfuse_rules.MetricsRow, strict=False
    )
    record, problem = langfuse_rules.usage_of(row, langfuse_rules.day_of(row), ASK)
    assert (total(record), record.requests, problem) == (420, 7, "")
    assert (record.cost, record.project_id) == (Decimal("0.00007"), "production")
