"""A batch of usage as arrays: validated, keyed, ordered, one version per record."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
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
    observed = _observed([u.observed_at for u in batch], accepted_at)
    granularity = _granularity([u.granularity for u in batch])
    key = _keys(batch, source_id, local, identities, occurred, granularity)
    costs = [u.cost for u in batch]
    has_cost = np.zeros(n, np.bool_)
    reported = np.zeros(n, np.int64)
    basis = np.full(n, CostBasis.COMPUTED, np.int16)
    currency = np.full(n, b"", "S3")
    if costs.count(None) < n:
        has_cost[:] = [cost is not None for cost in costs]
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
        counts=_counts(batch),
        requests=_requests([u.requests for u in batch], granularity),
        granularity=granularity,
        has_cost=has_cost,
        reported=reported,
        basis=basis,
        currency=currency,
        details=runs.read(batch, source_id, key=key, occurred=occurred, observed=observed),
    )


def _granularity(words: list[str]) -> NDArray[np.int16]:
    if words.count("event") == len(words):
        return np.full(len(words), Granularity.EVENT, np.int16)
    return np.array([_GRANULARITY[word] for word in words], np.int16)


_COUNT_OF: tuple[tuple[str, Callable[[Sequence[UsageIn]], list[int]]], ...] = (
    ("input_uncached", lambda batch: [u.input_uncached for u in batch]),
    ("cache_read", lambda batch: [u.cache_read for u in batch]),
    ("cache_write_5m", lambda batch: [u.cache_write_5m for u in batch]),
    ("cache_write_1h", lambda batch: [u.cache_write_1h for u in batch]),
    ("output", lambda batch: [u.output for u in batch]),
    ("reasoning", lambda batch: [u.reasoning for u in batch]),
    ("audio_input", lambda batch: [u.audio_input for u in batch]),
    ("audio_output", lambda batch: [u.audio_output for u in batch]),
    ("image_input", lambda batch: [u.image_input for u in batch]),
    ("image_output", lambda batch: [u.image_output for u in batch]),
)
"""Attributes named in the code are read three times faster than by a name in a variable."""


def _counts(batch: Sequence[UsageIn]) -> IntArray:
    """Records x kinds. Most kinds are nowhere used: those columns cost one look."""
    counts = np.zeros((len(batch), len(KINDS)), np.int64)
    for index, (_, read_kind) in enumerate(_COUNT_OF):
        values = read_kind(batch)
        if values.count(0) < len(values):
            counts[:, index] = _whole(values)
    return counts


def _requests(values: list[int | None], granularity: NDArray[np.int16]) -> IntArray:
    """Requests as stated; without a statement an event is one call, a bucket unknown (-1)."""
    unknown = np.where(granularity == Granularity.EVENT, 1, -1).astype(np.int64)
    missing = values.count(None)
    if missing == len(values):
        return unknown
    if not missing:
        return _whole(values)
    filled = zip(values, unknown.tolist(), strict=True)
    return _whole([value if value is not None else default for value, default in filled])


def _encode(batch: Sequence[UsageIn]) -> tuple[list[keys.DimKey], IntArray]:
    """Distinct dimension keys and the index of each record's key."""
    plain: dict[tuple[str, ...], int] = {}
    number_of = plain.setdefault
    local = [
        # In the order of keys.DIM_FIELDS, spelled out for speed.
        number_of(
            (
                u.provider, u.account, u.api_key_id, u.api_key, u.project_id, u.project, u.user,
                u.model, u.service_tier, u.context_window, u.region, u.branch, u.repository,
                u.unit, u.capability, u.story, u.phase, u.work_item,
            ),
            len(plain),
        )
        for u in batch
    ]  # fmt: skip
    tags = [u.tags for u in batch]
    if not any(tags):
        return [(dims, ()) for dims in plain], np.array(local, np.int64)
    return _encode_tagged(list(plain), local, tags)


def _encode_tagged(
    plain: list[tuple[str, ...]], local: list[int], tags: list[dict[str, str]]
) -> tuple[list[keys.DimKey], IntArray]:
    """Sets of dimensions told apart by their tags too."""
    numbers: dict[tuple[int, tuple[tuple[str, str], ...]], int] = {}
    number_of = numbers.setdefault
    tagged = [
        number_of((number, tuple(sorted(tag.items())) if tag else ()), len(numbers))
        for number, tag in zip(local, tags, strict=True)
    ]
    return [(plain[number], tag) for number, tag in numbers], np.array(tagged, np.int64)


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
    if None in {moment.tzinfo for moment in moments}:
        raise ValueError
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, count=len(moments))
    return np.rint(seconds * 1e6).astype(np.int64)


def _observed(moments: list[datetime | None], accepted_at: datetime) -> IntArray:
    accepted = accepted_at.astimezone(UTC)
    missing = moments.count(None)
    if missing < len(moments):
        return _instants([moment if moment is not None else accepted for moment in moments])
    return np.full(len(moments), np.rint(accepted.timestamp() * 1e6), np.int64)


def _keys(
    batch: Sequence[UsageIn],
    source_id: UUID,
    local: IntArray,
    identities: Sequence[int],
    occurred: IntArray,
    granularity: NDArray[np.int16],
) -> NDArray[np.uint64]:
    """Record keys as two big-endian halves: events by their id, buckets by their dimensions."""
    ids = [u.event_id for u in batch]
    if None not in ids:
        found = b"".join(keys.event_keys(source_id, [event_id or "" for event_id in ids]))
        return np.frombuffer(found, ">u8").reshape(-1, 2).astype(np.uint64)
    raw = np.empty((len(batch), 2), np.uint64)
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
    occurred = columns.occurred
    if (occurred[1:] > occurred[:-1]).all():
        return columns
    halves = (columns.key[:, 1], columns.key[:, 0], occurred)
    order = np.argsort(occurred, kind="stable")
    if (occurred[order[1:]] == occurred[order[:-1]]).any():
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
