"""The draws: one vectorised pass over :data:`~.sampling.DRAWS` sets of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from .fields import BOUNDS, FIELDS, is_used, value_at
from .formula import PHASES, Read, Value, cost_nanos, input_per_call, requests_of, tokens_of
from .inputs import Assumptions
from .prices import Blend, PriceTable, blend
from .result import Quantiles
from .sampling import DEFAULT_ERROR, Array, quantiles, sample

ERROR_BOUNDS = (DEFAULT_ERROR[0] / 100, DEFAULT_ERROR[2] * 100)


@dataclass(frozen=True, slots=True)
class PhaseDraws:
    """Tokens and cost: the first month of production, or the whole of a build phase."""

    tokens: Array
    cost: Array


def ranged_paths(a: Assumptions) -> list[str]:
    """Inputs in use whose author gave a low or a high."""
    return [
        spec.path for spec in FIELDS if is_used(a, spec.path) and value_at(a, spec.path).is_ranged
    ]


def ranged_phases(a: Assumptions) -> frozenset[str]:
    return frozenset(path.split(".", 1)[0] for path in ranged_paths(a))


def draw_inputs(a: Assumptions, *, draws: int, seed: int) -> dict[str, Array]:
    """Draws of every ranged input, and of the default error for phases without a range."""
    by_path = {spec.path: spec for spec in FIELDS}
    values: dict[str, Array] = {}
    for path in ranged_paths(a):
        triple = value_at(a, path)
        low, high = triple.bounds
        bounds = BOUNDS[by_path[path].kind]
        values[path] = sample(path, (low, triple.likely, high), bounds, draws=draws, seed=seed)
    for phase in set(PHASES) - ranged_phases(a):
        path = f"{phase}.error"
        values[path] = sample(path, DEFAULT_ERROR, ERROR_BOUNDS, draws=draws, seed=seed)
    return values


def reader(a: Assumptions, values: Mapping[str, Array]) -> Read:
    """Read a path from the draws, else its likely value."""

    def read(path: str) -> Value:
        if path in values:
            return values[path]
        return 1.0 if path.endswith(".error") else float(value_at(a, path).likely)

    return read


def run_phases(a: Assumptions, prices: PriceTable, v: Read, size: int) -> dict[str, PhaseDraws]:
    """Tokens and cost of every phase for ``size`` sets of inputs."""
    result = {}
    for phase in PHASES:
        tokens = tokens_of(phase, a, v)
        rates = blend(a.mix_of(phase), prices)
        share = 0.0 if phase == "development" else v(f"{phase}.batch_share")
        standard, batch = _rates(rates, input_per_call(v) if phase == "production" else 0.0)
        cost = cost_nanos(tokens, standard, batch, share, requests_of(phase, a, v))
        result[phase] = PhaseDraws(_filled(sum(tokens.values()), size), _filled(cost, size))
    return result


def _rates(rates: Blend, per_call: Value) -> tuple[dict[str, Value], dict[str, Value]]:
    if len(rates.thresholds) == 1 or np.ndim(per_call) == 0:
        single = len(rates.thresholds) == 1
        band = 0 if single else rates.band_of(Decimal(float(per_call)))
        return (
            {kind: float(rate) for kind, rate in rates.standard[band].items()},
            {kind: float(rate) for kind, rate in rates.batch[band].items()},
        )
    bands = np.maximum(np.searchsorted(rates.thresholds, per_call, side="left") - 1, 0)
    kinds = rates.standard[0]
    return (
        {k: np.array([float(b[k]) for b in rates.standard])[bands] for k in kinds},
        {k: np.array([float(b[k]) for b in rates.batch])[bands] for k in kinds},
    )


def _filled(value: Value, size: int) -> Array:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (size,))


def month_factors(growth_percent: Value, months: int) -> Array | list[float]:
    """Volume of month m against month 0: a list, or a months × draws matrix."""
    if np.ndim(growth_percent) == 0:
        return [(1 + float(growth_percent) / 100) ** m for m in range(months)]
    factors = np.empty((months, growth_percent.shape[0]))
    factors[0] = 1.0
    step = 1 + growth_percent / 100
    for m in range(1, months):
        np.multiply(factors[m - 1], step, out=factors[m])
    return factors


def quantiles_of(values: Array) -> Quantiles:
    return Quantiles(*quantiles(values))
