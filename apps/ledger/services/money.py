"""What a chunk costs: reported amounts kept, the rest priced from the price book."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.common.money import to_nanos
from apps.ledger.enums import CostBasis, CostStatus, Granularity
from apps.ledger.rules import days, keys
from apps.ledger.rules.columns import Columns
from apps.ledger.rules.costs import Quantities, price_records
from apps.ledger.rules.deltas import IntArray
from apps.ledger.schema import MAX_COST
from apps.ledger.services import foreign
from apps.ledger.services.dimensions import Dictionary
from apps.ledger.services.sql import insert_rows
from apps.pricing.rules import CURRENCY as BOOK_CURRENCY
from apps.pricing.rules import Band, Schedule

_SNAPSHOT = (
    ("id", "bigint"),
    ("price_id", "uuid"),
    ("list_price_id", "uuid"),
    ("over", "bigint"),
    ("currency", "text"),
    ("rates", "jsonb"),
)


OWN = b"   "
"""Stands for the ledger's own currency where a source's would be."""
MOST = to_nanos(MAX_COST) * 4
"""A converted amount beyond it would not fit beside others: it waits for a better rate."""


@dataclass(slots=True)
class Money:
    """Per record. `cost` is 0 where the status says that it is not known; `price_id` 0 where no
    price decided. `source_cost` is the amount in `source_currency`, converted or awaiting a rate;
    0 and OWN where the amount is in the ledger's currency."""

    cost: IntArray
    status: NDArray[np.int16]
    price_id: IntArray
    source_cost: IntArray
    source_currency: NDArray[np.bytes_]
    bands: dict[int, Band]


def price(
    book: Dictionary, sets: IntArray, columns: Columns, *, currency: str, timezone: str
) -> Money:
    """Costs of a chunk in the organization's currency.

    An amount in another currency keeps its source amount and is converted by the rate of its day
    in the ledger's zone. Without such a rate it has no cost until there is one (status
    UNCONVERTED); tokens without a price have none either (UNPRICED). Neither is ever 0.
    """
    quantities = Quantities(columns.counts, columns.requests, columns.occurred, columns.granularity)
    priced = price_open(book, sets, quantities, np.flatnonzero(~columns.has_cost))
    reported = columns.has_cost
    cost = np.where(reported, columns.reported, priced.cost)
    status = np.where(
        reported,
        np.where(columns.basis == CostBasis.ALLOCATED, CostStatus.ESTIMATED, CostStatus.EXACT),
        priced.status,
    ).astype(np.int16)
    own = currency.encode()
    source_currency = np.where(reported, columns.currency, BOOK_CURRENCY.encode())
    abroad = (source_currency != own) & (status < CostStatus.UNPRICED)
    found = Money(
        cost=np.where(abroad, 0, cost),
        status=status,
        price_id=priced.price_id,
        source_cost=np.where(abroad, cost, 0),
        source_currency=np.where(abroad, source_currency, OWN),
        bands=priced.bands,
    )
    if abroad.any():
        _convert(found, columns, np.flatnonzero(abroad), currency, timezone)
    return found


def _convert(
    found: Money, columns: Columns, chosen: IntArray, currency: str, timezone: str
) -> None:
    """Fill in the costs of amounts in other currencies; the ones without a rate wait for it."""
    whole = columns.granularity[chosen] == Granularity.DAY
    when = days.local_days(columns.occurred[chosen], whole, timezone)
    numbers, positions = np.unique(when, return_inverse=True)
    dates = [days.to_date(day) for day in numbers.tolist()]
    amounts = zip(
        (dates[position] for position in positions.tolist()),
        found.source_cost[chosen].tolist(),
        (code.decode() for code in found.source_currency[chosen].tolist()),
        strict=True,
    )
    converted = foreign.convert(list(amounts), currency)
    for index, nanos in zip(chosen.tolist(), converted, strict=True):
        if nanos is None or nanos > MOST:
            found.status[index] = CostStatus.UNCONVERTED
        else:
            found.cost[index] = nanos


@dataclass(slots=True)
class Open:
    """Computed costs of records without a reported one. `price_id` is 0 where no price decided."""

    cost: IntArray
    status: NDArray[np.int16]
    price_id: IntArray
    bands: dict[int, Band]


def price_open(book: Dictionary, sets: IntArray, quantities: Quantities, members: IntArray) -> Open:
    """Costs of some records, in the price book's currency."""
    priced = price_records(_groups(book, sets, members), quantities)
    ids = [snapshot_id(band) for band in priced.bands]
    price_id = np.zeros(len(sets), np.int64)
    has_price = priced.band >= 0
    if ids:
        price_id[has_price] = np.array(ids, np.int64)[priced.band[has_price]]
    return Open(priced.cost, priced.status, price_id, dict(zip(ids, priced.bands, strict=True)))


def _groups(
    book: Dictionary, sets: IntArray, members: IntArray
) -> list[tuple[Schedule | None, str, IntArray]]:
    """Records by price schedule and context window."""
    codes: dict[tuple[int, str], int] = {}
    named: list[tuple[Schedule | None, str]] = []
    used = np.unique(sets[members])
    of_set = np.zeros(len(book.sets), np.int64)
    for number in used.tolist():
        entry = book.sets[number]
        key = (id(entry.schedule), entry.dims["context_window"])
        if key not in codes:
            codes[key] = len(codes)
            named.append((entry.schedule, entry.dims["context_window"]))
        of_set[number] = codes[key]
    code = of_set[sets[members]]
    order = np.argsort(code, kind="stable")
    edges = np.searchsorted(code[order], np.arange(len(named) + 1))
    return [(*named[i], members[order[edges[i] : edges[i + 1]]]) for i in range(len(named))]


def snapshot_id(band: Band) -> int:
    """The id of a price as applied: same prices, same id, in every process."""
    return keys.price_snapshot_id(
        band.price_id, band.list_price_id, band.over, band.rates.per_mtok, band.rates.per_request
    )


def store_prices(bands: dict[int, Band]) -> None:
    """Keep the applied prices as they are now. Repeating it writes nothing."""
    rows = [
        (
            number,
            band.price_id,
            band.list_price_id,
            band.over,
            BOOK_CURRENCY,
            json.dumps([*band.rates.per_mtok, band.rates.per_request]),
        )
        for number, band in bands.items()
    ]
    insert_rows("price_snapshot", _SNAPSHOT, rows, order="id")
