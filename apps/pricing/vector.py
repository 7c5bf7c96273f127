"""Prices for whole batches at once, in 64-bit integers, equal to `rules.cost_nanos` to the nano.

Most rates are whole nano-units per million tokens, and then tokens × rate fits 63 bits; the rows
for which it would not (an exotic rate, an enormous count) are computed one by one with Python
integers, so that no row is ever approximate.
"""

from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.common.tokens import KINDS
from apps.pricing import rules
from apps.pricing.rules import Band, Schedule, Span

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
UNPRICED, ESTIMATED, EXACT = 0, 1, 2
_PICO_PER_NANO = 1_000
_SAFE = float(1 << 61)


@dataclass(slots=True)
class PricedRows:
    """One entry per row. `price` is an index into `PriceTable.price_ids`, -1 where unpriced."""

    cost_nanos: Ints
    status: npt.NDArray[np.int8]
    price: npt.NDArray[np.int32]


@dataclass(slots=True)
class PriceTable:
    """Schedules and bands by small integers; grows as new combinations appear, lives per process.

    Index 0 is the schedule of everything unpriced.
    """

    schedules: list[Schedule | None] = field(default_factory=lambda: [None])
    price_ids: list[UUID] = field(default_factory=list)
    _bands: list[Band] = field(default_factory=list)
    _schedule_index: dict[int, int] = field(default_factory=dict)
    _band_index: dict[tuple[UUID, UUID | None, int], int] = field(default_factory=dict)
    _rates: list[list[int]] = field(default_factory=list)
    _used: list[list[bool]] = field(default_factory=list)
    _request: list[int] = field(default_factory=list)
    _exotic: list[bool] = field(default_factory=list)
    _arrays: tuple[Ints, Flags, Ints, Flags] | None = None

    def register(self, schedule: Schedule | None) -> int:
        """A small stable number for a schedule."""
        if schedule is None:
            return 0
        index = self._schedule_index.get(id(schedule))
        if index is None:
            index = len(self.schedules)
            self.schedules.append(schedule)
            self._schedule_index[id(schedule)] = index
        return index

    def price(
        self,
        schedule: Ints,
        at_us: Ints,
        counts: Ints,
        *,
        requests: Ints,
        event: Flags,
        window_lower: Ints | None = None,
        window_upper: Ints | None = None,
    ) -> PricedRows:
        """Price rows. `counts` is rows × kinds; `event` marks single calls of event granularity.

        `window_lower` is -1 where the source gives no context window.
        """
        rows = len(schedule)
        band = np.full(rows, -1, dtype=np.int32)
        certain = np.ones(rows, dtype=np.bool_)
        inputs = counts[:, list(rules.INPUT_INDEXES)].sum(axis=1)
        single = event & (requests <= 1)
        lower = np.full(rows, -1, dtype=np.int64) if window_lower is None else window_lower
        upper = np.full(rows, -1, dtype=np.int64) if window_upper is None else window_upper
        for number in np.unique(schedule):
            found = self.schedules[int(number)]
            if found is None:
                continue
            mine = np.flatnonzero(schedule == number)
            for span in found.spans:
                at = at_us[mine]
                active = mine[(span.starts_at <= at) & (at < span.ends_at)]
                if not span.whole_day:
                    of_day = at_us[active] % rules.DAY_US
                    active = active[(span.daily_from <= of_day) & (of_day < span.daily_to)]
                if not len(active):
                    continue
                if not (span.exact and found.tier_known):
                    certain[active] = False
                elif not span.whole_day:
                    certain[active] = event[active]
                self._place(span, active, band, certain, inputs, single, lower, upper)
        return self._money(band, certain, counts, requests)

    def _place(
        self,
        span: Span,
        rows: npt.NDArray[np.intp],
        band: npt.NDArray[np.int32],
        certain: Flags,
        inputs: Ints,
        single: Flags,
        lower: Ints,
        upper: Ints,
    ) -> None:
        """Choose the band of each row: the array form of `rules.choose_band`."""
        numbers = np.array([self._band(b) for b in span.bands], dtype=np.int32)
        if len(numbers) == 1:
            band[rows] = numbers[0]
            return
        edges = np.array([b.over for b in span.bands[1:]], dtype=np.int64)
        by_size = np.searchsorted(edges, inputs[rows], side="left")
        has_window = lower[rows] >= 0
        by_window = np.where(has_window, np.searchsorted(edges, lower[rows], side="right"), 0)
        known = single[rows] | (inputs[rows] <= edges[0])
        band[rows] = numbers[np.where(known, by_size, by_window)]
        next_edge = np.append(edges, rules.ALWAYS_TO)[by_window]
        split = (upper[rows] < 0) | (next_edge < upper[rows])
        split &= next_edge < rules.ALWAYS_TO
        certain[rows] &= known | (has_window & ~split)

    def _band(self, band: Band) -> int:
        key = (band.price_id, band.list_price_id, band.over)
        index = self._band_index.get(key)
        if index is None:
            index = len(self._bands)
            self._bands.append(band)
            self.price_ids.append(band.price_id)
            self._band_index[key] = index
            rates = [*band.rates.per_mtok, band.rates.per_request]
            self._used.append([rate is not None for rate in band.rates.per_mtok])
            self._exotic.append(any((rate or 0) % _PICO_PER_NANO for rate in rates))
            self._rates.append([(rate or 0) // _PICO_PER_NANO for rate in band.rates.per_mtok])
            self._request.append((band.rates.per_request or 0) // _PICO_PER_NANO * rules.MTOK)
            self._arrays = None
        return index

    def _money(
        self, band: npt.NDArray[np.int32], certain: Flags, counts: Ints, requests: Ints
    ) -> PricedRows:
        rows = len(band)
        cost = np.zeros(rows, dtype=np.int64)
        status = np.zeros(rows, dtype=np.int8)
        priced = np.flatnonzero(band >= 0)
        if len(priced):
            rates, has_rate, request, exotic = self._as_arrays()
            mine = band[priced]
            complete = ~((counts[priced] > 0) & ~has_rate[mine]).any(axis=1)
            priced, mine = priced[complete], mine[complete]
            quantity, called = counts[priced], requests[priced]
            size = (quantity.astype(np.float64) * rates[mine]).sum(axis=1)
            size += called.astype(np.float64) * request[mine]
            direct = ~exotic[mine] & (size < _SAFE)
            fast = priced[direct]
            total = (quantity[direct] * rates[mine[direct]]).sum(axis=1)
            total += called[direct] * request[mine[direct]]
            cost[fast] = _half_even(total, rules.MTOK)
            for row, number in zip(priced[~direct], mine[~direct], strict=True):
                exact = rules.cost_nanos(
                    self._bands[number].rates, counts[row].tolist(), int(requests[row])
                )
                cost[row] = exact if exact is not None else 0
            status[priced] = np.where(certain[priced], EXACT, ESTIMATED)
        return PricedRows(cost, status, np.where(status == UNPRICED, -1, band).astype(np.int32))

    def _as_arrays(self) -> tuple[Ints, Flags, Ints, Flags]:
        if self._arrays is None:
            self._arrays = (
                np.array(self._rates, dtype=np.int64).reshape(-1, len(KINDS)),
                np.array(self._used, dtype=np.bool_).reshape(-1, len(KINDS)),
                np.array(self._request, dtype=np.int64),
                np.array(self._exotic, dtype=np.bool_),
            )
        return self._arrays


def _half_even(total: Ints, divisor: int) -> Ints:
    quotient, rest = np.divmod(total, divisor)
    double = rest * 2
    up = (double > divisor) | ((double == divisor) & (quotient % 2 == 1))
    return quotient + up.astype(np.int64)
