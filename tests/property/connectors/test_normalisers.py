"""Every normaliser of what is pulled or read from files: whatever counts a provider states, the
disjoint kinds sum to its own totals, and the price is that of `genai-prices` for those totals.

What is pushed is held in tests/property/push; recorded payloads in tests/unit/connectors.
"""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

import msgspec
import pytest
from genai_prices import Usage, calc_price
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.tokens import KINDS, TokenCounts
from apps.connectors.enums import PULLED_KINDS, SourceKind
from apps.connectors.imports.rules import bedrock, presets
from apps.connectors.imports.rules.billing import BillConverter
from apps.connectors.providers import (
    anthropic_rules,
    claude_analytics_rules,
    claude_code_rules,
    copilot_rules,
    cursor_rules,
    langfuse_rules,
    litellm_rules,
    openai_rules,
    openrouter_rules,
)
from apps.connectors.providers.base import Ask, Names
from tests.property.pricing.books import package_book

AT = datetime(2026, 11, 20, tzinfo=UTC)
ASK = Ask(AT, AT, "main", Names(), AT)
FIXTURES = Path(__file__).parents[2] / "fixtures"
count = st.integers(0, 10**9)
cents = st.integers(0, 10**9).map(lambda n: Decimal(n) / 10**4)
few = settings(max_examples=40, deadline=None)


def tokens_of(usage):
    return TokenCounts(**{kind: getattr(usage, kind) for kind in KINDS})


def openai_record(row):
    counts = openai_rules.split(row)
    assert counts.problem == ""
    return openai_rules.usage_of(row, counts, start=AT, account="", names=Names(), observed_at=AT)


def nanos(amount):
    return int((amount * 10**9).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def same_price(usage, **theirs):
    """Ours for the disjoint kinds, the package's for the provider's own, inclusive totals."""
    tokens = tokens_of(usage)
    price = package_book().resolve(
        usage.provider, usage.model, AT, "", input_tokens=tokens.input, granularity="event"
    )
    found = calc_price(
        Usage(**theirs),
        model_ref=usage.model,
        provider_id=usage.provider,
        genai_request_timestamp=AT,
    )
    assert price.cost_nanos(tokens) == nanos(found.total_price)


@given(count, count, count, count)
@few
def test_openai_sums_to_its_totals_and_costs_what_they_cost(fresh, cached, output, calls):
    row = openai_rules.CompletionRow(
        input_tokens=fresh + cached,
        input_cached_tokens=cached,
        input_uncached_tokens=fresh,
        output_tokens=output,
        num_model_requests=calls,
        model="gpt-4o-2024-08-06",
    )
    usage = openai_record(row)
    assert (tokens_of(usage).input, tokens_of(usage).generated) == (fresh + cached, output)
    same_price(usage, input_tokens=fresh + cached, cache_read_tokens=cached, output_tokens=output)


@given(st.lists(count, min_size=8, max_size=8))
@few
def test_openai_keeps_media_apart_and_the_totals_whole(parts):
    text, cached, written, audio, image, said, spoken, drawn = parts
    row = openai_rules.CompletionRow(
        input_tokens=text + cached + written + audio + image,
        input_cached_tokens=cached,
        input_cache_write_tokens=written,
        input_audio_tokens=audio,
        input_image_tokens=image,
        output_tokens=said + spoken + drawn,
        output_audio_tokens=spoken,
        output_image_tokens=drawn,
        num_model_requests=1,
        model="gpt-realtime",
    )
    tokens = tokens_of(openai_record(row))
    assert (tokens.input, tokens.generated) == (row.input_tokens, row.output_tokens)
    assert (tokens.audio_input, tokens.image_output, tokens.cache_read) == (audio, drawn, cached)


@given(count, count)
@few
def test_openais_endpoints_without_output_have_input_only(tokens, calls):
    row = openai_rules.TokenRow(
        input_tokens=tokens, num_model_requests=calls, model="text-embedding-3-small"
    )
    usage = openai_record(row)
    assert tokens_of(usage).total == usage.input_uncached == tokens
    same_price(usage, input_tokens=tokens)


UNITS = openai_rules.UNIT_ENDPOINTS


@pytest.mark.parametrize("what", UNITS)
def test_openais_other_endpoints_count_no_tokens(what):
    """Every usage endpoint is either of tokens (above) or of something else, kept as it is."""
    body = json.loads((FIXTURES / f"providers/openai/usage_{what}.json").read_text())
    rows = [row for bucket in body["data"] for row in bucket["results"]]
    assert rows
    for raw in rows:
        line = openai_rules.unit_of(msgspec.convert(raw, openai_rules.UnitRow), what, AT.date())
        assert line.quantity == raw[UNITS[what].field]


@given(st.lists(count, min_size=5, max_size=5))
@few
def test_anthropic_sums_to_its_counters_and_costs_what_they_cost(parts):
    fresh, read, five, hour, output = parts
    row = anthropic_rules.MessagesRow(
        uncached_input_tokens=fresh,
        cache_read_input_tokens=read,
        cache_creation=anthropic_rules.CacheCreation(five, hour),
        output_tokens=output,
        model="claude-haiku-4-5",
    )
    usage = anthropic_rules.usage_of(row, start=AT, account="", names=Names(), observed_at=AT)
    assert tokens_of(usage).total == sum(parts)
    assert usage.requests is None
    same_price(
        usage,
        input_tokens=fresh + read + five + hour,
        cache_read_tokens=read,
        cache_write_tokens=five + hour,
        cache_write_5m_tokens=five,
        cache_write_1h_tokens=hour,
        output_tokens=output,
    )


@given(st.lists(count, min_size=5, max_size=5), st.integers(-3, 3))
@few
def test_claude_analytics_name_a_total_that_is_not_the_sum(parts, wrong):
    fresh, read, five, hour, output = parts
    row = claude_analytics_rules.UsageRow(
        starting_at=AT,
        ending_at=AT,
        group=claude_analytics_rules.UsageGroup(model="claude-haiku-4-5"),
        usage=claude_analytics_rules.UsageMetrics(
            uncached_input_tokens=fresh,
            cache_read_input_tokens=read,
            cache_creation=anthropic_rules.CacheCreation(five, hour),
            output_tokens=output,
            total_tokens=sum(parts) + wrong,
        ),
    )
    usage, problem = claude_analytics_rules.usage_of(row, start=AT, ask=ASK)
    assert tokens_of(usage).total == sum(parts)
    assert bool(problem) == bool(wrong)


@given(st.lists(count, min_size=4, max_size=4), cents)
@few
def test_claude_code_sums_to_its_counters_and_reads_cents(parts, amount):
    fresh, output, read, written = parts
    model = claude_code_rules.ModelRow(
        model="claude-haiku-4-5",
        tokens=claude_code_rules.Tokens(fresh, output, read, written),
        estimated_cost=claude_code_rules.Money(amount, "usd"),
    )
    day = claude_code_rules.DayRow(AT, claude_code_rules.Actor("user"), "api", [model])
    usage = claude_code_rules.usage_of(day, model, ask=ASK)
    assert tokens_of(usage).total == sum(parts)
    assert (usage.cost * 100, usage.currency) == (amount, "USD")


@given(st.lists(count, min_size=4, max_size=4), cents)
@few
def test_litellm_sums_to_its_totals(parts, spend):
    fresh, read, written, output = parts
    metrics = litellm_rules.Metrics(
        spend=spend,
        prompt_tokens=fresh + read + written,
        completion_tokens=output,
        total_tokens=sum(parts),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        api_requests=3,
    )
    day = litellm_rules.day_of(AT.date(), "openai/gpt-4o", "k", litellm_rules.KeyPart(metrics), ASK)
    assert (tokens_of(day).input, tokens_of(day).generated) == (metrics.prompt_tokens, output)
    assert litellm_rules.problem_of(metrics) == ""
    assert (day.cost, day.requests) == (spend, 3)
    call = litellm_rules.Call(
        request_id="r",
        started_at=AT,
        model="openai/gpt-4o",
        spend=spend,
        prompt_tokens=fresh + read,
        completion_tokens=output,
        total_tokens=fresh + read + output,
        metadata=litellm_rules.CallMetadata(
            usage_object=litellm_rules.CallUsage(cache_read_input_tokens=read)
        ),
    )
    usage, problem = litellm_rules.call_of(call, ASK)
    assert (tokens_of(usage).total, usage.cache_read, problem) == (call.total_tokens, read, "")
    same_price(usage, input_tokens=fresh + read, cache_read_tokens=read, output_tokens=output)


@given(count, count, count, cents, cents)
@few
def test_openrouter_sums_to_its_totals_and_keeps_what_it_charged(given_, said, thought, fee, own):
    row = openrouter_rules.ActivityRow(
        date="2026-11-20",
        model="openai/gpt-4o",
        usage=fee,
        byok_usage_inference=own,
        requests=1,
        prompt_tokens=given_,
        completion_tokens=said + thought,
        reasoning_tokens=thought,
    )
    usage = openrouter_rules.usage_of(row, date(2026, 11, 20), ASK)
    assert (tokens_of(usage).input, tokens_of(usage).generated) == (given_, said + thought)
    assert (usage.reasoning, usage.cost) == (thought, own or fee)


@given(st.lists(count, min_size=5, max_size=5), cents)
@few
def test_langfuse_sums_to_its_totals(parts, cost):
    fresh, read, written, said, thought = parts
    details = {
        "input": fresh,
        "input_cached_tokens": read,
        "cache_creation_input_tokens": written,
        "output": said,
        "output_reasoning_tokens": thought,
        "total": sum(parts),
    }
    seen = langfuse_rules.Observation("o", AT, details, model="gpt-4o", total_cost=cost)
    usage, problem = langfuse_rules.call_of(seen, ASK)
    assert (tokens_of(usage).total, problem) == (sum(parts), "")
    assert (usage.cost or 0) == cost
    row = langfuse_rules.MetricsRow("2026-11-20", "gpt-4o", fresh, said, fresh + said, cost, 2)
    day, problem = langfuse_rules.usage_of(row, AT.date(), ASK)
    assert (tokens_of(day).total, day.requests, problem) == (fresh + said, 2, "")


@given(st.lists(count, min_size=4, max_size=4), cents, st.booleans())
@few
def test_cursor_sums_to_its_counters_and_charges_beyond_the_seat_only(parts, charged, chargeable):
    event = cursor_rules.Event(
        timestamp="1795176000000",
        model="gpt-4o",
        kind="usage-based",
        is_chargeable=chargeable,
        charged_cents=charged,
        token_usage=cursor_rules.TokenUsage(*parts),
    )
    usage = cursor_rules.usage_of(event, 0, ASK)
    assert tokens_of(usage).total == sum(parts)
    assert usage.cost * 100 == (charged if chargeable else 0)


@given(st.integers(0, 10**6), st.integers(0, 10**6), cents)
@few
def test_copilot_splits_a_quantity_into_included_and_charged(included, charged, amount):
    item = copilot_rules.BillItem(
        product="copilot",
        sku="Premium request",
        unit_type="requests",
        gross_quantity=Decimal(included + charged) / 100,
        discount_quantity=Decimal(included) / 100,
        net_quantity=Decimal(charged) / 100,
        net_amount=amount,
    )
    units = copilot_rules.units_of(item, AT.date())
    assert sum(unit.quantity for unit in units) == (included + charged) * 10
    assert copilot_rules.cost_of(item, AT.date()).amount_nanos == amount * 10**9


@given(st.lists(count, min_size=4, max_size=4))
@few
def test_bedrock_rows_hold_the_counts_of_the_line(parts):
    fresh, read, written, output = parts
    line = {
        "timestamp": "2026-11-20T10:00:00Z",
        "requestId": "r",
        "modelId": "arn:aws:bedrock:us-east-1::inference-profile/us.anthropic.claude-haiku-4-5",
        "input": {
            "inputTokenCount": fresh,
            "cacheReadInputTokenCount": read,
            "cacheWriteInputTokenCount": written,
            "inputBodyJson": {"messages": [{"content": "CANARY"}]},
        },
        "output": {"outputTokenCount": output, "outputBodyJson": "CANARY"},
    }
    row = dict(zip(bedrock.HEADER, bedrock.row_of(json.dumps(line).encode()), strict=True))
    named = ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
    assert [int(row[name]) for name in (*named, "outputTokenCount")] == parts
    assert row["modelId"] == "us.anthropic.claude-haiku-4-5"
    assert "CANARY" not in str(row)


@cache
def focus():
    """The published columns of FOCUS 1.4, a row of tokens, and the converter of such a file."""
    text = (FIXTURES / "focus/focus_1_4_tokens.csv").read_text()
    header, row, *_ = list(csv.reader(io.StringIO(text)))
    preset = presets.recognise(header)
    mapping = presets.mapping_of(preset, header)
    keys = presets.bill_keys(mapping, header)
    return header, row, BillConverter(mapping, header, keys, AT)


@given(
    st.integers(0, 10**9),
    st.sampled_from([("Tokens", 1), ("1000 Tokens", 1_000), ("1M Tokens", 10**6)]),
    cents,
)
@few
def test_focus_rows_hold_the_tokens_and_the_money_of_the_row(tokens, unit, cost):
    header, row, converter = focus()
    said = {
        "ConsumedQuantity": str(Decimal(tokens) / unit[1]),
        "ConsumedUnit": unit[0],
        "EffectiveCost": str(cost),
        "BilledCost": "7",
    }
    cells = [said.get(name, value) for name, value in zip(header, row, strict=True)]
    found = converter.convert(1, cells).record
    assert tokens_of(found).total == found.input_uncached == tokens
    assert (found.cost, found.currency) == (cost, "USD")


def test_every_pulled_kind_has_a_property_here():
    """A kind that is added shows up as a difference."""
    assert set(PULLED_KINDS) == {
        SourceKind.OPENAI,
        SourceKind.ANTHROPIC,
        SourceKind.CLAUDE_ANALYTICS,
        SourceKind.CLAUDE_CODE,
        SourceKind.LITELLM,
        SourceKind.OPENROUTER,
        SourceKind.LANGFUSE,
        SourceKind.COPILOT,
        SourceKind.CURSOR,
    }
