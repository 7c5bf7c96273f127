"""Prices of many records at once, in integers: one half-even rounding per record.

Equal to `pricing.rules.cost_nanos` record by record (a property test compares them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from apps.ledger.enums import CostStatus, Granularity
from apps.pricing.rules import (
    DAY_US,
    INPUT_INDEXES,
    MTOK,
    SUM_UNITS_PER_NANO,
    Band,
    ContextWindow,
    Rates,
    Schedule,
    Span,
    choose_band,
    parse_context_window,
)
from apps.pricing.rules import cost_nanos as cost_of_one

IntArray = NDArray[np.int64]
_SAFE = 2**62


@dataclass(slots=True)
class Quantities:
    """What is priced, one entry per record. `requests` is -1 where the source does not say."""

    counts: IntArray
    requests: IntArray
    instants_us: IntArray
    granularity: NDArray[np.int16]

    @property
    def is_event(self) -> NDArray[np.bool_]:
        return self.granularity == Granularity.EVENT

    @property
    def single(self) -> NDArray[np.bool_]:
        """One call each: the input of the record is the input of a call."""
        return self.is_event & (self.requests <= 1)

    @property
    def calls(self) -> IntArray:
        """Calls to charge per request: an event of unknown number is one, a bucket's are none."""
        return np.where(self.requests >= 0, self.requests, np.where(self.is_event, 1, 0))


@dataclass(slots=True)
class Priced:
    """Per record: cost in nanos (0 where unpriced), status code and index into `bands` or -1."""

    cost: IntArray
    status: NDArray[np.int16]
    band: NDArray[np.int32]
    bands: list[Band]


def price_records(
    groups: Sequence[tuple[Schedule | None, str, IntArray]], quantities: Quantities
) -> Priced:
    """Price records given in groups of (schedule, context window, indexes of records)."""
    n = len(quantities.instants_us)
    result = Priced(
        cost=np.zeros(n, np.int64),
        status=np.full(n, CostStatus.UNPRICED, np.int16),
        band=np.full(n, -1, np.int32),
        bands=[],
    )
    inputs = quantities.counts[:, INPUT_INDEXES].sum(axis=1)
    is_event, single, calls = quantities.is_event, quantities.single, quantities.calls
    for schedule, window_text, rest in groups:
        if schedule is None:
            continue
        window = parse_context_window(window_text)
        for span in schedule.spans:
            if not len(rest):
                break
            active = _active(span, quantities.instants_us[rest])
            hit, rest = rest[active], rest[~active]
            if not len(hit):
                continue
            for band, chosen, certain in _place(span, hit, inputs, single, window):
                exact = np.full(len(chosen), certain and span.exact and schedule.tier_known)
                if not span.whole_day:
                    exact &= is_event[chosen]
                if band.rates.per_request:
                    exact &= (quantities.requests[chosen] >= 0) | is_event[chosen]
                known = _complete(band.rates, quantities.counts[chosen])
                chosen, exact = chosen[known], exact[known]
                if not len(chosen):
                    continue
                result.cost[chosen] = costs_at(band.rates, quantities.counts[chosen], calls[chosen])
                result.status[chosen] = np.where(exact, CostStatus.EXACT, CostStatus.ESTIMATED)
                result.band[chosen] = len(result.bands)
                result.bands.append(band)
    return result


def _active(span: Span, at: IntArray) -> NDArray[np.bool_]:
    active = (at >= span.starts_at) & (at < span.ends_at)
    if not span.whole_day:
        time = at % DAY_US
        active &= (time >= span.daily_from) & (time < span.daily_to)
    return active


def _complete(rates: Rates, counts: IntArray) -> NDArray[np.bool_]:
    """Records of which every used kind has a rate."""
    missing = [i for i, rate in enumerate(rates.per_mtok) if rate is None]
    return np.all(counts[:, missing] == 0, axis=1)


def _place(
    span: Span,
    members: IntArray,
    inputs: IntArray,
    single: NDArray[np.bool_],
    window: ContextWindow | None,
) -> list[tuple[Band, IntArray, bool]]:
    """(band, records, certain) for the records of one span: the array form of choose_band."""
    if len(span.bands) == 1:
        return [(span.bands[0], members, True)]
    found: list[tuple[Band, IntArray, bool]] = []
    thresholds = np.array([band.over for band in span.bands[1:]], np.int64)
    alone, many = members[single[members]], members[~single[members]]
    places = np.searchsorted(thresholds, inputs[alone], side="left")
    for index, band in enumerate(span.bands):
        if len(chosen := alone[places == index]):
            found.append((band, chosen, True))
    low = inputs[many] <= thresholds[0]
    for chosen in (many[low], many[~low]):
        if len(chosen):
            total = int(inputs[chosen[0]])
            band, certain = choose_band(
                span.bands, input_tokens=total, single_call=False, window=window
            )
            found.append((band, chosen, certain))
    return found


def costs_at(rates: Rates, counts: IntArray, calls: IntArray) -> IntArray:
    """Costs in nanos at one price; every used kind has a rate.

    Rates share a large factor with the scale, so that the sums fit 64 bits; where they would not,
    the records are computed one by one in unbounded integers.
    """
    weights = [rate or 0 for rate in rates.per_mtok] + [(rates.per_request or 0) * MTOK]
    factor = gcd(SUM_UNITS_PER_NANO, *weights)
    divisor = SUM_UNITS_PER_NANO // factor
    weights = [weight // factor for weight in weights]
    largest = [*counts.max(axis=0).tolist(), int(calls.max())]
    if sum(w * c for w, c in zip(weights, largest, strict=True)) >= _SAFE:
        exact = [
            cost_of_one(rates, row, call)
            for row, call in zip(counts.tolist(), calls.tolist(), strict=True)
        ]
        return np.array(exact, np.int64)
    total = calls * weights[-1]
    for index, weight in enumerate(weights[:-1]):
        if weight and largest[index]:
            total += counts[:, index] * weight
    if divisor == 1:
        return total
    quotient, rest = np.divmod(total, divisor)
    return quotient + ((rest * 2 > divisor) | ((rest * 2 == divisor) & (quotient % 2 == 1)))
