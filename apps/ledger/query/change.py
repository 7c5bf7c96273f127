"""Why the cost of any two periods differs, under any filters, in exact parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from apps.ledger.query.service import side_by_side, total_of
from apps.ledger.query.types import Query, Row
from apps.ledger.rules.drivers import SILENT, Drivers, Use, explain
from apps.pricing.selectors import relative_prices


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two periods: its models and their total."""

    rows: list[Row]

    @property
    def total(self) -> Row:
        return total_of(self.rows)


@dataclass(frozen=True)
class Change:
    """`before` and `now` are the two periods by model; use without a price is in neither side of
    the drivers and is counted by their totals' `unpriced_*`."""

    before: Side
    now: Side
    drivers: Drivers

    @property
    def before_nanos(self) -> int:
        return self.before.total.cost_nanos or 0

    @property
    def now_nanos(self) -> int:
        return self.now.total.cost_nanos or 0

    @property
    def unpriced_tokens(self) -> int:
        """Tokens of both periods that have no price and are not in the parts."""
        return self.before.total.unpriced_tokens + self.now.total.unpriced_tokens


def why(query: Query, before: tuple[date, date]) -> Change:
    """Split the change of cost from the days [before) to the query's days, under its filters.

    Grain, grouping, order and limit of the query play no part: models are compared over each
    period as a whole. The parts sum to the change to the nano (see `rules.drivers`).
    """
    asked = replace(query, group_by=("model",), limit=None, order="label", requests=True)
    earlier, later = side_by_side(asked, [before, (query.start, query.end)])
    return Change(Side(earlier), Side(later), compare(earlier, later))


def compare(before: Sequence[Row], now: Sequence[Row]) -> Drivers:
    """The drivers between two lists of rows by model.

    Use of a model whose sources do not count requests is a line of its own: its tokens are its
    volume, and requests of other sources explain nothing of it.
    """
    sides = (_uses(before), _uses(now))
    models = {row.labels[0] for row in (*before, *now)}
    prices = relative_prices(models)
    return explain(*sides, prices | {f"{name}{SILENT}": known for name, known in prices.items()})


def _uses(rows: Sequence[Row]) -> dict[str, Use]:
    """Priced use by model, and apart from it what is not counted in requests. A model that is
    partly unpriced counts with its priced part, in the proportions of all of it."""
    found: dict[str, Use] = {}
    for row in rows:
        model, counted = row.labels[0], row.countable
        if row.counted is not None:
            left = tuple(a - b for a, b in zip(row.measures, row.counted, strict=True))
            rest = Row(row.keys, row.labels, row.period, left)
            if rest.records and rest.cost_nanos is not None:
                found[model + SILENT] = _use(rest)
            if not counted.records:
                continue
        if counted.cost_nanos is not None:
            found[model] = _use(counted)
    return found


def _use(row: Row) -> Use:
    tokens: tuple[int, ...] = row.tokens
    whole = sum(tokens)
    if row.unpriced_tokens and whole:
        priced = whole - row.unpriced_tokens
        tokens = tuple(count * priced // whole for count in tokens)
    return Use(row.requests - row.unpriced_requests, tokens, row.cost_nanos or 0)
