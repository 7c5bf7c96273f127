"""Measured use, always through the ledger's query service: the same figures as every other page."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.common import clock
from apps.ledger.query import Query, Result, run
from apps.pricing.selectors import price_book

RECENT_DAYS = 30


def top_models(limit: int = 3) -> list[tuple[str, str]]:
    """Provider and model the organization spent most on recently, as the price book names them."""
    today = clock.today()
    result = run(
        Query(
            start=today - dt.timedelta(days=RECENT_DAYS),
            end=today + dt.timedelta(days=1),
            group_by=("model",),
            limit=limit,
        )
    )
    book = price_book()
    return [book.canonical("", row.keys[0]) for row in result.rows if row.keys[0]]


@dataclass(frozen=True, slots=True)
class Workload:
    """A capability's use in the last RECENT_DAYS days."""

    capability_id: UUID
    name: str
    cost_nanos: int


def largest_untracked(covered: frozenset[UUID]) -> Workload | None:
    """The capability with the highest recent cost that no approved story covers."""
    today = clock.today()
    result = run(
        Query(
            start=today - dt.timedelta(days=RECENT_DAYS),
            end=today + dt.timedelta(days=1),
            group_by=("capability",),
            limit=100,
        )
    )
    for row in result.rows:
        if row.keys[0] and row.cost_nanos and UUID(row.keys[0]) not in covered:
            return Workload(UUID(row.keys[0]), row.labels[0], row.cost_nanos)
    return None


def monthly(start: dt.date, end: dt.date, axis: str, key: UUID) -> Result:
    """Months of one story or capability. ``start`` and ``end`` are firsts of months."""
    return run(Query(start=start, end=end, grain="month", filters={axis: [str(key)]}))
