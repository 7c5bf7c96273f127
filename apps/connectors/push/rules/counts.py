"""From what a dialect calls input and output to disjoint kinds of tokens.

Each dialect says whether its input contains cached tokens and whether its output contains
reasoning; here every token ends in exactly one kind.
"""

import math
from typing import Any, NamedTuple

from apps.ledger.schema import MAX_TOKENS


class Counts(NamedTuple):
    """Disjoint kinds of one call. `input_uncached` excludes cache, `output` excludes reasoning."""

    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    image_input: int = 0
    image_output: int = 0

    @property
    def total(self) -> int:
        return sum(self)

    def kinds(self) -> dict[str, int]:
        """Tokens by the ledger's names."""
        return self._asdict()


class BadCount(ValueError):
    """A value under the name of a token count that is no whole number from 0 to 10¹³."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def whole(value: Any, name: str) -> int:
    """A token count as it arrives: int, text of an int (OTLP/JSON), or a double without fraction.

    Raises BadCount for anything else; the value is never repeated in an error.
    """
    if type(value) is not int:
        value = _converted(value, name)
    if not 0 <= value <= MAX_TOKENS:
        raise BadCount(name)
    return int(value)


def _converted(value: Any, name: str) -> int:
    if isinstance(value, bool):
        raise BadCount(name)
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 24:
            raise BadCount(name)
        try:
            value = float(text) if "." in text or "e" in text.lower() else int(text)
        except ValueError:
            raise BadCount(name) from None
    if isinstance(value, float):
        if not math.isfinite(value) or value != math.floor(value):
            raise BadCount(name)
        value = int(value)
    if not isinstance(value, int):
        raise BadCount(name)
    return value


def disjoint(
    *,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cache_read: int = 0,
    cache_write: int = 0,
    cache_write_1h: int = 0,
    reasoning: int = 0,
    audio_input: int = 0,
    audio_output: int = 0,
    image_input: int = 0,
    image_output: int = 0,
    total: int | None = None,
    input_has_cache: bool = True,
    output_has_reasoning: bool = True,
) -> Counts:
    """Kinds of a call whose input and output are totals by convention.

    The OpenTelemetry rule: input_tokens contains cached tokens, output_tokens contains reasoning.
    Senders break it. Parts larger than their whole, or the sender's own `total`, show that the
    parts came in addition; then nothing is subtracted.
    """
    cached = cache_read + cache_write + cache_write_1h
    heard, said = audio_input + image_input, audio_output + image_output
    if input_has_cache and cached + heard:
        input_has_cache = cached + heard <= input_tokens and not (
            cached
            and total is not None
            and total == input_tokens + cached + output_tokens
            and total != input_tokens + output_tokens
        )
    if output_has_reasoning and reasoning + said:
        output_has_reasoning = reasoning + said <= output_tokens and not (
            reasoning
            and total is not None
            and total != input_tokens + output_tokens
            and total
            in (
                input_tokens + output_tokens + reasoning,
                input_tokens + cached + output_tokens + reasoning,
            )
        )
    return Counts(
        input_uncached=input_tokens - (cached + heard if input_has_cache else 0),
        cache_read=cache_read,
        cache_write_5m=cache_write,
        cache_write_1h=cache_write_1h,
        output=output_tokens - (reasoning + said if output_has_reasoning else 0),
        reasoning=reasoning,
        audio_input=audio_input,
        audio_output=audio_output,
        image_input=image_input,
        image_output=image_output,
    )
