"""Differences of rollup cells, summed over the records that a batch changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.common.tokens import KINDS
from apps.ledger.enums import CostStatus

IntArray = NDArray[np.int64]
WIDTH = len(KINDS) + 6
"""Measures per cell, in the order of `models.measures.MEASURES`."""
REQUESTS, RECORDS, COST = len(KINDS), len(KINDS) + 1, len(KINDS) + 2
UNPRICED_TOKENS, UNPRICED_REQUESTS, UNPRICED_RECORDS = COST + 1, COST + 2, COST + 3


def measures(
    counts: IntArray,
    requests: IntArray,
    cost: IntArray,
    status: NDArray[np.int16],
    records: IntArray | int = 1,
) -> IntArray:
    """Records x measures. `requests` -1 (unknown) adds nothing; a withdrawn record counts none.

    With `records` each entry is the sum of that many records of one status.
    """
    n = len(cost)
    out = np.zeros((n, WIDTH), np.int64)
    kinds = len(KINDS)
    out[:, :kinds] = counts
    out[:, REQUESTS] = np.maximum(requests, 0)
    unpriced = status >= CostStatus.UNPRICED
    out[:, COST] = np.where(unpriced, 0, cost)
    out[:, RECORDS] = np.where(status != CostStatus.WITHDRAWN, records, 0)
    if unpriced.any():
        out[:, UNPRICED_TOKENS] = np.where(unpriced, out[:, :kinds].sum(axis=1), 0)
        out[:, UNPRICED_REQUESTS] = np.where(unpriced, out[:, REQUESTS], 0)
        out[:, UNPRICED_RECORDS] = np.where(unpriced, records, 0)
    return out


@dataclass(slots=True)
class Cells:
    """Sums by two integer keys: rows of `sums` belong to (first[i], second[i])."""

    first: IntArray
    second: IntArray
    sums: IntArray

    def nonzero(self) -> "Cells":
        """Without the cells that do not move."""
        keep = self.sums.any(axis=1)
        if keep.all():
            return self
        return Cells(self.first[keep], self.second[keep], self.sums[keep])


def group(first: IntArray, second: IntArray, rows: IntArray) -> Cells:
    """Sum `rows` over equal pairs of keys."""
    if not len(first):
        return Cells(first, second, rows)
    base = int(second.min())
    width = int(second.max()) - base + 1
    code = first * width + (second - base)
    order = np.argsort(code, kind="stable")
    code = code[order]
    starts = np.flatnonzero(np.concatenate(([True], code[1:] != code[:-1])))
    sums = np.zeros((len(starts), rows.shape[1]), np.int64)
    for column in np.flatnonzero(rows.any(axis=0)).tolist():
        sums[:, column] = np.add.reduceat(rows[order, column], starts)
    at = order[starts]
    return Cells(first[at], second[at], sums)


def concat(parts: Sequence[Cells]) -> Cells:
    """All cells of several sets, not yet summed over equal keys."""
    return Cells(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.sums for part in parts]),
    )
