"""What an estimate answers. Tokens are whole tokens, money whole nanos of ``currency``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Quantiles(NamedTuple):
    """P10, P50 and P90 of the draws."""

    p10: int
    p50: int
    p90: int


class Figure(NamedTuple):
    """``likely`` is exact arithmetic on the likely inputs; ``range`` comes from the draws."""

    likely: int
    range: Quantiles


@dataclass(frozen=True, slots=True)
class Cell:
    """One phase in one month. ``offset`` counts months from the start of building."""

    phase: str
    offset: int
    month: dt.date
    tokens: Figure
    cost: Figure


@dataclass(frozen=True, slots=True)
class Total:
    """Tokens and cost over a span; ``kinds`` splits the likely tokens by disjoint kind."""

    tokens: Figure
    cost: Figure
    kinds: Mapping[str, int]


class ModelCost(NamedTuple):
    """Likely cost of a typical month answered by one model of the mix."""

    provider: str
    model: str
    label: str
    share: Decimal
    cost: int


class Swing(NamedTuple):
    """Lifetime cost when one input moves to its low and its high and the rest stay likely."""

    path: str
    label: str
    at_low: int
    at_high: int
    low: Decimal
    high: Decimal

    @property
    def width(self) -> int:
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The answer to one set of assumptions at one price table.

    ``month`` is the first month of production, ``first_year`` its first twelve months (or the
    horizon, when shorter), ``lifetime`` building plus the whole horizon. ``ranged_phases`` took
    their range from the author's lows and highs; the other phases took the default error.
    """

    currency: str
    price_version: str
    cells: tuple[Cell, ...]
    phases: Mapping[str, Total]
    month: Total
    first_year: Total
    lifetime: Total
    volume: Decimal
    calls: Decimal
    input_per_call: Decimal
    models: tuple[ModelCost, ...]
    tornado: tuple[Swing, ...]
    tornado_basis: str
    ranged_phases: frozenset[str]
    warnings: tuple[str, ...]
    draws: int
    seed: int

    @property
    def build_cost(self) -> int:
        """Likely cost of development and testing, in nanos."""
        return self.phases["development"].cost.likely + self.phases["testing"].cost.likely

    @property
    def cost_per_interaction(self) -> int | None:
        """Likely nanos per interaction in a typical month; None without volume."""
        if self.volume <= 0:
            return None
        return int((Decimal(self.month.cost.likely) / self.volume).to_integral_value())

    @property
    def run_build_ratio(self) -> Decimal | None:
        """Production cost over the horizon against the cost of building; None without a build."""
        if not self.build_cost:
            return None
        return Decimal(self.phases["production"].cost.likely) / Decimal(self.build_cost)

    @property
    def production_cells(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.phase == "production")
