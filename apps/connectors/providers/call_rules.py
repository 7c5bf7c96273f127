"""The usage object of one call, as OpenAI writes it and gateways pass it on. Pure.

The total of the input contains what was read from and written to a cache, the total of the output
contains reasoning; details say how much. Providers' own words for the same thing are understood:
`prompt_tokens` and `input_tokens`, `cached_tokens` and `cache_read_input_tokens`.
"""

from typing import ClassVar

from apps.common.tokens import TokenCounts
from apps.connectors.providers.base import RowRefused
from apps.connectors.providers.drift import Documented

PROVIDERS = {
    "gemini": "google",
    "vertex_ai": "google",
    "vertex_ai_beta": "google",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "azure_ai": "azure",
    "xai": "x-ai",
    "text-completion-openai": "openai",
    "cohere_chat": "cohere",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
}
"""A gateway's word for a provider, and the price book's."""
_FAMILIES = (
    (
        ("gpt-", "o1", "o3", "o4", "text-embedding", "chatgpt", "whisper", "tts-"),
        "openai",
    ),
    (("claude",), "anthropic"),
    (("gemini",), "google"),
    (("mistral", "codestral", "ministral"), "mistral"),
    (("deepseek",), "deepseek"),
    (("grok",), "x-ai"),
    (("command",), "cohere"),
)


class CacheDetails(Documented):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None

    open: ClassVar = True


class InputDetails(Documented):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_creation_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    cache_creation_token_details: CacheDetails | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset(
        {
            "cached_tokens",
            "cache_write_tokens",
            "cache_creation_tokens",
            "audio_tokens",
            "image_tokens",
            "cache_creation_token_details",
        }
    )


class OutputDetails(Documented):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset({"reasoning_tokens", "audio_tokens", "image_tokens"})


class CallUsage(Documented):
    """A usage object. Every field may lack: each API has its own."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    input_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    open: ClassVar = True
    may_lack: ClassVar = frozenset(
        {
            "prompt_tokens",
            "completion_tokens",
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "prompt_tokens_details",
            "input_tokens_details",
            "completion_tokens_details",
            "output_tokens_details",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        }
    )


def split(usage: CallUsage) -> tuple[TokenCounts, str]:
    """Disjoint counts of one call, and what did not add up ("" when everything did).

    Raises RowRefused for negative counts and for parts larger than their total.
    """
    given = _first(usage.prompt_tokens, usage.input_tokens)
    written = _first(usage.completion_tokens, usage.output_tokens)
    inputs = usage.prompt_tokens_details or usage.input_tokens_details or InputDetails()
    outputs = usage.completion_tokens_details or usage.output_tokens_details or OutputDetails()
    read = _first(inputs.cached_tokens, usage.cache_read_input_tokens)
    kept = max(
        inputs.cache_write_tokens or 0,
        inputs.cache_creation_tokens or 0,
        usage.cache_creation_input_tokens or 0,
    )
    details = inputs.cache_creation_token_details or CacheDetails()
    long = min(details.ephemeral_1h_input_tokens or 0, kept)
    audio, image = inputs.audio_tokens or 0, inputs.image_tokens or 0
    reasoning = outputs.reasoning_tokens or 0
    spoken, drawn = outputs.audio_tokens or 0, outputs.image_tokens or 0
    counts = TokenCounts(
        input_uncached=given - read - kept - audio - image,
        cache_read=read,
        cache_write_5m=kept - long,
        cache_write_1h=long,
        output=written - reasoning - spoken - drawn,
        reasoning=reasoning,
        audio_input=audio,
        audio_output=spoken,
        image_input=image,
        image_output=drawn,
    )
    if min(counts.as_dict().values()) < 0:
        raise RowRefused(f"input {given} and output {written} are less than their parts")
    if usage.total_tokens is not None and usage.total_tokens != given + written:
        return counts, f"total {usage.total_tokens} is not {given + written}"
    return counts, ""


def provider_of(model: str, given: str = "", *, otherwise: str) -> str:
    """The provider behind a gateway's model name: what the gateway says, its prefix, its family."""
    if given:
        return PROVIDERS.get(given, given)
    if "/" in model:
        prefix = model.split("/", 1)[0]
        return PROVIDERS.get(prefix, prefix)
    for beginnings, provider in _FAMILIES:
        if model.startswith(beginnings):
            return provider
    return otherwise


def model_of(model: str) -> str:
    """The model's own name, without the gateway's prefix."""
    return model.rsplit("/", 1)[-1] or "unknown"


def _first(*values: int | None) -> int:
    return next((value for value in values if value is not None), 0)
