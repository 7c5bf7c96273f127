"""Months: which steps they may take, and which part of attribution stays with closed ones."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256

from apps.common.periods import month_of
from apps.ledger.enums import PeriodStatus
from apps.ledger.rules import days
from apps.ledger.rules.axes import Assignment

STEPS = {
    PeriodStatus.OPEN: frozenset({PeriodStatus.SETTLING}),
    PeriodStatus.SETTLING: frozenset({PeriodStatus.CLOSED, PeriodStatus.OPEN}),
    PeriodStatus.CLOSED: frozenset({PeriodStatus.OPEN}),
}


def may_step(current: str, target: str) -> bool:
    """open → settling → closed; settling and closed periods may be reopened."""
    return PeriodStatus(target) in STEPS[PeriodStatus(current)]


def has_ended(month: date, today: date) -> bool:
    """Only a month whose last day is over can be closed."""
    return month_of(month).end <= today


def posting_day(today: date, closed: Iterable[date]) -> date:
    """Where changes of closed months count: today, or the first day after the closed months."""
    shut = frozenset(closed)
    while today.replace(day=1) in shut:
        today = month_of(today).end
    return today


def digest(rows: Iterable[Sequence[object]]) -> str:
    """SHA-256 of the cells of a period, in a fixed order."""
    h = sha256()
    for row in rows:
        h.update("|".join(map(str, row)).encode())
        h.update(b"\n")
    return h.hexdigest()


def keep_closed(
    old: Sequence[Assignment], new: Sequence[Assignment], closed: Iterable[date]
) -> list[Assignment]:
    """The new assignments, with the old ones kept on the days of closed months.

    Both cover all days without gap; so does the result.
    """
    months = [month_of(month) for month in sorted(closed)]
    shut = [(days.day_number(m.start), days.day_number(m.end)) for m in months]
    edges = sorted(
        {edge for a in (*old, *new) for edge in (a.start, a.end)}
        | {edge for span in shut for edge in span}
    )
    first, last = new[0].start, new[-1].end
    result: list[Assignment] = []
    for start, end in itertools.pairwise(edges):
        if end <= first or start >= last:
            continue
        is_shut = any(low <= start < high for low, high in shut)
        chosen = at(old if is_shut else new, start)
        piece = replace(chosen, start=start, end=end)
        if result and replace(result[-1], start=0, end=0) == replace(piece, start=0, end=0):
            result[-1] = replace(result[-1], end=end)
        else:
            result.append(piece)
    return result


def at(assignments: Sequence[Assignment], day: int) -> Assignment:
    """The assignment of a day."""
    for assignment in assignments:
        if assignment.start <= day < assignment.end:
            return assignment
    raise LookupError(f"no assignment on day {day}")
