"""When a step is finished: how many seats, how many people, and who was added by hand.

A seat is a place on a step: a holder of one of its roles, filled by that person or by a deputy.
One person answers once, for every seat they fill.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from apps.approvals.enums import StepMode


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody who may answer: who, in whose seat, and whether the step ends without it.

    A seat that was `added` by hand comes on top: it counts for nobody else's.
    """

    person: UUID
    seat: UUID
    required: bool = False
    added: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """One approval that counts: who gave it, and for which seats."""

    person: UUID
    seats: AbstractSet[UUID]


def covered(given: Iterable[Given]) -> frozenset[UUID]:
    """Seats that have approved."""
    return frozenset(seat for each in given for seat in each.seats)


def enough(mode: StepMode, needed: int, places: Iterable[Place], given: Iterable[Given]) -> bool:
    """Whether the step's own rule is satisfied, before anybody who was added by hand.

    ALL counts seats, so a deputy answers for an absent person; ANY and a quorum count people:
    one person who fills two seats is still one pair of eyes.
    """
    known = list(places)
    extra = frozenset(p.seat for p in known if p.added) - {p.seat for p in known if not p.added}
    counting = [each for each in given if not each.seats <= extra]
    if mode is StepMode.ALL:
        return len(covered(counting) - extra) >= needed
    return len({each.person for each in counting}) >= needed


def missing(places: Iterable[Place], given: Iterable[Given]) -> frozenset[UUID]:
    """Seats added by hand whose approval is still owed."""
    return frozenset(p.seat for p in places if p.required) - covered(given)


def finished(mode: StepMode, needed: int, places: Iterable[Place], given: Iterable[Given]) -> bool:
    known, found = list(places), list(given)
    return enough(mode, needed, known, found) and not missing(known, found)
