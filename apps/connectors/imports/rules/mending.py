"""Refused rows on their way out and, mended, back in. Pure.

The file of refused rows has NOTES beside the columns of the file it is from. They say what is wrong
with each row and which import refused it; they are no part of what a row means or is known by.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

IMPORT = "tokenops_import"
NOTES = ("tokenops_row", "tokenops_field", "tokenops_reason", "tokenops_fix", IMPORT)
_GUARDED = re.compile(r"^'[=+\-@\t\r\n]")
Hashes = npt.NDArray[np.uint64]


def own_columns(header: Sequence[str]) -> list[str]:
    """The columns of the file itself."""
    return [name for name in header if name not in NOTES]


def is_mended(header: Sequence[str]) -> bool:
    """Whether a file holds refused rows of an import."""
    return IMPORT in header


def restored(cell: str) -> str:
    """A cell as it came: files that go to people guard texts a spreadsheet would run."""
    return cell[1:] if _GUARDED.match(cell) else cell


def counts(wanted: Hashes, accepted: Iterable[Hashes]) -> npt.NDArray[np.int64]:
    """How many accepted rows have each of `wanted` (sorted, distinct identities)."""
    found = np.zeros(len(wanted), np.int64)
    for identities in accepted:
        place = np.searchsorted(wanted, identities)
        place[place == len(wanted)] = 0
        hit = wanted[place] == identities
        found += np.bincount(place[hit], minlength=len(wanted))
    return found
