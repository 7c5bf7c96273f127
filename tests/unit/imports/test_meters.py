"""Meters as the clouds write them: kind, model and tier, or nothing."""

from decimal import Decimal

import pytest

from apps.connectors.imports.rules.meters import Meter, kind_of, named_model, read, token_scale


@pytest.mark.parametrize(
    ("meter", "context", "found"),
    [
        ("gpt-4o 1120 Inp glbl Tokens", "", Meter("input_uncached", "gpt-4o-1120")),
        ("gpt-4o 1120 Outp glbl Tokens", "", Meter("output", "gpt-4o-1120")),
        ("gpt 4.1 nano cached Inp glbl Tokens", "", Meter("cache_read", "gpt-4.1-nano")),
        ("o4-mini 0416 Inp glbl Tokens", "", Meter("input_uncached", "o4-mini-0416")),
        ("5.4 opt Gl 1M Tokens", "Azure OpenAI GPT5", Meter("output", "gpt-5.4")),
        ("gpt-oss-120B Outp glbl Tokens", "", Meter("output", "gpt-oss-120b")),
        ("text-embedding-3-small glbl Tokens", "",
         Meter("input_uncached", "text-embedding-3-small")),
        ("Phi-4-Input Tokens", "", Meter("input_uncached", "phi-4")),
        (
            "USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global", "",
            Meter("cache_read", "claude-opus-4-6"),
        ),
        ("USE1-Claude3.5Sonnet-output-tokens", "", Meter("output", "claude-3-5-sonnet")),
        (
            "USE1-anthropic.claude-opus-5-mantle-cache-write-tokens-global-standard", "",
            Meter("cache_write_5m", "claude-opus-5"),
        ),
        (
            "USE1-Nova2.0Lite-input-tokens-flex-cross-region-global", "",
            Meter("input_uncached", "nova2.0lite", "flex"),
        ),
        ("USE1-MistralSmall-input-tokens-batch", "",
         Meter("input_uncached", "mistralsmall", "batch")),
        ("Gemini 2.5 Flash GA Text Input - Predictions", "",
         Meter("input_uncached", "gemini-2.5-flash")),
        ("Gemini 3.1 Flash Image Text Output - Predictions", "",
         Meter("output", "gemini-3.1-flash-image")),
        ("Gemini 3 Flash Text Input Caching", "", Meter("cache_read", "gemini-3-flash")),
        ("Claude Opus 5 Usage - Input Tokens", "", Meter("input_uncached", "claude-opus-5")),
        ("gpt-5, cached input", "", Meter("cache_read", "gpt-5")),
        ("Gemini 3 Flash Text Input Caching Storage", "", None),
        ("gpt-4o PTU Hours", "", None),
        ("Output Tokens", "", None),
        ("gpt-4o Tokens", "", None),
        ("gpt-4o Input and Output Tokens", "", None),
        ("Token Consumption - Q Widget SKU", "", None),
        ("V4 Pro Inp glbl Tokens", "Azure DeepSeek Models", None),
    ],
)  # fmt: skip
def test_a_meter_says_kind_and_model_or_nothing(meter, context, found):
    assert read(meter, context) == found


def test_one_hour_cache_writes_have_their_own_kind():
    assert kind_of("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units") == "cache_write_1h"
    assert kind_of("gpt-4o-audio Aud Outp Tokens") == "audio_output"


def test_a_model_in_the_details_of_the_sku_wins():
    assert named_model([("CoreCount", "4"), ("x_ModelName", "llama-4-70b")]) == "llama-4-70b"
    assert named_model([("Model", "not a model name"), ("modelId", "")]) == ""
    assert read("Output Tokens", "", "llama-4-70b") == Meter("output", "llama-4-70b")


@pytest.mark.parametrize(
    ("unit", "meter", "scale"),
    [
        ("Tokens", "", 1), ("token", "", 1), ("1K tokens", "", 1000), ("1000 Tokens", "", 1000),
        ("1,000,000 tokens", "", 10**6), ("1M Tokens", "", 10**6), ("Million tokens", "", 10**6),
        ("{token}", "", 1), ("1K", "gpt Inp Tokens", 1000), ("1M", "x opt 1M Tokens", 10**6),
        ("count", "Gemini Text Input - Predictions", 1),
        ("1K", "Requests", None), ("Units", "InputTokenCount", None), ("Hours", "", None),
        ("1 Hour", "gpt Tokens", None), ("", "gpt Inp Tokens", None), ("GB-Months", "", None),
        ("Requests", "Tokens", None), ("Tokens-Hours", "", None),
    ],
)  # fmt: skip
def test_units_that_count_tokens(unit, meter, scale):
    assert token_scale(unit, meter) == (None if scale is None else Decimal(scale))
