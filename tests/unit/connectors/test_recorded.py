"""What providers and gateways really sent: the disjoint kinds sum to their own totals."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from genai_prices import Usage, calc_price

from apps.common.money import to_nanos
from apps.common.tokens import INPUT_KINDS, OUTPUT_KINDS
from apps.connectors.providers.base import Ask, Names
from apps.connectors.providers.call_rules import CallUsage, split
from apps.connectors.providers.litellm_rules import Call, call_of, is_counted

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers"
AT = datetime(2026, 11, 20, tzinfo=UTC)
ASK = Ask(AT, AT, "gateway", Names(), AT)


def recorded():
    lines = (PAYLOADS / "openai/recorded_usage.jsonl").read_text().splitlines()
    return [event["usage"] for line in lines for event in json.loads(line)["events"]]


def logged():
    """LiteLLM's callback records under the names of its spend log."""
    rows = json.loads((PAYLOADS / "litellm/generic_api_callback_batch_1.json").read_text())
    return [
        msgspec.convert(
            {
                **row,
                "request_id": row["litellm_call_id"],
                "startTime": datetime.fromtimestamp(row["startTime"], UTC),
                "spend": Decimal(str(row["response_cost"])),
                "api_key": row["metadata"]["user_api_key_hash"],
                "cache_hit": str(row["cache_hit"]),
            },
            type=Call,
        )
        for row in rows
    ]


def test_every_recorded_call_of_openai_adds_up():
    found = recorded()
    assert len(found) == 55
    for raw in found:
        counts, problem = split(msgspec.convert(raw, type=CallUsage))
        given = raw.get("prompt_tokens", raw.get("input_tokens"))
        written = raw.get("completion_tokens", raw.get("output_tokens", 0))
        assert problem == ""
        assert (counts.input, counts.generated) == (given, written)
        assert counts.total == raw["total_tokens"]


def test_every_recorded_call_of_litellm_adds_up():
    calls = logged()
    assert [is_counted(call) for call in calls] == [True, True, True, True, False]
    for call in calls[:4]:
        record, problem = call_of(call, ASK)
        assert problem == ""
        given = sum(getattr(record, kind) for kind in INPUT_KINDS)
        written = sum(getattr(record, kind) for kind in OUTPUT_KINDS)
        assert (given, written) == (call.prompt_tokens, call.completion_tokens)
        assert given + written == call.total_tokens


def test_a_recorded_call_keeps_its_parts_names_and_identity():
    _, gpt, claude, *_ = logged()
    record, _ = call_of(gpt, ASK)
    assert (record.input_uncached, record.cache_read) == (1104, 4096)
    assert (record.output, record.reasoning) == (290, 640)
    assert (record.provider, record.model) == ("openai", "gpt-5")
    assert (record.api_key, record.project) == ("support-bot-prod", "Support")
    assert record.tags == {"app": "triage"}
    assert (record.event_id, record.requests) == (gpt.request_id, 1)
    record, _ = call_of(claude, ASK)
    assert (record.input_uncached, record.cache_write_5m, record.cache_read) == (21, 2048, 0)
    assert record.provider == "anthropic"


@pytest.mark.parametrize("index", [0, 1, 3])
def test_recorded_money_is_what_genai_prices_says(index):
    call = logged()[index]
    record, _ = call_of(call, ASK)
    given = sum(getattr(record, kind) for kind in INPUT_KINDS)
    price = calc_price(
        Usage(
            input_tokens=given,
            cache_read_tokens=record.cache_read,
            output_tokens=call.completion_tokens,
        ),
        model_ref=record.model,
        provider_id=record.provider,
        genai_request_timestamp=AT,
    )
    assert to_nanos(price.total_price) == to_nanos(record.cost)


def test_nothing_of_prompts_or_headers_is_decoded():
    row = json.loads((PAYLOADS / "litellm/generic_api_callback_batch_1.json").read_text())[1]
    row["messages"] = [{"role": "user", "content": "CANARY-7f3a"}]
    row["metadata"]["requester_custom_headers"] = {"x-secret": "CANARY-7f3a"}
    row["metadata"]["spend_logs_metadata"] = {"note": "CANARY-7f3a"}
    row |= {"request_id": "r", "spend": "0.1", "api_key": "k", "startTime": "2026-11-20T10:00:00"}
    row |= {"cache_hit": None, "response": {"text": "CANARY-7f3a"}}
    call = msgspec.convert(row, type=Call, strict=False)
    record, _ = call_of(call, ASK)
    assert "CANARY" not in repr(call) + repr(record)
    assert record.occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
