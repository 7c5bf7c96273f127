"""Pure rules of planning: the days of a cycle, which envelope a unit falls under, and its sums."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from uuid import UUID

from apps.common.periods import month_of
from apps.planning.enums import MONTHS, CycleKind


def end_of_cycle(kind: CycleKind, starts_on: date) -> date:
    """The day after the last of a cycle that begins on the first of a month."""
    return month_of(starts_on).shift(MONTHS[kind]).start


def next_start(kind: CycleKind, after: date, year_starts_in: int) -> date:
    """The first day of the next quarter or year of an organization's fiscal calendar."""
    month = month_of(after).shift(1)
    while (month.month - year_starts_in) % MONTHS[kind]:
        month = month.shift(1)
    return month.start


def suggested_name(kind: CycleKind, starts_on: date, year_starts_in: int) -> str:
    """`2027 Q1`, `2027`; a fiscal year is named by the calendar year it ends in."""
    first = starts_on.month - year_starts_in
    last_month = month_of(starts_on).shift(11 - first % 12)
    if kind is CycleKind.YEAR:
        return f"{last_month.year}"
    return f"{last_month.year} Q{first % 12 // 3 + 1}"


def last_day(ends_on: date) -> date:
    return ends_on - timedelta(days=1)


def holder_of(
    unit_id: UUID | None, holders: Iterable[UUID], parents: Mapping[UUID, UUID | None]
) -> UUID | None:
    """The unit whose envelope covers a unit: its own, or that of the nearest unit above it.

    So every unit falls under one envelope at most and envelopes add up without counting twice.
    """
    known, seen = set(holders), set[UUID]()
    while unit_id is not None and unit_id not in seen:
        if unit_id in known:
            return unit_id
        seen.add(unit_id)
        unit_id = parents.get(unit_id)
    return None


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum of what is known; None when nothing is: missing is not zero."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def difference(amount: int | None, other: int | None) -> int | None:
    """How much `amount` is above `other`; None where either is missing."""
    return None if amount is None or other is None else amount - other
