"""The estimator: pure, no ORM, no clock, no I/O. See ``inputs`` for what goes in."""

from .checks import Problem, problems
from .estimate import estimate
from .inputs import Assumptions, MixShare, Triple, dump, exactly, load
from .prices import ModelPrice, PriceTable, Rates, UnpricedModelError
from .result import Cell, Estimate, Figure, ModelCost, Quantiles, Swing, Total

__all__ = [
    "Assumptions", "Cell", "Estimate", "Figure", "MixShare", "ModelCost", "ModelPrice",
    "PriceTable", "Problem", "Quantiles", "Rates", "Swing", "Total", "Triple", "UnpricedModelError",
    "dump", "estimate", "exactly", "load", "problems",
]  # fmt: skip
