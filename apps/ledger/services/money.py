"""What a chunk costs: reported amounts kept, the rest priced from the price book."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.ledger.enums import CostBasis, CostStatus
from apps.ledger.rules import keys
from apps.ledger.rules.columns import Columns
from apps.ledger.rules.costs import Quantities, price_records
from apps.ledger.rules.deltas import IntArray
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


@dataclass(slots=True)
class Money:
    """Per record. `cost` is 0 where the status says that it is not known; `price_id` 0 where no
    price decided. `source_cost` is the amount in `source_currency` where it awaits a rate."""

    cost: IntArray
    status: NDArray[np.int16]
    price_id: IntArray
    source_cost: IntArray
    source_currency: NDArray[np.bytes_]
    bands: dict[int, Band]


def price(book: Dictionary, sets: IntArray, columns: Columns, *, currency: str) -> Money:
    """Costs of a chunk in the organization's currency.

    An amount in another currency keeps its source amount and has no cost until there is a rate
    (status UNCONVERTED); tokens without a price have none either (UNPRICED). Neither is ever 0.
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
    foreign = (source_currency != own) & (status < CostStatus.UNPRICED)
    status[foreign] = CostStatus.UNCONVERTED
    return Money(
        cost=np.where(foreign, 0, cost),
        status=status,
        price_id=priced.price_id,
        source_cost=np.where(foreign, cost, 0),
        source_currency=np.where(foreign, source_currency, own),
        bands=priced.bands,
    )


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
