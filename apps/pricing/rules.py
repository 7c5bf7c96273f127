"""What usage costs: rates per million tokens to integer nanos, rounded once.

Rates are kept as whole pico-units (10⁻¹² of the currency's unit) per million tokens, which is what
NUMERIC(20,12) holds. Tokens × rate is then 10⁻⁹ of a nano, so a record is one integer sum and one
half-even division. A used kind without a rate makes the record unpriced (None): never 0.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from uuid import UUID

from apps.common.tokens import INPUT_KINDS, KINDS, TokenCounts

PICO = 10**12
MTOK = 10**6
CURRENCY = "USD"
"""The currency of the price book and of negotiated rates."""
SUM_UNITS_PER_NANO = 10**9
DAY_US = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ALWAYS_FROM = -(1 << 62)
ALWAYS_TO = 1 << 62
INPUT_INDEXES = tuple(KINDS.index(kind) for kind in INPUT_KINDS)


class CostStatus(StrEnum):
    """How sure a computed cost is."""

    EXACT = "exact"
    ESTIMATED = "estimated"
    UNPRICED = "unpriced"


class Granularity(StrEnum):
    """What one record sums up."""

    EVENT = "event"
    HOUR = "hour"
    DAY = "day"


class Tier(StrEnum):
    """The service tier that was served, not the one that was asked for."""

    STANDARD = "standard"
    BATCH = "batch"
    FLEX = "flex"
    PRIORITY = "priority"
    FAST = "fast"


_TIER_NAMES = {
    "": Tier.STANDARD,
    "standard": Tier.STANDARD,
    "default": Tier.STANDARD,
    "on_demand": Tier.STANDARD,
    "batch": Tier.BATCH,
    "flex": Tier.FLEX,
    "flex_discount": Tier.FLEX,
    "priority": Tier.PRIORITY,
    "priority_on_demand": Tier.PRIORITY,
    "fast": Tier.FAST,
}


def parse_tier(raw: str) -> tuple[Tier, bool]:
    """The tier of a source's own word, and whether the word is known.

    An unknown word is priced at the standard rate and marked as an estimate: genai-prices ignores
    such words silently.
    """
    tier = _TIER_NAMES.get(raw.strip().lower())
    return (tier, True) if tier else (Tier.STANDARD, False)


GEO_MARK = "+"
"""Between a tier and what was asked for beside it: `standard+us`, `fast+us`."""
SURCHARGES: dict[tuple[str, str], int] = {("anthropic", "us"): 1_000}
"""Hundredths of a percent on every token kind, by provider and where inference had to run.

Anthropic's pricing of data residency: inference in the US only costs 1.1 times every token price,
the prices of batches and of fast mode included (platform.claude.com, Data residency and Fast mode).
"""
NO_STAND_IN = frozenset({("anthropic", Tier.FAST)})
"""Tiers whose standard price says nothing about theirs: Anthropic's fast mode costs two to six
times as much, by model. A model without such a price is unpriced there, not estimated."""


def parse_served(raw: str) -> tuple[str, str]:
    """The tier's word and what was asked for beside it, "" for nothing: `fast+us` is fast, us."""
    word, _, beside = raw.strip().lower().partition(GEO_MARK)
    return word, beside


@dataclass(frozen=True, slots=True)
class Rates:
    """Pico-units per million tokens in the order of KINDS, and per request. None: no price."""

    per_mtok: tuple[int | None, ...]
    per_request: int | None = None

    def of(self, kind: str) -> Decimal | None:
        """Price per million tokens of one kind in units of the currency."""
        value = self.per_mtok[KINDS.index(kind)]
        return None if value is None else Decimal(value).scaleb(-12)

    @property
    def request(self) -> Decimal | None:
        """Price of one request in units of the currency."""
        return None if self.per_request is None else Decimal(self.per_request).scaleb(-12)


def pico(rate: Decimal | None) -> int | None:
    """A rate as pico-units, half-even at the twelfth decimal (what the database stores)."""
    if rate is None:
        return None
    return int((rate * PICO).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def div_half_even(number: int, divisor: int) -> int:
    """number / divisor rounded to the nearest integer, ties to the even one."""
    quotient, rest = divmod(number, divisor)
    double = rest * 2
    if double > divisor or (double == divisor and quotient & 1):
        return quotient + 1
    return quotient


def cost_nanos(rates: Rates, counts: TokenCounts | Sequence[int], requests: int = 1) -> int | None:
    """Cost of one record in nanos; None when a used kind has no price.

    `counts` is TokenCounts or integers in the order of KINDS.
    """
    values = counts.as_dict().values() if isinstance(counts, TokenCounts) else counts
    total = 0
    for count, rate in zip(values, rates.per_mtok, strict=True):
        if not count:
            continue
        if rate is None:
            return None
        total += count * rate
    if rates.per_request is not None:
        total += requests * rates.per_request * MTOK
    return div_half_even(total, SUM_UNITS_PER_NANO)


def discounted(rates: Rates, basis_points: int) -> Rates:
    """Rates with a discount in hundredths of a percent off, half-even at the twelfth decimal."""
    keep = 10_000 - basis_points

    def cut(rate: int | None) -> int | None:
        return None if rate is None else div_half_even(rate * keep, 10_000)

    return Rates(tuple(cut(rate) for rate in rates.per_mtok), cut(rates.per_request))


def surcharged(rates: Rates, basis_points: int) -> Rates:
    """Token prices with hundredths of a percent on top, half-even at the twelfth decimal. What is
    paid per request has no surcharge."""
    return Rates(discounted(rates, -basis_points).per_mtok, rates.per_request)


def overridden(rates: Rates, fixed: Rates) -> Rates:
    """Rates with the negotiated ones on top; kinds that were not negotiated keep their price."""
    return Rates(
        tuple(
            mine if mine is not None else theirs
            for mine, theirs in zip(fixed.per_mtok, rates.per_mtok, strict=True)
        ),
        fixed.per_request if fixed.per_request is not None else rates.per_request,
    )


@dataclass(frozen=True, slots=True)
class Band:
    """Rates of a whole request whose input is larger than `over` tokens."""

    over: int
    rates: Rates
    price_id: UUID
    list_price_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Prices between two instants, optionally only in a daily window (UTC), bands ascending.

    Instants and times of day are microseconds; `exact` is false where the tier has no price of
    its own yet and the standard price stands in.
    """

    starts_at: int
    ends_at: int
    bands: tuple[Band, ...]
    daily_from: int = 0
    daily_to: int = DAY_US
    exact: bool = True

    def active(self, at: int) -> bool:
        return (
            self.starts_at <= at < self.ends_at and self.daily_from <= at % DAY_US < self.daily_to
        )

    @property
    def whole_day(self) -> bool:
        return self.daily_from == 0 and self.daily_to == DAY_US


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """The range of input sizes a bucket holds: more than `lower`, at most `upper` tokens."""

    lower: int
    upper: int | None


_WINDOW = re.compile(r"^\s*(\d+)\s*([km]?)\s*-\s*(\d+)\s*([km]?)\s*$", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}


def parse_context_window(text: str) -> ContextWindow | None:
    """`0-200k`, `200k-1M` as providers write them; None for anything else."""
    match = _WINDOW.match(text or "")
    if not match:
        return None
    low, low_unit, high, high_unit = match.groups()
    return ContextWindow(int(low) * _UNITS[low_unit.lower()], int(high) * _UNITS[high_unit.lower()])


def choose_band(
    bands: Sequence[Band],
    *,
    input_tokens: int,
    single_call: bool,
    window: ContextWindow | None = None,
) -> tuple[Band, bool]:
    """The band of a record, and whether that is certain.

    A single call is placed by its own input. A bucket of many calls is placed by the context
    window its source gives, or by its total when even that is under the first threshold; otherwise
    the base band is an estimate, since a sum says nothing about the size of each call.
    """
    if len(bands) == 1:
        return bands[0], True
    if single_call:
        return _last_below(bands, input_tokens), True
    first_threshold = bands[1].over
    if input_tokens <= first_threshold:
        return bands[0], True
    if window is None:
        return bands[0], False
    placed = bands[0]
    for band in bands[1:]:
        if window.lower >= band.over:
            placed = band
    certain = not any(
        band.over > window.lower and (window.upper is None or band.over < window.upper)
        for band in bands[1:]
    )
    return placed, certain


def _last_below(bands: Sequence[Band], input_tokens: int) -> Band:
    placed = bands[0]
    for band in bands[1:]:
        if input_tokens > band.over:
            placed = band
    return placed


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (at - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class ResolvedPrice:
    """The price that applies to one record.

    `price_id` is the negotiated rate's id where one decided, else the list price's.
    """

    price_id: UUID
    rates: Rates
    status: CostStatus
    list_price_id: UUID | None = None
    over: int = 0

    def cost_nanos(self, counts: TokenCounts | Sequence[int], requests: int = 1) -> int | None:
        return cost_nanos(self.rates, counts, requests)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every price of one provider, model, account and tier over time."""

    provider: str
    model: str
    tier: Tier
    spans: tuple[Span, ...]
    tier_known: bool = True

    def at(
        self,
        at: datetime,
        *,
        input_tokens: int = 0,
        granularity: str = Granularity.EVENT,
        context_window: str = "",
        requests: int = 1,
    ) -> ResolvedPrice | None:
        """The price at an instant; None when nothing is priced then."""
        instant = microseconds(at)
        for span in self.spans:
            if span.active(instant):
                break
        else:
            return None
        single = granularity == Granularity.EVENT and requests <= 1
        band, certain = choose_band(
            span.bands,
            input_tokens=input_tokens,
            single_call=single,
            window=parse_context_window(context_window),
        )
        window_ok = span.whole_day or granularity == Granularity.EVENT
        exact = certain and span.exact and self.tier_known and window_ok
        return ResolvedPrice(
            band.price_id,
            band.rates,
            CostStatus.EXACT if exact else CostStatus.ESTIMATED,
            band.list_price_id,
            band.over,
        )
