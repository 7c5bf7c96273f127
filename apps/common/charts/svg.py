"""Arithmetic and text of SVG: numbers, scales, paths."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape as _escape

Number = int | float


def esc(text: object) -> str:
    """Text for element content and attribute values."""
    return _escape(str(text), quote=True)


def num(value: Number) -> str:
    """A coordinate with two decimals at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis from `low` to `high` with round ticks; `y` is the percentage from the top."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def y(self, value: Number) -> float:
        return 100 - (value - self.low) / (self.high - self.low) * 100


def nice(low: Number, high: Number, steps: int = 4) -> Scale:
    """Round ticks that cover [low, high] in about `steps` steps."""
    span = (high - low) or 1
    raw = span / steps
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * (1 - 1e-9))
    first = math.floor(low / step) * step
    last = math.ceil(high / step - 1e-9) * step
    count = max(1, round((last - first) / step))
    return Scale(first, first + count * step, tuple(first + i * step for i in range(count + 1)))


def path(points: Iterable[tuple[Number, Number]]) -> str:
    """An open path through points."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points)


def runs(values: Sequence[Number | None]) -> list[list[int]]:
    """Indexes of present values, split where one is missing: a gap is never bridged."""
    found: list[list[int]] = []
    current: list[int] = []
    for index, value in enumerate(values):
        if value is None:
            if current:
                found.append(current)
            current = []
        else:
            current.append(index)
    if current:
        found.append(current)
    return found
