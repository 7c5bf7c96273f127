"""Disjoint kinds sum to what the payload says; prices are those of genai-prices for the call."""

import json
from decimal import Decimal

import pytest
from genai_prices import calc_price
from hypothesis import given
from hypothesis import strategies as st

from apps.common.tokens import KINDS, TokenCounts
from apps.connectors.push.otlp import wire
from apps.connectors.push.rules.calls import Call
from apps.connectors.push.rules.counts import BadCount, disjoint, whole
from apps.connectors.push.rules.litellm import read_payload
from apps.ledger.schema import UsageIn
from tests.factories.otlp import recorded
from tests.property.pricing.books import package_book
from tests.property.pricing.test_same_as_genai_prices import nanos, their_usage
from tests.property.push.test_fuzz import decide

tokens = st.integers(0, 10**9)


@given(tokens, tokens, tokens, tokens, tokens)
def test_inclusive_totals_are_kept(uncached, read, written, output, reasoning):
    """The OpenTelemetry rule: input holds the cache, output holds reasoning."""
    counts = disjoint(
        input_tokens=uncached + read + written,
        output_tokens=output + reasoning,
        cache_read=read,
        cache_write=written,
        reasoning=reasoning,
        total=uncached + read + written + output + reasoning,
    )
    assert counts[:4] == (uncached, read, written, 0)
    assert (counts.output, counts.reasoning) == (output, reasoning)


@given(st.integers(1, 10**9), tokens, tokens, st.integers(1, 10**9), tokens)
def test_exclusive_parts_are_recognized_by_the_total(uncached, read, written, output, reasoning):
    total = uncached + read + written + output + reasoning
    counts = disjoint(
        input_tokens=uncached,
        output_tokens=output,
        cache_read=read,
        cache_write=written,
        reasoning=reasoning,
        total=total if not reasoning or not read + written else None,
        input_has_cache=not (reasoning and read + written),
        output_has_reasoning=not (reasoning and read + written),
    )
    assert counts.total == total


@given(*[tokens] * 5, st.none() | tokens)
def test_no_kind_is_ever_negative(first, second, third, fourth, fifth, total):
    counts = disjoint(
        input_tokens=first,
        output_tokens=second,
        cache_read=third,
        cache_write=fourth,
        reasoning=fifth,
        total=total,
    )
    assert min(counts) >= 0
    assert counts.total >= first + second


@given(st.integers(0, 10**13))
def test_a_count_is_the_same_as_number_text_and_double(value):
    assert whole(value, "x") == whole(str(value), "x") == whole(float(value), "x") == value


@pytest.mark.parametrize(
    "value", [-1, 1.5, "x", "", "1.5", True, None, [], {}, float("nan"), float("inf"), 10**14,
              "9" * 30, "nan", "1e400"]
)  # fmt: skip
def test_what_is_no_count_is_refused(value):
    with pytest.raises(BadCount):
        whole(value, "x")


def calls(name, kind, media):
    found = decide(wire.read(kind, media, recorded(f"otlp/{name}")))
    return [one for one in found if isinstance(one, Call)]


@pytest.mark.parametrize(
    ("name", "kind", "media", "number", "total"),
    [
        ("genai_openai_instrumentation.traces.pb.gz", "traces", wire.PROTOBUF, 47, 2187),
        ("genai_openai_instrumentation.traces.json.gz", "traces", wire.JSON, 47, 2187),
        ("genai_openai_instrumentation.metrics.pb.gz", "metrics", wire.PROTOBUF, 5, 2187),
        ("genai_openai_instrumentation.metrics.json.gz", "metrics", wire.JSON, 5, 2187),
        ("codex_exec_session.logs.json.gz", "logs", wire.JSON, 2, 32_003),
        ("codex_exec_session.metrics.json.gz", "metrics", wire.JSON, 1, 32_003),
        ("codex_exec_session.traces.json.gz", "traces", wire.JSON, 0, 0),
    ],
)
def test_recorded_telemetry_sums_to_its_own_totals(name, kind, media, number, total):
    found = calls(name, wire.Kind(kind), media)
    assert (len(found), sum(call.counts.total for call in found)) == (number, total)


def test_recorded_spans_sum_to_their_attributes():
    """Each span alone: input and output as the instrumentation wrote them."""
    wanted = {}
    body = json.loads(recorded("otlp/genai_openai_instrumentation.traces.json.gz"))
    for group in body["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                given_ = {a["key"]: a["value"].get("intValue", 0) for a in span["attributes"]}
                parts = [
                    int(given_.get(f"gen_ai.usage.{p}_tokens", 0)) for p in ("input", "output")
                ]
                if sum(parts):
                    wanted[f"span:{span['traceId']}:{span['spanId']}"] = sum(parts)
    found = calls("genai_openai_instrumentation.traces.json.gz", wire.Kind.TRACES, wire.JSON)
    assert {call.event_id: call.counts.total for call in found} == wanted


def litellm_calls():
    for payload in json.loads(recorded("litellm/generic_api_callback_batch_1.json.gz")):
        found = read_payload(0, json.dumps(payload).encode())
        if isinstance(found, UsageIn):
            yield payload, found


def counted(usage):
    return sum(
        (
            usage.input_uncached,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
            usage.reasoning,
            usage.audio_input,
            usage.audio_output,
        )
    )


def test_recorded_payloads_sum_to_their_own_totals():
    found = list(litellm_calls())
    assert len(found) == 4
    for payload, usage in found:
        assert counted(usage) == payload["total_tokens"]


def everything_recorded():
    yield from calls("genai_openai_instrumentation.traces.pb.gz", wire.Kind.TRACES, wire.PROTOBUF)
    yield from calls("codex_exec_session.logs.json.gz", wire.Kind.LOGS, wire.JSON)


def test_prices_are_those_of_genai_prices():
    """Of every recorded call, through OTLP and through LiteLLM; the tier is the one served."""
    book = package_book()
    usages = [call.usage() for call in everything_recorded()] + [u for _, u in litellm_calls()]
    assert len(usages) == 53
    for usage in usages:
        tokens = TokenCounts(**{kind: getattr(usage, kind) for kind in KINDS})
        price = book.resolve(
            usage.provider,
            usage.model,
            usage.occurred_at,
            usage.service_tier,
            input_tokens=tokens.input,
            granularity="event",
        )
        theirs = calc_price(
            their_usage(tokens),
            model_ref=usage.model,
            provider_id=usage.provider,
            genai_request_timestamp=usage.occurred_at,
        )
        assert price.cost_nanos(tokens) == nanos(theirs.total_price), usage.model


def test_litellms_own_price_is_the_same():
    """Its figures carry binary noise; a record keeps them to the nano."""
    for payload, usage in litellm_calls():
        assert usage.cost == Decimal(str(payload["response_cost"])).quantize(Decimal("1e-9"))
