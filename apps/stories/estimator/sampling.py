"""Draws of uncertain inputs: fixed seed, stratified, so the same story gives the same answer.

An input's low, likely and high are its P10, P50 and P90: two half-normals meet at the likely
value. Each input has its own shuffle of one stratified normal sample, keyed by its path: adding
or removing another input does not move its draws.
"""

from __future__ import annotations

import zlib
from decimal import Decimal
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DRAWS = 10_001  # odd: P10, P50 and P90 are draws, not interpolations, and the median is likely
SEED = 20261123
Z90 = NormalDist().inv_cdf(0.9)

DEFAULT_ERROR = (Decimal("0.72"), Decimal(1), Decimal("1.55"))
"""P10, P50, P90 of measured ÷ estimated when the author gives no range."""


@lru_cache(maxsize=4)
def _stratified(draws: int) -> Array:
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / draws) for i in range(draws)]) / Z90


@lru_cache(maxsize=128)
def standard(path: str, draws: int, seed: int) -> Array:
    """Normal draws for one input, scaled so that ±1 are its P10 and P90. Do not modify."""
    rng = np.random.default_rng([seed, zlib.crc32(path.encode())])
    sample: Array = rng.permutation(_stratified(draws))
    sample.flags.writeable = False
    return sample


def sample(
    path: str,
    triple: tuple[Decimal, Decimal, Decimal],
    bounds: tuple[Decimal, Decimal],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Array:
    """Draws of one input: P10, P50, P90 as given, cut at the bounds of its kind."""
    low, likely, high = (float(value) for value in triple)
    z = standard(path, draws, seed)
    values: Array = likely + np.where(z < 0, z * (likely - low), z * (high - likely))
    return np.clip(values, float(bounds[0]), float(bounds[1]))


def quantiles(values: Array) -> tuple[int, int, int]:
    """P10, P50 and P90 of a sample, rounded to whole units."""
    last = values.shape[-1] - 1
    ranks = [last // 10, last // 2, last * 9 // 10]
    part = np.partition(values, ranks)
    p10, p50, p90 = (round(float(part[rank])) for rank in ranks)
    return p10, p50, p90
