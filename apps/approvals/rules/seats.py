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


def needed_now(
    mode: StepMode,
    quorum: int,
    *,
    waiting: AbstractSet[UUID],
    instead: AbstractSet[UUID],
    places: Iterable[Place],
    given: Iterable[Given],
) -> int:
    """How many approvals finish a step that is not finished, with the people it has now.

    `waiting` are the seats that may still answer, `instead` those that stepped in for others: what
    they approve counts, but they are not waited for. A quorum is as large as its policy says, or
    as there are people. At least one more than have approved: people who come and go never finish
    a step.
    """
    extra = frozenset(p.seat for p in places if p.added)
    counting = [each for each in given if not each.seats <= extra]
    open_seats = waiting - instead
    if mode is StepMode.ALL:
        so_far = covered(counting) - extra
        return max(len((so_far - instead) | open_seats), len(so_far) + 1)
    people = {each.person for each in counting}
    if mode is StepMode.ANY:
        return len(people) + 1
    return max(min(quorum, len(people - instead) + len(open_seats)), len(people) + 1)


def missing(places: Iterable[Place], given: Iterable[Given]) -> frozenset[UUID]:
    """Seats added by hand whose approval is still owed."""
    return frozenset(p.seat for p in places if p.required) - covered(given)


def finished(mode: StepMode, needed: int, places: Iterable[Place], given: Iterable[Given]) -> bool:
    known, found = list(places), list(given)
    return enough(mode, needed, known, found) and not missing(known, found)
