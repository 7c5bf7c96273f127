"""Months of the books with the figures of what an actor may see."""

from collections import Counter
from dataclasses import replace
from datetime import date
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.errors import NotFound
from apps.common.periods import month_of
from apps.ledger.query import Query, Row, run
from apps.ledger.selectors.adjustments import adjustments
from apps.ledger.selectors.periods import PeriodRow, periods


def sees_whole(actor: Actor) -> bool:
    """Whether figures are the organization's. Its checklist and proof speak of all of it."""
    return visible_unit_ids(actor, P.USAGE_VIEW) is None


def own_periods(actor: Actor) -> list[PeriodRow]:
    """Every month, the latest first. For somebody bound to units: the figures of their usage, and
    neither the digest nor the count of raw records that went, which are of everything."""
    rows = periods()
    units = visible_unit_ids(actor, P.USAGE_VIEW)
    if units is None or not rows:
        return rows
    figures = _figures(rows, units)
    months = Counter(
        day.replace(day=1) for day in adjustments(actor).values_list("origin_day", flat=True)
    )
    return [_narrowed(row, figures.get(row.month), months[row.month]) for row in rows]


def own_period(actor: Actor, month: date) -> PeriodRow:
    """One month; NotFound for a month without usage or status."""
    for row in own_periods(actor):
        if row.month == month:
            return row
    raise NotFound("There is no usage in this month.", code="period_not_found")


def _figures(rows: list[PeriodRow], units: frozenset[UUID]) -> dict[date, Row]:
    query = Query(
        start=rows[-1].month,
        end=month_of(rows[0].month).end,
        grain="month",
        order="period",
        unit_ids=units,
    )
    return {row.period: row for row in run(query).rows if isinstance(row.period, date)}


def _narrowed(row: PeriodRow, own: Row | None, changes: int) -> PeriodRow:
    return replace(
        row,
        cost_nanos=(own.cost_nanos or 0) if own else 0,
        tokens=own.tokens.total if own else 0,
        unpriced_records=own.unpriced_records if own else 0,
        adjustments=changes,
        digest="",
        pruned_records=0,
    )
