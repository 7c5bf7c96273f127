"""Put an estimate together: the exact likely case, the range, the sensitivity, the remarks."""

from __future__ import annotations

import datetime as dt

import numpy as np

from .exact import Likely, LikelyPhase, likely_case
from .formula import PHASES, Value
from .inputs import Assumptions, add_months
from .prices import PriceTable
from .result import Cell, Estimate, Figure, Quantiles, Swing, Total
from .sampling import DRAWS, SEED, Array
from .simulate import (
    PhaseDraws,
    draw_inputs,
    month_factors,
    quantiles_of,
    ranged_phases,
    reader,
    run_phases,
)
from .tornado import tornado
from .warnings import remarks

YEAR = 12


def estimate(
    a: Assumptions,
    prices: PriceTable,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    today: dt.date | None = None,
    brief: bool = False,
) -> Estimate:
    """Tokens and cost per month, per phase and for the lifetime.

    ``a`` must be free of :func:`~.checks.problems`. Raises ``UnpricedModelError`` when a model of
    a mix has no price; nothing is ever priced at zero for want of a price. ``brief`` leaves out
    the months and the tornado.
    """
    likely = likely_case(a, prices)
    v = reader(a, draw_inputs(a, draws=draws, seed=seed))
    phases = run_phases(a, prices, v, draws)
    factors = month_factors(v("production.growth"), a.production.horizon_months)
    cells: tuple[Cell, ...] = ()
    swings: tuple[Swing, ...] = ()
    basis = ""
    if not brief:
        cells = (
            *_build_cells("development", a, likely, phases),
            *_build_cells("testing", a, likely, phases),
            *_production_cells(a, likely, phases["production"], factors),
        )
        swings, basis = tornado(a, prices)
    totals = _totals(likely, phases, factors)
    return Estimate(
        currency=prices.currency,
        price_version=prices.version,
        cells=cells,
        phases={phase: totals[phase] for phase in PHASES},
        month=totals["month"],
        first_year=totals["first_year"],
        lifetime=totals["lifetime"],
        volume=likely.volume,
        calls=likely.calls,
        input_per_call=likely.input_per_call,
        models=likely.models,
        tornado=swings,
        tornado_basis=basis,
        ranged_phases=ranged_phases(a),
        warnings=tuple(remarks(a, prices, today=today)),
        draws=draws,
        seed=seed,
    )


def _build_cells(
    phase: str, a: Assumptions, likely: Likely, phases: dict[str, PhaseDraws]
) -> list[Cell]:
    sure = likely.phases[phase]
    if not sum(sure.costs) and not any(sum(m.values()) for m in sure.tokens):
        return []
    months = a.build_months
    tokens, cost = quantiles_of(phases[phase].tokens), quantiles_of(phases[phase].cost)
    return [
        Cell(
            phase=phase,
            offset=m,
            month=add_months(a.starts_on, m),
            tokens=Figure(sum(sure.tokens[m].values()), _share(tokens, months)),
            cost=Figure(sure.costs[m], _share(cost, months)),
        )
        for m in range(months)
    ]


def _share(range_: Quantiles, months: int) -> Quantiles:
    return Quantiles(*(round(value / months) for value in range_))


def _production_cells(
    a: Assumptions, likely: Likely, draws: PhaseDraws, factors: Array | list[float]
) -> list[Cell]:
    sure = likely.phases["production"]
    tokens, cost = _monthly(draws.tokens, factors), _monthly(draws.cost, factors)
    return [
        Cell(
            phase="production",
            offset=sure.first_offset + m,
            month=add_months(a.live_on, m),
            tokens=Figure(sum(sure.tokens[m].values()), tokens[m]),
            cost=Figure(sure.costs[m], cost[m]),
        )
        for m in range(a.production.horizon_months)
    ]


def _monthly(first: Array, factors: Array | list[float]) -> list[Quantiles]:
    """Range of every month. With certain growth the range of the first month scales."""
    if isinstance(factors, list):
        base = quantiles_of(first)
        return [Quantiles(*(round(value * factor) for value in base)) for factor in factors]
    return [quantiles_of(first * factors[m]) for m in range(factors.shape[0])]


def _totals(
    likely: Likely, phases: dict[str, PhaseDraws], factors: Array | list[float]
) -> dict[str, Total]:
    production = phases["production"]
    build_tokens = phases["development"].tokens + phases["testing"].tokens
    build_cost = phases["development"].cost + phases["testing"].cost
    year, life = _summed(factors, YEAR), _summed(factors, len(factors))
    run = likely.phases["production"]
    result = {
        "month": _total(run, 1, production.tokens, production.cost),
        "first_year": _total(run, YEAR, production.tokens * year, production.cost * year),
        "production": _total(run, None, production.tokens * life, production.cost * life),
    }
    for phase in ("development", "testing"):
        result[phase] = _total(likely.phases[phase], None, phases[phase].tokens, phases[phase].cost)
    parts = [result[phase] for phase in PHASES]
    kinds: dict[str, int] = {}
    for part in parts:
        for kind, count in part.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    result["lifetime"] = Total(
        tokens=Figure(
            sum(part.tokens.likely for part in parts),
            quantiles_of(build_tokens + production.tokens * life),
        ),
        cost=Figure(
            sum(part.cost.likely for part in parts),
            quantiles_of(build_cost + production.cost * life),
        ),
        kinds=kinds,
    )
    return result


def _summed(factors: Array | list[float], months: int) -> Value:
    if isinstance(factors, list):
        return sum(factors[:months])
    return np.sum(factors[:months], axis=0)


def _total(sure: LikelyPhase, months: int | None, tokens: Array, cost: Array) -> Total:
    part = LikelyPhase(sure.first_offset, sure.tokens[:months], sure.costs[:months])
    kinds = part.kinds
    return Total(
        tokens=Figure(sum(kinds.values()), quantiles_of(tokens)),
        cost=Figure(sum(part.costs), quantiles_of(cost)),
        kinds=kinds,
    )
