"""What-if: the same plan with something changed. Pure.

Sliders are positions a person chooses; levers are the usual ways to spend less, each a change of
the assumptions that can be priced and taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import msgspec

from apps.common import fmt
from apps.stories.estimator import Assumptions, MixShare, Triple, exactly
from apps.stories.estimator.fields import INPUT_PARTS
from apps.stories.estimator.inputs import Parts

SLIDERS: Mapping[str, tuple[int, int, int]] = {
    "w_volume": (25, 400, 100),
    "w_input": (20, 200, 100),
    "w_cache": (0, 90, 0),
    "w_batch": (0, 100, 0),
}
"""Least, most, and the position that changes nothing."""

TRIMMED = ("context", "history", "tools")
REPEATED = ("system_prompt", "safety", "history", "tools")
"""Parts of a call that are the same, or grow by appending, from one call to the next: what a
prompt cache can hold."""
TRIM = Decimal("0.7")
CACHE_POINTS = 20
BATCH_POINTS = 50
HUNDRED = Decimal(100)


def replace(a: Assumptions, **production: Any) -> Assumptions:
    """The assumptions with parts of production replaced."""
    return msgspec.structs.replace(
        a, production=msgspec.structs.replace(a.production, **production)
    )


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Positions of the sliders. Volume and input are percent of the plan, the others points."""

    volume: int = 100
    input: int = 100
    cache: int = 0
    batch: int = 0

    @classmethod
    def read(cls, data: Any) -> WhatIf:
        """From posted data; anything that is not a position counts as untouched."""
        values = {}
        for name, (least, most, neutral) in SLIDERS.items():
            try:
                value = int(data.get(name, neutral))
            except (TypeError, ValueError):
                value = neutral
            values[name.removeprefix("w_")] = min(most, max(least, value))
        return cls(**values)

    @property
    def is_neutral(self) -> bool:
        return self == WhatIf()

    def alone(self) -> Iterator[tuple[str, WhatIf]]:
        """Each slider that was moved, as if the others had not been."""
        neutral = WhatIf()
        for each in fields(self):
            value = getattr(self, each.name)
            if value != getattr(neutral, each.name):
                yield f"w_{each.name}", WhatIf(**{each.name: value})

    def applied(self, a: Assumptions) -> Assumptions:
        """The assumptions with the sliders applied; ranges move along with the likely values."""
        p = a.production
        changes: dict[str, Any] = {"parts": _parts(p.parts, INPUT_PARTS, Decimal(self.input) / 100)}
        name = "users" if p.volume == "users" else "interactions"
        changes[name] = _scaled(getattr(p, name), Decimal(self.volume) / 100)
        if self.cache:
            changes["cache_hit"] = _raised(p.cache_hit, self.cache)
        if self.batch:
            changes["batch_share"] = _raised(p.batch_share, self.batch)
        return replace(a, **changes)

    @property
    def labels(self) -> dict[str, str]:
        return {
            "w_volume": f"×{Decimal(self.volume) / 100:.2f}",
            "w_input": f"{self.input}%",
            "w_cache": f"+{self.cache}{fmt.NBSP}pts" if self.cache else "as planned",
            "w_batch": f"+{self.batch}{fmt.NBSP}pts" if self.batch else "as planned",
        }


@dataclass(frozen=True, slots=True)
class Lever:
    """A way to spend less, and the plan with it pulled."""

    key: str
    label: str
    detail: str
    plan: Assumptions


def levers(a: Assumptions, *, has_batch: bool) -> Iterator[Lever]:
    """The levers that would change this plan. A swap of the model is the table of alternatives'."""
    p = a.production
    if any(getattr(p.parts, name).likely for name in TRIMMED):
        trimmed = replace(a, parts=_parts(p.parts, TRIMMED, TRIM))
        yield Lever(
            "trim", "Trim context by 30%", "Retrieved context, history and tool results", trimmed
        )
    most = repeated_share(p.parts)
    hit = p.cache_hit.likely
    target = min(hit + CACHE_POINTS, most)
    if target > hit:
        yield Lever(
            "cache",
            f"Cache hits from {_plain(hit)}% to {_plain(target)}%",
            f"At most {_plain(most)}% of the input repeats",
            replace(a, cache_hit=exactly(target)),
        )
    share = p.batch_share.likely
    if has_batch and share < HUNDRED:
        target = min(share + BATCH_POINTS, HUNDRED)
        yield Lever(
            "batch",
            f"Batches from {_plain(share)}% to {_plain(target)}%",
            "For calls that can wait hours",
            replace(a, batch_share=exactly(target)),
        )


def on_model(a: Assumptions, provider: str, model: str) -> Assumptions:
    """The plan with every call of production on one model."""
    return replace(a, mix=(MixShare(provider, model),))


def repeated_share(parts: Parts) -> Decimal:
    """Percent of a call's input that a prompt cache can hold, in whole percent."""
    given = sum((getattr(parts, name).likely for name in INPUT_PARTS), Decimal(0))
    if not given:
        return Decimal(0)
    stable = sum((getattr(parts, name).likely for name in REPEATED), Decimal(0))
    return (100 * stable / given) // 1


def _parts(parts: Parts, names: tuple[str, ...], factor: Decimal) -> Parts:
    return Parts(
        **{
            name: _scaled(getattr(parts, name), factor if name in names else Decimal(1))
            for name in Parts.__struct_fields__
        }
    )


def _scaled(triple: Triple, factor: Decimal) -> Triple:
    if factor == 1:
        return triple
    return Triple(
        likely=_tidy(triple.likely * factor),
        low=None if triple.low is None else _tidy(triple.low * factor),
        high=None if triple.high is None else _tidy(triple.high * factor),
    )


def _tidy(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001")).normalize() + 0


def _raised(triple: Triple, points: int) -> Triple:
    return exactly(min(HUNDRED, triple.likely + points))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
