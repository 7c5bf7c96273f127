"""Which assumption matters most: the lifetime cost when one input moves and the rest stay."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from .fields import BOUNDS, BY_PATH, FIELDS, is_used, value_at
from .inputs import Assumptions
from .prices import PriceTable
from .result import Swing
from .sampling import Array
from .simulate import month_factors, ranged_paths, reader, run_phases

NUDGE = Decimal("0.2")  # without ranges: each input 20 % lower and higher
SHOWN = 8


def tornado(a: Assumptions, prices: PriceTable) -> tuple[tuple[Swing, ...], str]:
    """Swings, widest first, and their basis: "range" (given lows and highs) or "nudge" (±20 %)."""
    moves = _ranged(a)
    basis = "range" if moves else "nudge"
    if not moves:
        moves = _nudged(a)
    if not moves:
        return (), basis
    costs = _lifetime_costs(a, prices, moves)
    swings = [
        Swing(path, _label(path), int(costs[2 * i]), int(costs[2 * i + 1]), low, high)
        for i, (path, low, high) in enumerate(moves)
    ]
    swings.sort(key=lambda swing: (-swing.width, swing.path))
    return tuple(swing for swing in swings[:SHOWN] if swing.width), basis


def _label(path: str) -> str:
    spec = BY_PATH[path]
    prefix = {"development": "Development: ", "testing": "Testing: "}.get(spec.phase, "")
    return prefix + (spec.label[0].lower() + spec.label[1:] if prefix else spec.label)


def _ranged(a: Assumptions) -> list[tuple[str, Decimal, Decimal]]:
    return [(path, *value_at(a, path).bounds) for path in ranged_paths(a)]


def _nudged(a: Assumptions) -> list[tuple[str, Decimal, Decimal]]:
    moves = []
    for spec in FIELDS:
        likely = value_at(a, spec.path).likely
        if likely == 0 or not is_used(a, spec.path):
            continue
        least, most = BOUNDS[spec.kind]
        around = sorted((likely * (1 - NUDGE), likely * (1 + NUDGE)))
        moves.append((spec.path, max(least, around[0]), min(most, around[1])))
    return moves


def _lifetime_costs(
    a: Assumptions, prices: PriceTable, moves: list[tuple[str, Decimal, Decimal]]
) -> Array:
    """Lifetime cost per scenario; scenario 2i moves input i to its low, 2i+1 to its high."""
    size = 2 * len(moves)
    values: dict[str, Array] = {}
    for i, (path, low, high) in enumerate(moves):
        column = np.full(size, float(value_at(a, path).likely))
        column[2 * i], column[2 * i + 1] = float(low), float(high)
        values[path] = column
    v = reader(a, values)
    phases = run_phases(a, prices, v, size)
    factors = month_factors(v("production.growth"), a.production.horizon_months)
    months = sum(factors) if isinstance(factors, list) else factors.sum(axis=0)
    lifetime: Array = (
        phases["development"].cost + phases["testing"].cost + phases["production"].cost * months
    )
    return np.rint(lifetime)
