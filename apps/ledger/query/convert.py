"""Figures in another currency: the one place where an answer is converted.

Costs are kept by day, so each day's cost meets the rate of that day: the last one published on or
before it. Sums are exact fractions and rounded half-even once per figure: a total is the same
however it is grouped. Without a rate a figure is None and says why.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime

from apps.common.periods import days_between
from apps.ledger.query.plan import period_of
from apps.ledger.query.reported import Reported
from apps.ledger.query.types import Grain, Query, Row
from apps.pricing.fx.rules import Converter, Rate
from apps.pricing.fx.selectors import rate_table

RULE = "the last rate published on or before each day"
_Key = tuple[tuple[str | None, ...], date | datetime | None]
Ask = Callable[[Query], tuple[list[Row], Row]]
AskDays = Callable[[Query], Iterable[tuple[date, int | None]]]


def convert(
    query: Query, rows: list[Row], total: Row, *, source: str, target: str, ask: Ask
) -> Reported:
    """Convert an answer. `ask` answers a query with all rows and the total, in `source`."""
    if source == target:
        costs = [row.cost_nanos for row in rows]
        return Reported(target, source, total.cost_nanos, costs)
    if query.grain in ("day", "hour") and query.limit is None:
        daily = rows
    else:
        grain: Grain = "hour" if query.grain == "hour" else "day"
        daily, _ = ask(replace(query, grain=grain, limit=None, order="period"))
    by_figure: dict[_Key, list[tuple[date, int | None]]] = defaultdict(list)
    everything: list[tuple[date, int | None]] = []
    for row in daily:
        if row.period is None:
            continue
        day = day_of(row.period)
        everything.append((day, row.cost_nanos))
        by_figure[row.keys, _period(query, row.period)].append((day, row.cost_nanos))
    converter = Converter(_rates(query, source, target))
    return Reported(
        currency=target,
        source=source,
        total_nanos=None if total.cost_nanos is None else converter.total(everything),
        rows=[
            None
            if row.cost_nanos is None
            else converter.total(by_figure.get((row.keys, row.period), []))
            for row in rows
        ],
        missing=tuple(converter.missing(everything)),
        first=converter.first,
        last=converter.last,
    )


def convert_total(
    query: Query, rows: list[Row], total: Row, *, source: str, target: str, by_day: AskDays
) -> Reported:
    """The same without the rows: for pages that show the total alone. `by_day` gives the known
    cost of each day."""
    if source == target:
        return Reported(target, source, total.cost_nanos, [])
    if query.grain in ("day", "hour") and query.limit is None:
        daily = [(day_of(row.period), row.cost_nanos) for row in rows if row.period is not None]
    else:
        daily = list(by_day(replace(query, group_by=(), limit=None)))
    converter = Converter(_rates(query, source, target))
    return Reported(
        currency=target,
        source=source,
        total_nanos=None if total.cost_nanos is None else converter.total(daily),
        rows=[],
        missing=tuple(converter.missing(daily)),
        first=converter.first,
        last=converter.last,
    )


def day_of(period: object) -> date:
    """The day of a period that is a day or an hour."""
    if isinstance(period, datetime):
        return period.date()
    if isinstance(period, date):
        return period
    raise TypeError(f"{period!r} is no day")


def _rates(query: Query, source: str, target: str) -> dict[date, Rate | None]:
    table = rate_table((source, target), query.start, query.end)
    return {day: table.at(day, source, target) for day in days_between(query.start, query.end)}


def _period(query: Query, period: date | datetime) -> date | datetime | None:
    if query.grain == "total":
        return None
    return period if isinstance(period, datetime) else period_of(period, query.grain)
