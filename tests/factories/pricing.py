"""Prices: part of the package's price book, and negotiated rates."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from apps.access.actors import system_actor
from apps.pricing import services
from apps.pricing.catalogue import Catalogue, package_catalogue
from apps.pricing.models import NegotiatedRate
from apps.pricing.seed import Seeded, seed_price_book
from tests.conftest import as_owner

PROVIDERS = frozenset({"openai", "anthropic", "azure", "deepseek"})


@cache
def small_catalogue() -> Catalogue:
    """Four providers of the package: quick to load."""
    found = package_catalogue()
    return Catalogue(
        version=found.version,
        providers=tuple(row for row in found.providers if row.key in PROVIDERS),
        models=tuple(row for row in found.models if row.provider in PROVIDERS),
        prices=tuple(row for row in found.prices if row.provider in PROVIDERS),
    )


def load_prices(found: Catalogue | None = None) -> Seeded:
    """Fill the catalogue as the owner role does."""
    with as_owner():
        return seed_price_book(found or small_catalogue())


def make_rate(**fields: Any) -> NegotiatedRate:
    """A 10 % discount on OpenAI from 2026 on, in the open scope, unless told otherwise."""
    values: dict[str, Any] = {
        "name": "Contract",
        "provider": "openai",
        "kind": "discount",
        "discount_percent": Decimal(10),
        "starts_on": date(2026, 1, 1),
    }
    terms = services.RateTerms(**{**values, **fields})
    return services.negotiate_rate(actor=system_actor("tests"), terms=terms)
