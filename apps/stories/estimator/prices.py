"""Prices as the estimator reads them: money per million tokens, by token kind.

The pricing app resolves them (negotiated before list); this module only blends them over a model
mix. A rate the price book does not hold falls back only where providers' own price lists do:
cache reads and writes to the input rate, reasoning to the output rate.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from .inputs import MixShare

PRICED_KINDS = (
    "input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
)  # fmt: skip
PER_REQUEST = "request"
FALLBACK = {
    "cache_read": "input_uncached",
    "cache_write_5m": "input_uncached",
    "cache_write_1h": "cache_write_5m",
    "reasoning": "output",
}


class UnpricedModelError(LookupError):
    """No price on the date for a model of the mix. Never estimated at zero."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(f"{provider} {model} has no price")
        self.provider = provider
        self.model = model


@dataclass(frozen=True, slots=True)
class Rates:
    """Money per million tokens by kind, for calls whose input is larger than ``over`` tokens."""

    per_million: Mapping[str, Decimal]
    over: int = 0
    per_request: Decimal = Decimal(0)

    def of(self, kind: str) -> Decimal:
        """Raises ``KeyError`` when neither the kind nor its fallback is priced."""
        while kind not in self.per_million:
            kind = FALLBACK[kind]
        return self.per_million[kind]


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """One model's dated prices. Bands are ordered by ``over``; the first is over 0."""

    provider: str
    model: str
    label: str
    currency: str
    standard: tuple[Rates, ...]
    batch: tuple[Rates, ...] = ()
    negotiated: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of every model an estimate names, on one date."""

    models: Mapping[tuple[str, str], ModelPrice]
    currency: str
    version: str = ""
    missing: tuple[tuple[str, str], ...] = field(default=())

    def get(self, provider: str, model: str) -> ModelPrice:
        """Raises :class:`UnpricedModelError`."""
        try:
            return self.models[provider, model]
        except KeyError:
            raise UnpricedModelError(provider, model) from None


@dataclass(frozen=True, slots=True)
class Blend:
    """The mix's rates per context band: ``standard[band][kind]``, ``batch[band][kind]``.

    The key "request" holds the price of one call, which few providers charge.
    """

    thresholds: tuple[int, ...]
    standard: tuple[Mapping[str, Decimal], ...]
    batch: tuple[Mapping[str, Decimal], ...]
    without_batch: tuple[str, ...]

    def band_of(self, input_tokens_per_call: Decimal) -> int:
        return max(0, bisect.bisect_left(self.thresholds, input_tokens_per_call) - 1)


def blend(mix: Iterable[MixShare], prices: PriceTable) -> Blend:
    """Weighted rates of a mix. Shares are percent of calls. Raises :class:`UnpricedModelError`."""
    priced = [(share.share, prices.get(share.provider, share.model)) for share in mix]
    thresholds = sorted(
        {0} | {r.over for _, p in priced for r in (*p.standard, *p.batch)},
    )
    standard = tuple(_weighted(priced, low, batch=False) for low in thresholds)
    batch = tuple(_weighted(priced, low, batch=True) for low in thresholds)
    lacking = tuple(price.label for _, price in priced if not price.batch)
    return Blend(tuple(thresholds), standard, batch, lacking)


def _weighted(
    priced: list[tuple[Decimal, ModelPrice]], low: int, *, batch: bool
) -> dict[str, Decimal]:
    total = dict.fromkeys((*PRICED_KINDS, PER_REQUEST), Decimal(0))
    for share, price in priced:
        bands = (price.batch if batch else ()) or price.standard
        rates = bands[bisect.bisect_right([b.over for b in bands], low) - 1]
        total[PER_REQUEST] += share * rates.per_request / 100
        for kind in PRICED_KINDS:
            try:
                total[kind] += share * rates.of(kind) / 100
            except KeyError:
                raise UnpricedModelError(price.provider, price.model) from None
    return total
