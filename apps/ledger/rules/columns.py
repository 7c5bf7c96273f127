"""A batch of usage as arrays: validated, keyed, ordered, one version per record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, get_args
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from apps.common.money import to_nanos
from apps.common.periods import month_of
from apps.common.tokens import KINDS
from apps.ledger.enums import CostBasis, Granularity
from apps.ledger.rules import days, keys, runs, validation
from apps.ledger.schema import (
    MAX_COST,
    MAX_REQUESTS,
    MAX_TEXT,
    MAX_TOKENS,
    Phase,
    RecordError,
    UsageIn,
)

IntArray = NDArray[np.int64]
_GRANULARITY = {"event": Granularity.EVENT, "hour": Granularity.HOUR, "day": Granularity.DAY}
_BASIS = {
    None: CostBasis.PROVIDER_REPORTED,
    "provider_reported": CostBasis.PROVIDER_REPORTED,
    "computed": CostBasis.COMPUTED,
    "allocated": CostBasis.ALLOCATED,
}
_counts_of = attrgetter(*KINDS)
_PROVIDER, _MODEL = keys.DIM_FIELDS.index("provider"), keys.DIM_FIELDS.index("model")
_PHASE = keys.DIM_FIELDS.index("phase")
PHASES = frozenset(get_args(Phase))
_EARLIEST_US = int(validation.EARLIEST.timestamp()) * 1_000_000
_LATEST_US = int(validation.LATEST.timestamp()) * 1_000_000


@dataclass(slots=True)
class Columns:
    """One entry per accepted record, sorted by (occurred_at, key): the order of every write.

    `details` are those of the records that belong to a run, in the order of the batch.
    `local` indexes `dim_keys`. `requests` is -1 where unknown, `reported` the cost in nanos of
    `currency` where `has_cost`. Instants are microseconds since 1970.
    """

    dim_keys: list[keys.DimKey]
    identities: list[int]
    local: IntArray
    occurred: IntArray
    observed: IntArray
    key: NDArray[np.uint64]
    counts: IntArray
    requests: IntArray
    granularity: NDArray[np.int16]
    has_cost: NDArray[np.bool_]
    reported: IntArray
    basis: NDArray[np.int16]
    currency: NDArray[np.bytes_]
    details: runs.Details | None = None
    repeated: int = 0
    errors: list[RecordError] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.local)

    def key_bytes(self) -> NDArray[np.void]:
        """Record keys as 16 raw bytes each."""
        return self.key.astype(">u8").view("V16").reshape(-1)


def read(
    batch: Sequence[UsageIn], source_id: UUID, *, accepted_at: datetime, position: int = 0
) -> Columns:
    """Arrays of a batch. Refused records become errors (numbered from `position`).

    Connectors build `UsageIn` in Python, where the structure checks nothing. The arrays are checked
    as a whole, and only a batch that fails is sifted record by record.
    """
    try:
        columns = _read(batch, source_id, accepted_at)
        good = _plausible(columns, accepted_at)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ArithmeticError):
        good = False
    errors: list[RecordError] = []
    if not good:
        kept, errors = validation.sift(batch, now=accepted_at, position=position)
        columns = _read(kept, source_id, accepted_at)
    columns.errors = errors
    return _ordered(columns)


def _plausible(columns: Columns, accepted_at: datetime) -> bool:
    """Whether every record of a batch keeps the rules of `UsageIn` and of `validation`."""
    if not len(columns):
        return True
    horizon = int((accepted_at + validation.MAX_AHEAD).timestamp() * 1e6)
    texts_fit = all(
        isinstance(text, str) and len(text) <= MAX_TEXT
        for dims, tags in columns.dim_keys
        for text in (*dims, *(part for tag in tags for part in tag))
    )
    return (
        texts_fit
        and all(
            dims[_PROVIDER] and dims[_MODEL] and dims[_PHASE] in PHASES
            for dims, _ in columns.dim_keys
        )
        and columns.counts.min() >= 0
        and columns.counts.max() <= MAX_TOKENS
        and columns.requests.min() >= -1
        and columns.requests.max() <= MAX_REQUESTS
        and columns.reported.min() >= 0
        and columns.occurred.min() >= _EARLIEST_US
        and columns.occurred.max() < min(horizon, _LATEST_US)
    )


def _read(batch: Sequence[UsageIn], source_id: UUID, accepted_at: datetime) -> Columns:
    n = len(batch)
    dim_keys, local = _encode(batch)
    identities = [keys.dimension_identity(source_id, key) for key in dim_keys]
    occurred = _instants([u.occurred_at for u in batch])
    observed = _observed(batch, accepted_at)
    granularity = np.fromiter((_GRANULARITY[u.granularity] for u in batch), np.int16, count=n)
    key = _keys(batch, source_id, local, identities, occurred, granularity)
    costs = [u.cost for u in batch]
    has_cost = np.fromiter((cost is not None for cost in costs), np.bool_, count=n)
    reported = np.zeros(n, np.int64)
    basis = np.full(n, CostBasis.COMPUTED, np.int16)
    currency = np.full(n, b"", "S3")
    for index in np.flatnonzero(has_cost).tolist():
        usage = batch[index]
        reported[index] = _nanos(costs[index])
        basis[index] = _BASIS[usage.cost_basis]
        currency[index] = usage.currency.encode()
    return Columns(
        dim_keys=dim_keys,
        identities=identities,
        local=local,
        occurred=occurred,
        observed=observed,
        key=key,
        counts=_whole([_counts_of(u) for u in batch]).reshape(n, len(KINDS)),
        requests=_whole(
            [
                u.requests if u.requests is not None else 1 if u.granularity == "event" else -1
                for u in batch
            ]
        ),
        granularity=granularity,
        has_cost=has_cost,
        reported=reported,
        basis=basis,
        currency=currency,
        details=runs.read(batch, source_id, key=key, occurred=occurred, observed=observed),
    )


def _encode(batch: Sequence[UsageIn]) -> tuple[list[keys.DimKey], IntArray]:
    """Distinct dimension keys and the index of each record's key."""
    numbers: dict[keys.DimKey, int] = {}
    number_of, dims_of = numbers.setdefault, keys.dims_of
    local = [
        number_of(
            (dims_of(u), tuple(sorted(u.tags.items())) if u.tags else ()),
            len(numbers),
        )
        for u in batch
    ]
    return list(numbers), np.array(local, np.int64)


def _whole(values: Sequence[Any]) -> IntArray:
    """Integers as given: a float or a text is refused, not rounded."""
    found = np.array(values)
    if found.size and found.dtype.kind != "i":
        raise TypeError
    return found.astype(np.int64)


def _nanos(cost: Decimal | None) -> int:
    """Nanos of a cost; ArithmeticError for what is no amount or too large (NaN, infinity)."""
    if not isinstance(cost, Decimal) or not cost.is_finite() or not 0 <= cost <= MAX_COST:
        raise ArithmeticError
    return to_nanos(cost)


def _instants(moments: Sequence[datetime]) -> IntArray:
    """Microseconds since 1970; a double holds them exactly until the year 2255."""
    if any(m.tzinfo is None for m in moments):
        raise ValueError
    seconds = np.fromiter((m.timestamp() for m in moments), np.float64, count=len(moments))
    return np.rint(seconds * 1e6).astype(np.int64)


def _observed(batch: Sequence[UsageIn], accepted_at: datetime) -> IntArray:
    default = accepted_at.astimezone(UTC).timestamp()
    seconds = np.fromiter(
        (default if u.observed_at is None else u.observed_at.timestamp() for u in batch),
        np.float64,
        count=len(batch),
    )
    return np.rint(seconds * 1e6).astype(np.int64)


def _keys(
    batch: Sequence[UsageIn],
    source_id: UUID,
    local: IntArray,
    identities: Sequence[int],
    occurred: IntArray,
    granularity: NDArray[np.int16],
) -> NDArray[np.uint64]:
    """Record keys as two big-endian halves: events by their id, buckets by their dimensions."""
    raw = np.empty((len(batch), 2), np.uint64)
    ids = [u.event_id for u in batch]
    events = [i for i, event_id in enumerate(ids) if event_id is not None]
    if events:
        found = b"".join(keys.event_keys(source_id, [ids[i] or "" for i in events]))
        raw[events] = np.frombuffer(found, ">u8").reshape(-1, 2)
    if len(events) < len(batch):
        buckets = [i for i, event_id in enumerate(ids) if event_id is None]
        triples = (
            (identities[number], start, width)
            for number, start, width in zip(
                local[buckets].tolist(),
                occurred[buckets].tolist(),
                granularity[buckets].tolist(),
                strict=True,
            )
        )
        found = b"".join(keys.bucket_keys(source_id, triples))
        raw[buckets] = np.frombuffer(found, ">u8").reshape(-1, 2)
    return raw


def _ordered(columns: Columns) -> Columns:
    """Sorted by (occurred_at, key), keeping one version of equal records.

    The last observed one, and of several observed at the same instant the one with the larger
    content: the outcome does not depend on the order of delivery.
    """
    halves = (columns.key[:, 1], columns.key[:, 0], columns.occurred)
    order = np.lexsort(halves)
    same = _repeats(columns, order)
    if same.any():
        kinds = [columns.counts[:, index] for index in range(columns.counts.shape[1])]
        identities = np.array(columns.identities, np.int64)[columns.local]
        reported = np.where(columns.has_cost, columns.reported, -1)
        content: list[Any] = [
            *kinds,
            columns.requests,
            columns.granularity,
            columns.basis,
            reported,
        ]
        content += [columns.currency, identities]
        order = np.lexsort((*reversed(content), columns.observed, *halves))
        same = _repeats(columns, order)
        columns.repeated = int(same.sum())
        order = order[np.concatenate((~same, [True]))]
    for name in _PER_RECORD:
        setattr(columns, name, getattr(columns, name)[order])
    return columns


def outside(columns: Columns, months: Iterable[date], zone: str) -> Columns:
    """The records whose day lies in none of these months (first days)."""
    when = days.local_days(columns.occurred, columns.granularity == Granularity.DAY, zone)
    keep = _outside(when, months)
    if keep.all():
        return columns
    details = columns.details
    if details is not None:
        called = days.local_days(details.occurred, np.zeros(len(details), np.bool_), zone)
        details = details.where(_outside(called, months))
    kept = {name: getattr(columns, name)[keep] for name in _PER_RECORD}
    return replace(columns, details=details, **kept)


def _outside(when: IntArray, months: Iterable[date]) -> NDArray[np.bool_]:
    keep = np.ones(len(when), np.bool_)
    for month in months:
        first, last = days.day_number(month), days.day_number(month_of(month).end)
        keep &= (when < first) | (when >= last)
    return keep


_PER_RECORD = (
    "local",
    "occurred",
    "observed",
    "key",
    "counts",
    "requests",
    "granularity",
    "has_cost",
    "reported",
    "basis",
    "currency",
)


def _repeats(columns: Columns, order: IntArray) -> NDArray[np.bool_]:
    """Whether each record of the order has the same key as the next one."""
    occurred, key = columns.occurred[order], columns.key[order]
    return (occurred[1:] == occurred[:-1]) & (key[1:] == key[:-1]).all(axis=1)
