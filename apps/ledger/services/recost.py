"""Pricing records that had no price, or no exchange rate, when they came.

Open periods only, unless asked to: a closed month never moves, so what appears in one is an
adjustment row counted in an open month.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from apps.access.actors import system_actor
from apps.common import clock
from apps.common.tokens import KINDS
from apps.ledger import events
from apps.ledger.enums import CostBasis, CostStatus, Granularity, RestatementReason
from apps.ledger.rules import days, deltas, periods
from apps.ledger.rules.costs import Quantities
from apps.ledger.services import foreign, money, prepare, rollups, runs, stage, state
from apps.ledger.services.dimensions import Dictionary
from apps.ledger.services.merge import RETURNED, restating, versions
from apps.ledger.services.sql import fetch
from apps.tenancy.scope import require_organization_id, tenant_scope
from apps.trail.refs import ObjectRef
from apps.trail.services import record

PAGE = 20_000
PREVIEW = 5 * PAGE
"""Records a preview looks at: about a second."""
_STAGE = "ledger_recost"
_FIXED = 7
"""Whole numbers of a row before its kinds."""
Cursor = tuple[datetime, UUID]
Progress = Callable[["Recost"], None]


@dataclass(slots=True)
class Recost:
    """What pricing does or would do: counts, the cost that appears, by model and by day.

    `looked` records were looked at, all of them unless there is `more`. `waiting` ones still have
    no price; `closed` ones belong to closed periods and stay. `adjusted` records of closed
    periods are priced by adjustment rows; they are part of `records` and of the cost.
    """

    looked: int = 0
    records: int = 0
    cost_nanos: int = 0
    adjusted: int = 0
    adjusted_nanos: int = 0
    waiting: int = 0
    closed: int = 0
    more: bool = False
    by_model: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_day: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


@dataclass(slots=True)
class _Page:
    """Some unpriced records, and what they cost now."""

    book: Dictionary
    rows: Sequence[tuple[Any, ...]]
    when: NDArray[np.int64]
    sets: NDArray[np.int64]
    shut: NDArray[np.bool_]
    priced: money.Open
    source: NDArray[np.int64]
    """Amounts in the currency the cost was converted from; 0 where it was not."""
    source_currency: NDArray[np.bytes_]

    @property
    def known(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.priced.status < CostStatus.UNPRICED)


def preview_recost(*, adjust_closed: bool = False) -> Recost:
    """What pricing the unpriced records now would do. Needs a scope; writes nothing."""
    return _run(require_organization_id(), write=False, adjust_closed=adjust_closed)


def recost(
    *, organization_id: UUID, adjust_closed: bool = False, progress: Progress | None = None
) -> Recost:
    """Price unpriced records, a page per transaction. Open no scope around it.

    Each priced record gets a new version and a restatement row (reason: priced later). Running it
    again changes nothing.
    """
    result = _run(organization_id, write=True, adjust_closed=adjust_closed, progress=progress)
    if result.records:
        with tenant_scope(organization_id):
            record(
                actor=system_actor("ledger.recost"),
                action=events.RECOST_DONE,
                obj=ObjectRef(type="ledger", id=organization_id, label="Unpriced usage"),
                after={
                    "records": result.records,
                    "cost_nanos": result.cost_nanos,
                    "adjusted_nanos": result.adjusted_nanos,
                },
            )
    return result


def _run(
    organization_id: UUID,
    *,
    write: bool,
    adjust_closed: bool,
    progress: Progress | None = None,
) -> Recost:
    result = Recost()
    cursor: Cursor | None = None
    while True:
        with tenant_scope(organization_id):
            settings = state.lock(exclusive=True) if write else state.settings()
            rows = _unpriced(cursor)
            if not rows:
                return result
            page = _priced(organization_id, rows, settings, adjust_closed=adjust_closed)
            _count(result, page)
            if write and len(page.known):
                _write(page, settings)
            if progress:
                progress(result)
            cursor = (rows[-1][0], rows[-1][1])
            if not write and result.looked >= PREVIEW:
                result.more = bool(_unpriced(cursor))
                return result


def _unpriced(after: Cursor | None) -> list[tuple[Any, ...]]:
    """A page of records without a cost, in key order."""
    kinds = ", ".join(f"coalesce({kind}, 0)" for kind in KINDS)
    more = "AND (occurred_at, record_key) > (%(at)s, %(key)s) " if after else ""
    return fetch(
        "SELECT occurred_at, record_key, dimset_id, coalesce(requests, -1), granularity, "
        "(extract(epoch FROM occurred_at) * 1000000)::bigint, cost_status, cost_basis, "
        f"coalesce(source_cost_nanos, 0), {kinds}, coalesce(source_currency, '') "
        "FROM usage_record WHERE organization_id = %(org)s "
        f"AND cost_status >= {CostStatus.UNPRICED} {more}"
        f"ORDER BY occurred_at, record_key LIMIT {PAGE}",
        {
            "org": require_organization_id(),
            "at": after[0] if after else None,
            "key": after[1] if after else None,
        },
    )


def _priced(
    organization_id: UUID,
    rows: Sequence[tuple[Any, ...]],
    settings: state.Settings,
    *,
    adjust_closed: bool,
) -> _Page:
    data = np.array([row[2:-1] for row in rows], np.int64)
    book = Dictionary(organization_id)
    prepare.load(book, data[:, 0].tolist())
    sets = np.array([book.by_id[i] for i in data[:, 0].tolist()], np.int64)
    granularity = data[:, 2].astype(np.int16)
    quantities = Quantities(data[:, _FIXED:], data[:, 1], data[:, 3], granularity)
    when = days.local_days(data[:, 3], granularity == Granularity.DAY, settings.timezone)
    shut = np.array(
        [days.to_date(day).replace(day=1) in settings.closed for day in when.tolist()], np.bool_
    )
    wanted = np.ones(len(rows), np.bool_) if adjust_closed else ~shut
    stated = data[:, 4] == CostStatus.UNCONVERTED
    priced = money.price_open(book, sets, quantities, np.flatnonzero(wanted & ~stated))
    priced.status[~wanted] = CostStatus.UNPRICED
    page = _Page(
        book,
        rows,
        when,
        sets,
        shut,
        priced,
        np.zeros(len(rows), np.int64),
        np.full(len(rows), b"", "S3"),
    )
    _convert(page, data, wanted, stated, settings.currency)
    return page


def _convert(
    page: _Page,
    data: NDArray[np.int64],
    wanted: NDArray[np.bool_],
    stated: NDArray[np.bool_],
    currency: str,
) -> None:
    """Stated amounts of other currencies, and computed ones where the ledger keeps another."""
    priced = page.priced
    computed = (priced.status < CostStatus.UNPRICED) & wanted & ~stated
    computed &= currency != money.BOOK_CURRENCY
    page.source = np.where(stated, data[:, 6], np.where(computed, priced.cost, 0))
    page.source_currency = np.array(
        [
            row[-1] if is_stated else money.BOOK_CURRENCY
            for row, is_stated in zip(page.rows, stated, strict=True)
        ],
        "S3",
    )
    chosen = np.flatnonzero((stated & wanted) | computed)
    amounts = [
        (days.to_date(int(page.when[i])), int(page.source[i]), page.source_currency[i].decode())
        for i in chosen.tolist()
    ]
    exact = data[:, 5] == CostBasis.PROVIDER_REPORTED
    priced.status[stated] = np.where(exact[stated], CostStatus.EXACT, CostStatus.ESTIMATED)
    priced.status[stated & ~wanted] = CostStatus.UNPRICED
    for index, nanos in zip(chosen.tolist(), foreign.convert(amounts, currency), strict=True):
        if nanos is None:
            priced.status[index] = CostStatus.UNPRICED
        else:
            priced.cost[index] = nanos


def _count(result: Recost, page: _Page) -> None:
    known, cost, book = page.known, page.priced.cost, page.book
    adjusted = known[page.shut[known]]
    left = np.ones(len(page.rows), np.bool_)
    left[known] = False
    result.looked += len(page.rows)
    result.closed += int((left & page.shut).sum())
    result.waiting += int((left & ~page.shut).sum())
    result.records += len(known)
    result.cost_nanos += int(cost[known].sum())
    result.adjusted += len(adjusted)
    result.adjusted_nanos += int(cost[adjusted].sum())
    for number in np.unique(page.sets[known]).tolist():
        mine = known[page.sets[known] == number]
        result.by_model[book.sets[number].names.model] += int(cost[mine].sum())
    for day in np.unique(page.when[known]).tolist():
        mine = known[page.when[known] == day]
        cell = result.by_day[days.to_date(day)]
        cell[0] += len(mine)
        cell[1] += int(cost[mine].sum())


def _write(page: _Page, settings: state.Settings) -> None:
    priced, known, book = page.priced, page.known, page.book
    money.store_prices(priced.bands)
    raw = b"".join(page.rows[i][1].bytes for i in known.tolist())
    stage.copy_in(
        _STAGE,
        {
            "n": known,
            "record_key": np.frombuffer(raw, "V16"),
            "occurred_at": np.array([page.rows[i][5] for i in known.tolist()], np.int64),
            "price_id": priced.price_id[known],
            "cost_nanos": priced.cost[known],
            "cost_status": priced.status[known],
            "source_cost_nanos": page.source[known],
            "source_currency": page.source_currency[known],
        },
    )
    stated = f"r.cost_status = {CostStatus.UNCONVERTED}"
    converted = f"s.source_currency <> '{settings.currency}'"
    update = (
        "UPDATE usage_record r SET cost_nanos = s.cost_nanos, cost_status = s.cost_status, "
        f"price_id = CASE WHEN {stated} THEN r.price_id ELSE s.price_id END, "
        f"cost_basis = CASE WHEN {stated} THEN r.cost_basis ELSE {CostBasis.COMPUTED} END, "
        f"source_cost_nanos = CASE WHEN {converted} THEN s.source_cost_nanos END, "
        f"source_currency = CASE WHEN {converted} THEN s.source_currency END, "
        f"version = r.version + 1 "
        f"FROM {_STAGE} s WHERE r.organization_id = %(org)s AND r.occurred_at = s.occurred_at "
        f"AND r.record_key = s.record_key AND r.cost_status >= {CostStatus.UNPRICED} "
        f"RETURNING s.n, {RETURNED}"
    )
    changed, old, _ = versions(
        restating(update),
        {
            "org": require_organization_id(),
            "batch": None,
            "reason": RestatementReason.RECOST.value,
        },
    )
    before = deltas.measures(old.counts, old.requests, old.cost, old.status)
    after = deltas.measures(old.counts, old.requests, priced.cost[changed], priced.status[changed])
    cells = deltas.group(page.when[changed], page.sets[changed], after - before)
    cells.second = book.slice_numbers(cells.second, cells.first)
    merged = deltas.group(cells.first, cells.second, cells.sums)
    today = clock.today(settings.timezone)
    rollups.apply(
        merged,
        book.slices,
        closed=settings.closed,
        posted_on=days.day_number(periods.posting_day(today, settings.closed)),
    )
    runs.recompute(sorted(runs.touched(_STAGE)), timezone=settings.timezone)
