"""OpenAI's numbers: documented payloads first, then what may be missing or wrong."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.tokens import INPUT_KINDS, OUTPUT_KINDS
from apps.connectors.providers import openai, openai_rules
from apps.connectors.providers.base import Names, RowRefused
from apps.connectors.providers.openai_rules import CompletionRow, CostRow, split

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers/openai"
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def payload(name):
    return (PAYLOADS / f"{name}.json").read_bytes()


def usage(row, names=None):
    return openai_rules.usage_of(
        row, split(row), start=AT, account="acct", names=names or Names(), observed_at=AT
    )


def test_documented_completions_become_disjoint_tokens():
    page = msgspec.json.decode(payload("usage_completions"), type=openai.CompletionPage)
    assert page.has_more
    row = page.data[0].results[0]
    counts = split(row)
    assert (counts.input_uncached, counts.cache_read, counts.cache_write) == (400, 400, 100)
    assert (counts.audio_input, counts.image_input) == (50, 50)
    assert (counts.output, counts.audio_output, counts.image_output) == (400, 50, 50)
    record = usage(row)
    inputs = (
        record.input_uncached + record.cache_read + record.cache_write_5m
        + record.cache_write_1h + record.audio_input + record.image_input
    )  # fmt: skip
    assert inputs == row.input_tokens == 1000
    assert record.output + record.audio_output + record.image_output == row.output_tokens
    assert counts.problem == ""
    assert record.requests == 5


@QUICK
@given(st.lists(st.integers(0, 10**9), min_size=8, max_size=8))
def test_parts_of_a_row_always_sum_to_its_totals(parts):
    text, read, wrote, audio, image, said, spoke, drew = parts
    whole = text + read + wrote + audio + image
    record = usage(
        CompletionRow(
            input_tokens=whole,
            output_tokens=said + spoke + drew,
            num_model_requests=1,
            input_cached_tokens=read,
            input_cache_write_tokens=wrote,
            input_audio_tokens=audio,
            input_image_tokens=image,
            output_audio_tokens=spoke,
            output_image_tokens=drew,
        )
    )
    assert sum(getattr(record, kind) for kind in INPUT_KINDS) == whole
    assert sum(getattr(record, kind) for kind in OUTPUT_KINDS) == said + spoke + drew
    assert (record.input_uncached, record.output) == (text, said)


def test_documented_embeddings_have_input_only():
    page = msgspec.json.decode(payload("usage_embeddings"), type=openai.TokenPage)
    record = usage(page.data[0].results[0])
    assert (record.input_uncached, record.output, record.requests) == (16, 0, 2)


def test_documented_costs_are_dollars():
    page = msgspec.json.decode(payload("costs"), type=openai.CostPage)
    line = openai_rules.cost_of(page.data[0].results[0], date(2024, 11, 1))
    assert (line.amount_nanos, line.currency, line.line_item) == (60_000_000, "USD", "all usage")
    assert line.quantity is None


def test_costs_as_strings_with_long_tails():
    body = json.dumps(
        {
            "amount": {"value": "0.0615000000000000000", "currency": "usd"},
            "line_item": "gpt-5.5, cached input",
            "project_id": "proj_a",
            "quantity": 120000.0,
            "quantity_unit": "tokens",
        }
    )
    line = openai_rules.cost_of(msgspec.json.decode(body, type=CostRow), date(2026, 11, 20))
    assert line.amount_nanos == 61_500_000
    assert (line.model, line.quantity, line.quantity_unit) == ("gpt-5.5", 120_000, "tokens")


def test_older_payload_without_cache_writes():
    row = CompletionRow(
        input_tokens=1000, input_cached_tokens=400, output_tokens=10, num_model_requests=1
    )
    counts = split(row)
    assert (counts.input_uncached, counts.cache_read, counts.cache_write) == (600, 400, 0)


def test_the_total_wins_over_parts_that_do_not_add_up():
    row = CompletionRow(
        input_tokens=1000,
        input_cached_tokens=400,
        input_uncached_tokens=590,
        input_text_tokens=590,
        output_tokens=10,
        num_model_requests=1,
    )
    counts = split(row)
    assert counts.input_uncached + counts.cache_read == 1000
    assert "590 is not 600" in counts.problem


@pytest.mark.parametrize(
    "fields",
    [
        {"input_tokens": 10, "input_cached_tokens": 11},
        {"input_tokens": -1},
        {"input_tokens": 10, "output_tokens": 5, "output_audio_tokens": 6},
        {"input_tokens": 10, "input_audio_tokens": 11},
        {"input_tokens": 10, "num_model_requests": -1},
    ],
)
def test_counts_that_cannot_be_true_are_refused(fields):
    with pytest.raises(RowRefused):
        split(CompletionRow(**{"num_model_requests": 1, **fields}))


@pytest.mark.parametrize(
    ("batch", "service_tier", "served"),
    [(True, "default", "batch"), (False, "flex", "flex"), (None, None, ""), (False, None, "")],
)
def test_served_tier(batch, service_tier, served):
    row = CompletionRow(
        input_tokens=1, num_model_requests=1, batch=batch, service_tier=service_tier
    )
    assert usage(row).service_tier == served


def test_names_come_from_the_directory_and_ids_stay():
    row = CompletionRow(
        input_tokens=1, num_model_requests=1, project_id="proj_a", api_key_id="key_b", model="m"
    )
    record = usage(row, Names({"proj_a": "Claims"}, {}))
    assert (record.project_id, record.project) == ("proj_a", "Claims")
    assert (record.api_key_id, record.api_key) == ("key_b", "key_b")
    assert record.granularity == "hour"


def test_documented_moderations_have_input_only():
    page = msgspec.json.decode(payload("usage_moderations"), type=openai.TokenPage)
    record = usage(page.data[0].results[0])
    assert (record.input_uncached, record.output, record.requests) == (16, 0, 2)


@pytest.mark.parametrize(
    ("endpoint", "quantity", "unit", "requests"),
    [
        ("images", 2, "images", 2),
        ("audio_speeches", 45, "characters", 1),
        ("audio_transcriptions", 20, "seconds", 1),
        ("vector_stores", 1024, "bytes", None),
        ("code_interpreter_sessions", 1, "sessions", None),
        ("file_search_calls", 2, "calls", None),
        ("web_search_calls", 2, "calls", 2),
    ],
)
def test_documented_usage_that_is_not_tokens(endpoint, quantity, unit, requests):
    page = msgspec.json.decode(payload(f"usage_{endpoint}"), type=openai.UnitPage)
    line = openai_rules.unit_of(page.data[0].results[0], endpoint, date(2024, 11, 1))
    assert (line.quantity, line.unit, line.requests) == (quantity, unit, requests)
    assert line.gauge == (endpoint == "vector_stores")


def test_a_unit_row_without_its_count_is_refused():
    with pytest.raises(RowRefused):
        openai_rules.unit_of(openai_rules.UnitRow(num_model_requests=1), "images", AT.date())


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("projects", openai.ProjectList),
        ("project_api_keys", openai.KeyList),
        ("admin_api_keys", openai.KeyList),
        ("project_service_accounts", openai.PersonList),
        ("users", openai.PersonList),
    ],
)
def test_documented_directory(name, shape):
    page = msgspec.json.decode(payload(name), type=shape)
    assert page.data[0].id
    assert not page.has_more


def test_amounts_are_exact():
    body = b'{"amount":{"value":0.1234567890123456789,"currency":"usd"}}'
    row = msgspec.json.decode(body, type=CostRow)
    assert row.amount.value == Decimal("0.1234567890123456789")
