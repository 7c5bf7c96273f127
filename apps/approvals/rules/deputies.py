"""Whom a delegation covers, and who stands in for whom. Pure."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from uuid import UUID

LONGEST = 366
"""Days a delegation may last."""
DEEPEST = 3
"""A deputy's deputy's deputy: longer chains say nothing about trust any more."""


@dataclass(frozen=True, slots=True)
class Deputy:
    """One delegation as the rules see it; empty fields mean all."""

    id: UUID
    person: UUID
    deputy: UUID
    starts_on: date
    ends_on: date
    subject_type: str = ""
    unit_id: UUID | None = None
    max_amount_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be decided: `unit_path` is its unit and all above it."""

    subject_type: str
    unit_path: AbstractSet[UUID]
    amount_nanos: int | None


def covers(deputy: Deputy, matter: Matter, today: date) -> bool:
    """Whether the deputy may answer this today. A limit of money never covers an unknown amount."""
    if not deputy.starts_on <= today <= deputy.ends_on:
        return False
    if deputy.subject_type and deputy.subject_type != matter.subject_type:
        return False
    if deputy.unit_id is not None and deputy.unit_id not in matter.unit_path:
        return False
    if deputy.max_amount_nanos is None:
        return True
    return matter.amount_nanos is not None and matter.amount_nanos <= deputy.max_amount_nanos


def stand_ins(
    seats: Iterable[UUID],
    delegations: Sequence[Deputy],
    matter: Matter,
    today: date,
    excluded: AbstractSet[UUID],
) -> list[tuple[UUID, UUID]]:
    """Pairs (deputy, seat). A deputy who is away passes the seat on, at most `DEEPEST` times."""
    valid = [d for d in delegations if covers(d, matter, today)]
    found: dict[tuple[UUID, UUID], None] = {}
    for seat in seats:
        reached, frontier = {seat}, [seat]
        for _ in range(DEEPEST):
            frontier = [
                d.deputy
                for p in frontier
                for d in valid
                if d.person == p and d.deputy not in reached
            ]
            reached.update(frontier)
            for deputy in frontier:
                if deputy not in excluded:
                    found[deputy, seat] = None
    return list(found)
