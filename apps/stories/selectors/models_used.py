"""Models to choose from and to compare with: what the organization uses, then the catalogue."""

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.common import clock
from apps.pricing import selectors as pricing
from apps.stories.estimator import Assumptions
from apps.stories.selectors.usage import top_models

COMPARED = 5
PRICED: dict[str, Any] = {
    "deprecated": False,
    "now_input_uncached__isnull": False,
    "now_output__isnull": False,
}
"""Models one may plan with: the catalogue's annotations say that both prices exist today."""
PLANNED_WITH = ("anthropic", "openai", "google", "mistral", "x-ai", "deepseek", "cohere", "meta")
"""Providers whose models are suggested while typing; any other model can still be typed."""


@dataclass(frozen=True, slots=True)
class ModelOption:
    """A model one may plan with. ``price_in`` and ``price_out`` are money per million tokens."""

    key: str
    name: str
    provider: str
    model: str
    provider_name: str
    price_in: Decimal
    price_out: Decimal


_lock = threading.Lock()
_cached: tuple[tuple[str, dt.date], dict[str, ModelOption]] | None = None


def options() -> dict[str, ModelOption]:
    """Text models with a price today, by "provider/model". Cached per price book and day."""
    global _cached  # noqa: PLW0603 -- one catalogue per process
    stamp = (pricing.price_book().lists.version, clock.today())
    if _cached is not None and _cached[0] == stamp:
        return _cached[1]
    with _lock:
        found = {option.key: option for option in _read_options()}
        _cached = (stamp, found)
    return found


def _read_options() -> Iterator[ModelOption]:
    catalogue: Any = pricing.model_catalogue()  # its annotations are not in the type
    rows = (
        catalogue.filter(**PRICED)
        .order_by("provider__name", "name")
        .values_list(
            "provider__key",
            "key",
            "name",
            "provider__name",
            "now_input_uncached",
            "now_output",
        )
    )
    for provider, model, name, provider_name, price_in, price_out in rows:
        yield ModelOption(
            key=f"{provider}/{model}",
            name=name,
            provider=provider,
            model=model,
            provider_name=provider_name,
            price_in=price_in,
            price_out=price_out,
        )


def suggestions() -> list[ModelOption]:
    """What the form offers while typing."""
    return [option for option in options().values() if option.provider in PLANNED_WITH]


def resolve_model(text: str) -> tuple[str, str]:
    """Provider and model as the price book names them, from "provider/model" or a model alone."""
    provider, separator, model = text.strip().partition("/")
    if not separator:
        provider, model = "", provider
    return pricing.price_book().canonical(provider, model)


def candidates(a: Assumptions) -> list[tuple[str, str, str]]:
    """Up to COMPARED models to price the same work on: the chosen one, a cheaper one of the same
    provider, those the organization uses most, then a middle and a dear one of the provider."""
    known = options()
    chosen = [(s.provider, s.model) for s in a.production.mix] if len(a.production.mix) == 1 else []
    spread = _spread({s.provider for s in a.production.mix})
    wanted = [*chosen, *spread[:1], *top_models(), *spread[1:]]
    named = []
    for provider, model in dict.fromkeys(wanted):
        option = known.get(f"{provider}/{model}")
        named.append((provider, model, option.name if option else model))
    return named[:COMPARED]


def _spread(providers: set[str]) -> list[tuple[str, str]]:
    """A cheap, a middle and a dear model of the providers, by input price."""
    found = []
    for share in (0.25, 0.5, 0.75):
        for provider in sorted(providers):
            rows = sorted(
                (o for o in options().values() if o.provider == provider and o.price_in > 0),
                key=lambda option: (option.price_in, option.model),
            )
            if rows:
                row = rows[int(len(rows) * share)]
                found.append((row.provider, row.model))
    return found
