"""Whether use expands to fill a budget: it nears its limit while demand stands still. Pure.

Work expands to fill the budget that is there (Parkinson's law): the sign is a utilisation that
moves to 100 % period by period while as much is asked for as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

MIN_PERIODS = 3
NEAR, OVER = Fraction(9, 10), Fraction(11, 10)
"""The last period's utilisation of a budget that is being filled; above it is overspent."""
RISE = Fraction(1, 20)
"""How far utilisation has moved at least, from the first to the last period."""
FLAT = Fraction(1, 20)
"""Requests a day that rise by no more stand still."""


class Verdict(StrEnum):
    """What a row of periods says."""

    FILLING = "filling"
    DEMAND = "demand"
    OVERSPENT = "overspent"
    ROOM = "room"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PeriodUse:
    """A whole period: its limit and use (nanos or tokens), and requests, None where nobody counts
    them."""

    limit: int | None
    used: int
    requests: int | None
    days: int

    @property
    def share(self) -> Fraction | None:
        """Use of the limit; None of no limit."""
        return Fraction(self.used, self.limit) if self.limit else None


def demand(uses: Sequence[PeriodUse]) -> Fraction | None:
    """The change of requests a day from the first to the last period; None where they are not
    counted on a side, or there were none to begin with."""
    first, last = uses[0], uses[-1]
    if not first.requests or last.requests is None:
        return None
    return Fraction(last.requests * first.days, first.requests * last.days) - 1


def verdict(uses: Sequence[PeriodUse]) -> Verdict:
    """What whole periods say, oldest first; the last MIN_PERIODS must come nearer to the limit each
    time. UNKNOWN with fewer of them, with one without a limit, or where demand is not counted."""
    shares = [use.share for use in uses[-MIN_PERIODS:]]
    known = [share for share in shares if share is not None]
    if len(known) < MIN_PERIODS:
        return Verdict.UNKNOWN
    if known[-1] > OVER:
        return Verdict.OVERSPENT
    gaps = [abs(1 - share) for share in known]
    nearing = all(later <= earlier for earlier, later in pairwise(gaps))
    if not nearing or known[-1] < NEAR or known[-1] - known[0] < RISE:
        return Verdict.ROOM
    asked = demand(uses[-MIN_PERIODS:])
    if asked is None:
        return Verdict.UNKNOWN
    return Verdict.FILLING if asked <= FLAT else Verdict.DEMAND
