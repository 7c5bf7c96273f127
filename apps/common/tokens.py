"""Token counts. The kinds are disjoint: a token is counted in exactly one of them."""

from operator import add, sub
from typing import NamedTuple

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


class TokenCounts(NamedTuple):
    """Tokens by kind, in the order of KINDS. `output` excludes `reasoning`; `input_uncached`
    excludes all cache kinds. Made for every row of every figure: a tuple, to cost little."""

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
        return sum(self) - self.generated

    @property
    def generated(self) -> int:
        """All tokens written by the model, reasoning included."""
        return self.output + self.reasoning + self.audio_output + self.image_output

    @property
    def total(self) -> int:
        return sum(self)

    def as_dict(self) -> dict[str, int]:
        return self._asdict()

    def __add__(self, other: "TokenCounts") -> "TokenCounts":  # type: ignore[override]
        return TokenCounts(*map(add, self, other))

    def __sub__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(*map(sub, self, other))
