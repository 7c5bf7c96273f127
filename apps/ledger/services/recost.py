"""Pricing records that had no price when they came, once a price exists. Open periods only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from apps.access.actors import Actor, system_actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.tokens import KINDS
from apps.ledger import events
from apps.ledger.enums import CostBasis, CostStatus, Granularity, RestatementReason
from apps.ledger.rules import days, deltas
from apps.ledger.rules.costs import Quantities
from apps.ledger.services import money, prepare, rollups, runs, stage, state
from apps.ledger.services.dimensions import Dictionary
from apps.ledger.services.merge import RETURNED, restating, versions
from apps.ledger.services.sql import fetch
from apps.outbox.services import enqueue
from apps.tenancy.scope import require_organization_id, tenant_scope
from apps.trail.refs import ObjectRef
from apps.trail.services import record

PAGE = 20_000
_STAGE = "ledger_recost"
Cursor = tuple[datetime, UUID]


@dataclass(slots=True)
class Recost:
    """What pricing does or would do: counts, the cost that appears, and the cost by model.

    `waiting` records still have no price; `closed` ones belong to closed periods and stay.
    """

    records: int = 0
    cost_nanos: int = 0
    waiting: int = 0
    closed: int = 0
    by_model: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def preview_recost() -> Recost:
    """What pricing the unpriced records now would do. Needs a scope; writes nothing."""
    return _run(require_organization_id(), write=False)


def request_recost(*, actor: Actor) -> None:
    """Ask a worker to price what has no price. The outcome is in the trail."""
    require(actor, P.PRICE_MANAGE)
    organization_id = require_organization_id()
    record(actor=actor, action=events.RECOST_REQUESTED, obj=_ref(organization_id))
    enqueue(events.RECOST, key=f"recost:{organization_id}", payload={"actor": actor.name[:100]})


def recost(*, organization_id: UUID) -> Recost:
    """Price unpriced records of open periods, a page per transaction. Open no scope around it.

    Each priced record gets a new version and a restatement row (reason: priced later). Running it
    again changes nothing.
    """
    result = _run(organization_id, write=True)
    if result.records:
        with tenant_scope(organization_id):
            record(
                actor=system_actor("ledger.recost"),
                action=events.RECOST_DONE,
                obj=_ref(organization_id),
                after={"records": result.records, "cost_nanos": result.cost_nanos},
            )
    return result


def _ref(organization_id: UUID) -> ObjectRef:
    return ObjectRef(type="ledger", id=organization_id, label="Unpriced usage")


def _run(organization_id: UUID, *, write: bool) -> Recost:
    result = Recost()
    cursor: Cursor | None = None
    while True:
        with tenant_scope(organization_id):
            settings = state.lock(exclusive=True) if write else state.settings()
            rows = _unpriced(cursor)
            if not rows:
                return result
            _page(organization_id, rows, settings, result, write=write)
            cursor = (rows[-1][0], rows[-1][1])


def _unpriced(after: Cursor | None) -> list[tuple[Any, ...]]:
    """A page of unpriced records in key order."""
    kinds = ", ".join(f"coalesce({kind}, 0)" for kind in KINDS)
    more = "AND (occurred_at, record_key) > (%(at)s, %(key)s) " if after else ""
    return fetch(
        "SELECT occurred_at, record_key, dimset_id, coalesce(requests, -1), granularity, "
        "(extract(epoch FROM occurred_at) * 1000000)::bigint, "
        f"{kinds} FROM usage_record WHERE organization_id = %(org)s "
        f"AND cost_status >= {CostStatus.UNPRICED} AND cost_status = {CostStatus.UNPRICED} {more}"
        f"ORDER BY occurred_at, record_key LIMIT {PAGE}",
        {
            "org": require_organization_id(),
            "at": after[0] if after else None,
            "key": after[1] if after else None,
        },
    )


def _page(
    organization_id: UUID,
    rows: Sequence[tuple[Any, ...]],
    settings: state.Settings,
    result: Recost,
    *,
    write: bool,
) -> None:
    data = np.array([row[2:] for row in rows], np.int64)
    book = Dictionary(organization_id)
    prepare.load(book, data[:, 0].tolist())
    sets = np.array([book.by_id[i] for i in data[:, 0].tolist()], np.int64)
    quantities = Quantities(data[:, 4:], data[:, 1], data[:, 3], data[:, 2].astype(np.int16))
    when = days.local_days(data[:, 3], quantities.granularity == Granularity.DAY, settings.timezone)
    shut = np.array(
        [days.to_date(day).replace(day=1) in settings.closed for day in when.tolist()], np.bool_
    )
    priced = money.price_open(book, sets, quantities, np.flatnonzero(~shut))
    if settings.currency != money.BOOK_CURRENCY:
        priced.status[:] = CostStatus.UNPRICED
    known = np.flatnonzero(priced.status < CostStatus.UNPRICED)
    result.closed += int(shut.sum())
    result.waiting += len(rows) - len(known) - int(shut.sum())
    result.records += len(known)
    result.cost_nanos += int(priced.cost[known].sum())
    for number in np.unique(sets[known]).tolist():
        mine = known[sets[known] == number]
        result.by_model[book.sets[number].names.model] += int(priced.cost[mine].sum())
    if write and len(known):
        _write(book, rows, known, priced, when, sets, settings.timezone)


def _write(
    book: Dictionary,
    rows: Sequence[tuple[Any, ...]],
    known: np.ndarray,
    priced: money.Open,
    when: np.ndarray,
    sets: np.ndarray,
    timezone: str,
) -> None:
    money.store_prices(priced.bands)
    raw = b"".join(rows[i][1].bytes for i in known.tolist())
    stage.copy_in(
        _STAGE,
        {
            "n": known,
            "record_key": np.frombuffer(raw, "V16"),
            "occurred_at": np.array([rows[i][5] for i in known.tolist()], np.int64),
            "price_id": priced.price_id[known],
            "cost_nanos": priced.cost[known],
            "cost_status": priced.status[known],
        },
    )
    update = (
        f"UPDATE usage_record r SET cost_nanos = s.cost_nanos, cost_status = s.cost_status, "
        f"price_id = s.price_id, cost_basis = {CostBasis.COMPUTED}, version = r.version + 1 "
        f"FROM {_STAGE} s WHERE r.organization_id = %(org)s AND r.occurred_at = s.occurred_at "
        f"AND r.record_key = s.record_key AND r.cost_status = {CostStatus.UNPRICED} "
        f"RETURNING s.n, {RETURNED}"
    )
    found = fetch(
        restating(update),
        {
            "org": require_organization_id(),
            "batch": None,
            "reason": RestatementReason.RECOST.value,
        },
    )
    changed, old, _ = versions(found)
    before = deltas.measures(old.counts, old.requests, old.cost, old.status)
    after = deltas.measures(old.counts, old.requests, priced.cost[changed], priced.status[changed])
    cells = deltas.group(when[changed], sets[changed], after - before)
    cells.second = book.slice_numbers(cells.second, cells.first)
    merged = deltas.group(cells.first, cells.second, cells.sums)
    rollups.apply(merged, book.slices, closed=frozenset(), posted_on=0)
    runs.recompute(sorted(runs.touched(_STAGE)), timezone=timezone)
