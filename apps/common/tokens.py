"""Token counts. The kinds are disjoint: a token is counted in exactly one of them."""

from dataclasses import dataclass, fields

KINDS = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "audio_input",
    "audio_output",
    "image_input",
    "image_output",
)
INPUT_KINDS = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "audio_input",
    "image_input",
)
OUTPUT_KINDS = ("output", "reasoning", "audio_output", "image_output")


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens by kind. `output` excludes `reasoning`; `input_uncached` excludes all cache kinds."""

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
    def input(self) -> int:
        """All tokens read by the model, cached or not."""
        return sum(getattr(self, kind) for kind in INPUT_KINDS)

    @property
    def generated(self) -> int:
        """All tokens written by the model, reasoning included."""
        return sum(getattr(self, kind) for kind in OUTPUT_KINDS)

    @property
    def total(self) -> int:
        return self.input + self.generated

    def as_dict(self) -> dict[str, int]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __add__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(*(getattr(self, k) + getattr(other, k) for k in KINDS))

    def __sub__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(*(getattr(self, k) - getattr(other, k) for k in KINDS))
