"""The offline price book of the `genai-prices` package as rows of ours.

Each row is one model's full set of prices in one tier, from one date, in one daily window, above
one context threshold, with every token kind resolved: what the provider documents for a kind it
does not list (reasoning is output, an undiscounted cache read is input) is written out here, once.
Cache writes kept for an hour need their own price on models whose provider documents one.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid5

from genai_prices import types as source
from genai_prices.data_snapshot import get_snapshot

from apps.common.tokens import KINDS
from apps.pricing.rules import Tier

PACKAGE = "genai-prices"
NAMESPACE = UUID("6d1f0e0a-5f0c-5c55-9d0b-7f4f0a7c9a10")
FIRST_DAY = date(1970, 1, 1)
_STEP = Decimal(1).scaleb(-12)

TIER_CONTEXTS: dict[Tier, dict[str, str]] = {
    Tier.BATCH: {"processing": "batch"},
    Tier.FLEX: {"service_tier": "flex"},
    Tier.PRIORITY: {"service_tier": "priority"},
    Tier.FAST: {"service_tier": "fast", "speed": "fast"},
}
"""The package's request context of each tier; standard has none."""

_CHAINS: dict[str, tuple[str, ...]] = {
    "input_uncached": ("input_mtok",),
    "cache_read": ("cache_read_mtok", "input_mtok"),
    "cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
    "reasoning": ("output_reasoning_mtok", "output_mtok"),
    "audio_input": ("input_audio_mtok", "input_mtok"),
    "audio_output": ("output_audio_mtok", "output_mtok"),
    "image_input": ("input_image_mtok", "input_mtok"),
    "image_output": ("output_image_mtok", "output_mtok"),
}


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider with the clauses that recognise it."""

    id: UUID
    key: str
    name: str
    position: int
    provider_match: dict[str, Any] | None
    model_match: dict[str, Any] | None
    fallbacks: tuple[str, ...]
    pricing_url: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of a provider."""

    id: UUID
    provider: str
    key: str
    name: str
    position: int
    match: dict[str, Any]
    context_window: int | None
    deprecated: bool


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Prices per million tokens by kind, and per request, of one model × tier × time × band."""

    id: UUID
    provider: str
    model: str
    tier: Tier
    starts_on: date
    ends_on: date | None
    daily_from: time | None
    daily_to: time | None
    over_tokens: int
    rates: dict[str, Decimal | None]
    per_request: Decimal | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A whole price book and the package version it comes from."""

    version: str
    providers: tuple[ProviderRow, ...]
    models: tuple[ModelRow, ...]
    prices: tuple[PriceRow, ...]


@cache
def package_catalogue() -> Catalogue:
    """The price book inside the installed package. Reads no network, and not the auto-update."""
    providers = get_snapshot().providers
    return Catalogue(
        version=f"{PACKAGE} {version(PACKAGE)}",
        providers=tuple(_provider_row(p, i) for i, p in enumerate(providers)),
        models=tuple(_model_row(p, m, i) for p in providers for i, m in enumerate(p.models)),
        prices=tuple(row for p in providers for m in p.models for row in model_prices(p.id, m)),
    )


def provider_id(key: str) -> UUID:
    return uuid5(NAMESPACE, f"provider/{key}")


def model_id(provider: str, key: str) -> UUID:
    return uuid5(NAMESPACE, f"model/{provider}/{key}")


def _provider_row(provider: source.Provider, position: int) -> ProviderRow:
    return ProviderRow(
        id=provider_id(provider.id),
        key=provider.id,
        name=provider.name,
        position=position,
        provider_match=clause_json(provider.provider_match),
        model_match=clause_json(provider.model_match),
        fallbacks=tuple(provider.fallback_model_providers or ()),
        pricing_url=(provider.pricing_urls or [""])[0],
    )


def _model_row(provider: source.Provider, model: source.ModelInfo, position: int) -> ModelRow:
    match = clause_json(model.match)
    assert match is not None  # noqa: S101 -- the package requires one
    return ModelRow(
        id=model_id(provider.id, model.id),
        provider=provider.id,
        key=model.id,
        name=model.name or model.id,
        position=position,
        match=match,
        context_window=model.context_window,
        deprecated=bool(model.deprecated),
    )


def clause_json(clause: Any) -> dict[str, Any] | None:
    """A match clause of the package as JSON that `matching.compile_clause` reads."""
    if clause is None:
        return None
    if isinstance(clause, source.ClauseOr):
        return {"or": [clause_json(part) for part in clause.or_]}
    if isinstance(clause, source.ClauseAnd):
        return {"and": [clause_json(part) for part in clause.and_]}
    for kind in ("equals", "starts_with", "ends_with", "contains", "regex"):
        if hasattr(clause, kind):
            return {kind: getattr(clause, kind)}
    raise ValueError(f"unknown clause {clause!r}")


def model_prices(provider: str, model: source.ModelInfo) -> Iterator[PriceRow]:
    """Every dated, tiered and banded price of one model."""
    for tier in Tier:
        context = TIER_CONTEXTS.get(tier)
        pieces = [
            piece
            for starts_on, ends_on in _date_ranges(model)
            if context is None or _offers(model, context, starts_on)
            for piece in _daily_pieces(model, context, starts_on, ends_on)
        ]
        for starts_on, ends_on, daily_from, daily_to, price in _joined(pieces):
            yield from _band_rows(
                provider, model.id, tier, (starts_on, ends_on, daily_from, daily_to), price
            )


def _conditions(model: source.ModelInfo) -> Iterator[Any]:
    if not isinstance(model.prices, source.ModelPrice):
        yield from (price.constraint for price in model.prices)
    yield from (variant.constraint for variant in model.price_variants or ())


def _date_ranges(model: source.ModelInfo) -> list[tuple[date, date | None]]:
    starts = {FIRST_DAY} | {
        c.start_date for c in _conditions(model) if isinstance(c, source.StartDateConstraint)
    }
    ordered = sorted(starts)
    return list(zip(ordered, [*ordered[1:], None], strict=True))


def _offers(model: source.ModelInfo, context: dict[str, str], day: date) -> bool:
    """Whether the model has prices of its own for a tier on a day."""
    at = datetime.combine(day, time(), UTC)
    return any(
        all(context.get(key) == value for key, value in variant.when.items())
        and (variant.constraint is None or variant.constraint.active(at))
        and any(price is not None for price in variant.prices.__dict__.values())
        for variant in model.price_variants or ()
    )


Piece = tuple[date, date | None, time | None, time | None, source.ModelPrice]


def _daily_pieces(
    model: source.ModelInfo,
    context: dict[str, str] | None,
    starts_on: date,
    ends_on: date | None,
) -> Iterator[Piece]:
    moments = {time(tzinfo=UTC)}
    for constraint in _conditions(model):
        if isinstance(constraint, source.TimeOfDateConstraint):
            moments |= {_utc(constraint.start_time), _utc(constraint.end_time)}
    ordered = sorted(moments)
    for index, moment in enumerate(ordered):
        prices = model.get_prices(datetime.combine(starts_on, moment), context)
        last = index + 1 == len(ordered)
        yield (
            starts_on,
            ends_on,
            None if len(ordered) == 1 else moment.replace(tzinfo=None),
            None if last else ordered[index + 1].replace(tzinfo=None),
            prices,
        )


def _utc(moment: time) -> time:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return (datetime.combine(FIRST_DAY + timedelta(days=1), moment)).astimezone(UTC).timetz()


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours in time with the same prices become one."""
    joined: list[Piece] = []
    for piece in pieces:
        previous = joined[-1] if joined else None
        if (
            previous
            and previous[2] is piece[2] is None
            and previous[1] == piece[0]
            and previous[4] == piece[4]
        ):
            joined[-1] = (previous[0], piece[1], None, None, previous[4])
        elif (
            previous
            and previous[:2] == piece[:2]
            and previous[3] == piece[2]
            and previous[4] == piece[4]
        ):
            joined[-1] = (previous[0], previous[1], previous[2], piece[3], previous[4])
        else:
            joined.append(piece)
    return joined


def _band_rows(
    provider: str,
    model: str,
    tier: Tier,
    when: tuple[date, date | None, time | None, time | None],
    price: source.ModelPrice,
) -> Iterator[PriceRow]:
    starts_on, ends_on, daily_from, daily_to = when
    values = {key: value for key, value in price.__dict__.items() if value is not None}
    thresholds = sorted(
        {0}
        | {
            step.start
            for value in values.values()
            if isinstance(value, source.TieredPrices)
            for step in value.tiers
        }
    )
    for over in thresholds:
        flat = {key: _at_threshold(value, over) for key, value in values.items()}
        rates = {kind: _resolve(kind, flat, model) for kind in KINDS}
        per_thousand = flat.get("requests_kcount")
        per_request = None if per_thousand is None else _store(per_thousand / 1000)
        if per_request is None and all(rate is None for rate in rates.values()):
            continue
        identity = {
            "price": [provider, model, tier, str(starts_on), str(ends_on)],
            "window": [str(daily_from), str(daily_to), over],
            "rates": [str(rates[kind]) for kind in KINDS],
            "request": str(per_request),
        }
        yield PriceRow(
            id=uuid5(NAMESPACE, json.dumps(identity, sort_keys=True)),
            provider=provider,
            model=model,
            tier=tier,
            starts_on=starts_on,
            ends_on=ends_on,
            daily_from=daily_from,
            daily_to=daily_to,
            over_tokens=over,
            rates=rates,
            per_request=per_request,
        )


def _at_threshold(value: Decimal | source.TieredPrices, over: int) -> Decimal:
    if isinstance(value, Decimal):
        return value
    price = value.base
    for step in value.tiers:
        if over >= step.start > 0:
            price = step.price
    return price


def _resolve(kind: str, prices: dict[str, Decimal], model: str) -> Decimal | None:
    chain = _CHAINS[kind]
    if kind == "cache_write_1h" and "claude" in model.lower():
        chain = ("cache_write_1h_mtok",)
    return next((_store(prices[key]) for key in chain if key in prices), None)


def _store(rate: Decimal) -> Decimal:
    return rate.quantize(_STEP, rounding=ROUND_HALF_EVEN)
