"""List prices the simulated providers bill with: exact, dated, by service tier.

Prices come from `genai-prices`, as the portal's own price book does, so that usage × list price
and the simulated bill can be compared: they differ by the committed-use discount alone. A tier is
discounted from the day the data set dates it, before that it costs the standard price. Prices for
prompts above a model's long-context threshold are not used: the simulated calls of tiered models
stay below it.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from tokenops.simulator.company.types import Workload

KINDS = (
    "uncached",
    "cache_read",
    "write_5m",
    "write_1h",
    "output",
    "image",
    "audio_in",
    "audio_out",
)
"""Billable token kinds, in the order of the engine's arrays."""

DISCOUNTS = {"openai": Decimal("0.02"), "anthropic": Decimal(0)}
"""Committed-use discount on every line of the bill."""

GEO_FACTORS = {"us": Decimal("1.1")}
"""Anthropic's factor on every token price where inference has to run in one place."""

WEB_SEARCH_USD = Decimal(10) / 1000
UNLISTED = {
    "gpt-5.7-sol-preview": {
        "input": Decimal(6),
        "cache_read": Decimal("0.6"),
        "output": Decimal(30),
    }
}
"""Early-access models: the provider bills them, no public price list knows them."""

_CONTEXT = {
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"speed": "fast"},
}


@lru_cache(maxsize=256)
def find_model(provider: str, model: str) -> ModelInfo | None:
    """The price list's entry, or None when it has none."""
    source = next(item for item in providers if item.id == provider)
    return source.find_model(model)


def _base(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price.base if isinstance(price, TieredPrices) else price


def _resolve(info: ModelInfo, day: date, tier: str) -> ModelPrice:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return info.get_prices(moment, _CONTEXT.get(tier))


@lru_cache(maxsize=8192)
def rates(provider: str, model: str, tier: str, day: date) -> tuple[Decimal, ...]:
    """Dollars per million tokens of each kind in KINDS on a UTC day."""
    unlisted = UNLISTED.get(model)
    if unlisted:
        given, cached, out = unlisted["input"], unlisted["cache_read"], unlisted["output"]
        return (given, cached, given, given, out, given, given, out)
    info = find_model(provider, model)
    if info is None:
        raise LookupError(f"no list price for {provider} {model}")
    price = {name: _base(value) for name, value in _resolve(info, day, tier).__dict__.items()}
    given = price.get("input_mtok") or Decimal(0)
    out = price.get("output_mtok") or Decimal(0)
    write = price.get("cache_write_mtok") or given
    return (
        given,
        price.get("cache_read_mtok") or given,
        write,
        price.get("cache_write_1h_mtok") or write,
        out,
        price.get("input_image_mtok") or given,
        price.get("input_audio_mtok") or given,
        price.get("output_audio_mtok") or out,
    )


def rates_of(work: Workload, day: date) -> tuple[Decimal, ...]:
    """As `rates`, with what a workload pays for speed and for where inference runs."""
    tier = work.tier if work.speed == "standard" else work.speed
    factor = GEO_FACTORS.get(work.geo, Decimal(1))
    return tuple(rate * factor for rate in rates(work.provider, work.model, tier, day))


def bills_cache_writes(provider: str, model: str) -> bool:
    """Whether the model's cache writes are a line of their own (else they are plain input)."""
    info = find_model(provider, model)
    if info is None:
        return False
    price = info.get_prices(datetime(2026, 11, 1, tzinfo=UTC))
    return getattr(price, "cache_write_mtok", None) is not None
