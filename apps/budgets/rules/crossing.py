"""What a look at a budget's thresholds does with what earlier looks have told. Pure.

A threshold is told once per period. Use that is restated down and up again tells nobody twice; a
limit that was raised over it makes it lie ahead again, and reaching it then is news.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from apps.budgets.enums import Basis

OVERRUN = 100
"""Percent of measured use at which a budget is overrun: told whatever its thresholds are."""
DEFAULT: tuple[tuple[Basis, int], ...] = (
    (Basis.ACTUAL, 50),
    (Basis.ACTUAL, 80),
    (Basis.ACTUAL, 90),
    (Basis.ACTUAL, OVERRUN),
    (Basis.FORECAST, 100),
    (Basis.ACTUAL, 120),
)
"""Percent of the limit at which budgets speak up, unless the organization or they say otherwise."""
FINANCE_FROM = 100
"""Percent from which finance is told besides, measured or forecast."""
EMAIL_FROM = 80
"""Percent from which people who chose nothing get an e-mail; below it the inbox is enough."""


class Step(StrEnum):
    """What a look does with one threshold."""

    TELL = "tell"
    ARM = "arm"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a threshold in a period: the limit it was last seen reached under."""

    limit: int
    is_armed: bool


def step(known: Told | None, *, reached: bool, limit: int) -> Step:
    """TELL for news, ARM where a higher limit puts a told threshold ahead again, else KEEP.

    An armed one is news only under a higher limit than it was told under: a raise that was taken
    back tells nobody of the old amount again.
    """
    if known is None:
        return Step.TELL if reached else Step.KEEP
    if known.is_armed:
        return Step.TELL if reached and limit > known.limit else Step.KEEP
    return Step.ARM if not reached and limit > known.limit else Step.KEEP


def watched(wanted: Iterable[tuple[Basis, int]], limit: int) -> list[tuple[Basis, int]]:
    """The thresholds to look at, the overrun included. Shares of a limit of nothing mean nothing:
    only that something was used counts."""
    overrun = (Basis.ACTUAL, OVERRUN)
    found = {overrun} if limit == 0 else {overrun, *wanted}
    return sorted(found, key=lambda one: (one[1], one[0] is Basis.ACTUAL))


def severity(basis: Basis, percent: int) -> tuple[int, bool]:
    """To choose the one of several that speaks for all: the highest, measured before forecast."""
    return percent, basis is Basis.ACTUAL
