"""What an organization sets about estimating: size bands and reference bands. Pure.

A size band says how many tokens building something of a size takes; a reference band how many
tokens one interaction of a pattern usually takes. Both are copied into a story when it uses them:
changing a band moves no story.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from apps.common.errors import FieldError, Invalid
from apps.portfolio.enums import CapabilityKind
from apps.stories.enums import Pattern
from apps.stories.estimator import Triple

SIZES = ("S", "M", "L", "XL", "?")
SPIKE = "?"
MAX_TOKENS = 10**15
FAR = 2
"""An estimate is far outside its band below 1/FAR of the low or above FAR times the high."""


class SizeBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens to build something of a size; low and high are the one-in-ten cases."""

    low: int
    likely: int
    high: int

    @property
    def triple(self) -> Triple:
        return Triple(likely=Decimal(self.likely), low=Decimal(self.low), high=Decimal(self.high))


class ReferenceBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Usual tokens of one interaction, all its model calls together."""

    low: int
    high: int


Sizes = Mapping[str, SizeBand]
References = Mapping[str, ReferenceBand]

_M = 10**6
DEFAULT_SIZES: Sizes = {
    "S": SizeBand(20 * _M, 50 * _M, 120 * _M),
    "M": SizeBand(100 * _M, 250 * _M, 600 * _M),
    "L": SizeBand(400 * _M, 1_000 * _M, 2_500 * _M),
    "XL": SizeBand(1_500 * _M, 4_000 * _M, 10_000 * _M),
    SPIKE: SizeBand(5 * _M, 20 * _M, 60 * _M),
}
"""Tokens to build something of a size; "?" is a spike that finds out."""

DEFAULT_REFERENCES: References = {
    Pattern.CHATBOT.value: ReferenceBand(1_000, 12_000),
    Pattern.RETRIEVAL.value: ReferenceBand(4_000, 40_000),
    Pattern.AGENT.value: ReferenceBand(30_000, 600_000),
    Pattern.DOCUMENTS.value: ReferenceBand(3_000, 120_000),
    Pattern.CODING.value: ReferenceBand(20_000, 500_000),
    Pattern.ANALYTICS.value: ReferenceBand(5_000, 80_000),
}

PATTERN_OF_KIND: Mapping[str, str] = {
    CapabilityKind.DEVELOPMENT.value: Pattern.CODING.value,
    CapabilityKind.PIPELINE.value: Pattern.DOCUMENTS.value,
    CapabilityKind.ANALYTICS.value: Pattern.ANALYTICS.value,
}
"""The band of a story that names no pattern. A production application may be anything."""


class Flag(NamedTuple):
    """How an estimate stands against its band. `tone` is ok, near or far."""

    tone: str
    pattern: str
    tokens: int
    band: ReferenceBand


def compare(
    references: References, *, pattern: str, kind: str, tokens_per_interaction: int
) -> Flag | None:
    """An estimate against its reference band; None where no band applies or nothing is used."""
    name = pattern or PATTERN_OF_KIND.get(kind, "")
    band = references.get(name)
    if band is None or tokens_per_interaction <= 0:
        return None
    tokens = tokens_per_interaction
    if band.low <= tokens <= band.high:
        tone = "ok"
    elif tokens * FAR < band.low or tokens > band.high * FAR:
        tone = "far"
    else:
        tone = "near"
    return Flag(tone, name, tokens, band)


def load_sizes(document: Any) -> Sizes:
    """Size bands of a document. Raises Invalid with one error per wrong field."""
    sizes = _convert(document, SizeBand)
    errors = [*_missing(sizes, SIZES), *_size_problems(sizes)]
    if errors:
        raise Invalid("The size bands cannot be used.", code="sizes_invalid", errors=errors)
    return {name: sizes[name] for name in SIZES}


def load_references(document: Any) -> References:
    """Reference bands of a document. Raises Invalid with one error per wrong field."""
    bands = _convert(document, ReferenceBand)
    names = [pattern.value for pattern in Pattern]
    errors = [*_missing(bands, names), *_band_problems(bands)]
    if errors:
        raise Invalid("The reference bands cannot be used.", code="bands_invalid", errors=errors)
    return {name: bands[name] for name in names}


def dump(bands: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """The JSON document of size bands or reference bands."""
    document: dict[str, dict[str, int]] = msgspec.to_builtins(dict(bands))
    return document


def _convert(document: Any, kind: type[Any]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Invalid("The bands have the wrong shape.", field="document", fix="Send an object.")
    found, errors = {}, []
    for name, band in document.items():
        try:
            found[str(name)] = msgspec.convert(band, kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at ")
            inner = path.strip("`").removeprefix("$")
            errors.append(FieldError(f"{name}{inner}", message, "Send whole tokens."))
    if errors:
        raise Invalid("The bands have the wrong shape.", code="bands_invalid", errors=errors)
    return found


def _missing(found: Mapping[str, Any], wanted: Any) -> Iterator[FieldError]:
    for name in wanted:
        if name not in found:
            yield FieldError(name, f"There is no band for {name}.", "Send every band.")
    for name in found:
        if name not in wanted:
            yield FieldError(name, f"{name} is not a band.", f"Use {', '.join(wanted)}.")


def _size_problems(sizes: Mapping[str, SizeBand]) -> Iterator[FieldError]:
    for name, band in sizes.items():
        if not 0 < band.low <= band.likely <= band.high <= MAX_TOKENS:
            yield FieldError(
                f"{name}.likely",
                f"{name}: low, likely and high are out of order.",
                "Enter more than 0, low to high.",
            )
    for below, name in pairwise(SIZES[:4]):
        if below in sizes and name in sizes and sizes[name].likely <= sizes[below].likely:
            yield FieldError(
                f"{name}.likely", f"{name} is not larger than {below}.", f"Raise {name}."
            )


def _band_problems(bands: Mapping[str, ReferenceBand]) -> Iterator[FieldError]:
    for name, band in bands.items():
        if not 0 < band.low <= band.high <= MAX_TOKENS:
            yield FieldError(
                f"{name}.high",
                f"{name}: the band is out of order.",
                "Enter more than 0, low to high.",
            )
