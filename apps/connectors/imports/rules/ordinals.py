"""Rows of one identity get numbers 0, 1, 2 … that do not depend on where they stand. Pure.

Works on 64-bit hashes in file order, a part of the key space at a time, so that memory is bounded
whatever the size of the file.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
PART = 2_000_000
PAIR = np.dtype([("row", "<u4"), ("ordinal", "<u4")])
Piece = tuple[int, Hashes, Hashes]


def repeated(
    pieces: Callable[[], Iterable[Piece]], total: int
) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
    """(piece, rows with their ordinal) for each piece that holds repeated identities.

    `pieces()` yields (piece number, identity hashes, measure hashes) in file order, anew each
    time. Ordinal 0 is left out. Within an identity rows are ordered by measure, then position.
    """
    parts = max(1, -(-total // PART))
    found: dict[int, list[npt.NDArray[np.void]]] = {}
    for part in range(parts):
        for number, pairs in _one_part(pieces(), part, parts):
            found.setdefault(number, []).append(pairs)
    for number in sorted(found):
        yield number, np.sort(np.concatenate(found[number]), order="row")


def _one_part(
    pieces: Iterable[Piece], part: int, parts: int
) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
    numbers, rows, identities, measures = [], [], [], []
    for number, identity, measure in pieces:
        mine = np.flatnonzero(identity % np.uint64(parts) == part).astype(np.uint32)
        numbers.append(np.full(len(mine), number, np.uint32))
        rows.append(mine)
        identities.append(identity[mine])
        measures.append(measure[mine])
    if not any(len(mine) for mine in rows):
        return
    identity, measure = np.concatenate(identities), np.concatenate(measures)
    identities.clear()
    measures.clear()
    # Stable: rows alike in both stay in the order of the file.
    order = np.lexsort((measure, identity)).astype(np.uint32)
    ordered = identity[order]
    del measure, identity
    position = np.arange(len(ordered), dtype=np.uint32)
    begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    del ordered
    first = np.maximum.accumulate(np.where(begins, position, np.uint32(0)))
    ordinal = position - first
    again = ordinal > 0
    where = np.concatenate(numbers)[order][again]
    row = np.concatenate(rows)[order][again]
    for number in np.unique(where):
        mine = where == number
        pairs = np.empty(int(mine.sum()), PAIR)
        pairs["row"], pairs["ordinal"] = row[mine], ordinal[again][mine]
        yield int(number), pairs
