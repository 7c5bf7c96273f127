"""Write the package's catalogue into the platform tables. Only the owner role may."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from apps.common import clock
from apps.common.tokens import KINDS
from apps.pricing.catalogue import Catalogue, model_id, package_catalogue
from apps.pricing.catalogue import provider_id as id_of_provider
from apps.pricing.models import AIModel, ListPrice, PriceBookVersion, Provider

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Seeded:
    """What one seeding did."""

    package: str
    providers: int
    models: int
    prices: int
    added: int
    superseded: int
    unchanged: bool


@transaction.atomic
def seed_price_book(found: Catalogue | None = None) -> Seeded:
    """Make the catalogue equal to the package's. Idempotent; nothing is ever deleted.

    A price that the package no longer has stays, marked superseded: records refer to it.
    """
    found = found or package_catalogue()
    digest = _digest(found)
    latest = PriceBookVersion.objects.order_by("-id").first()
    counts = (len(found.providers), len(found.models), len(found.prices))
    if latest and latest.digest == digest:
        return Seeded(found.version, *counts, added=0, superseded=0, unchanged=True)
    _seed_providers(found)
    _seed_models(found)
    added, superseded = _seed_prices(found)
    PriceBookVersion.objects.create(
        package=found.version, digest=digest, prices=counts[2], models_known=counts[1]
    )
    return Seeded(found.version, *counts, added=added, superseded=superseded, unchanged=False)


def _digest(found: Catalogue) -> str:
    text = hashlib.sha256(found.version.encode())
    for row in (*found.providers, *found.models):
        text.update(repr(row).encode())
    for price in sorted(str(price.id) for price in found.prices):
        text.update(price.encode())
    return text.hexdigest()


def _seed_providers(found: Catalogue) -> None:
    Provider.objects.exclude(id__in=[row.id for row in found.providers]).update(is_current=False)
    Provider.objects.bulk_create(
        [
            Provider(
                id=row.id,
                key=row.key,
                name=row.name,
                position=row.position,
                provider_match=row.provider_match,
                model_match=row.model_match,
                fallbacks=list(row.fallbacks),
                pricing_url=row.pricing_url,
            )
            for row in found.providers
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[
            "name",
            "position",
            "provider_match",
            "model_match",
            "fallbacks",
            "pricing_url",
            "is_current",
        ],
    )


def _seed_models(found: Catalogue) -> None:
    AIModel.objects.exclude(id__in=[row.id for row in found.models]).update(is_current=False)
    AIModel.objects.bulk_create(
        [
            AIModel(
                id=row.id,
                provider_id=id_of_provider(row.provider),
                key=row.key,
                name=row.name[:200],
                search=f"{row.key} {row.name}".lower()[:500],
                position=row.position,
                match=row.match,
                context_window=row.context_window,
                deprecated=row.deprecated,
            )
            for row in found.models
        ],
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[
            "name",
            "search",
            "position",
            "match",
            "context_window",
            "deprecated",
            "is_current",
        ],
    )


def _seed_prices(found: Catalogue) -> tuple[int, int]:
    known = set(ListPrice.objects.values_list("id", flat=True))
    wanted = {row.id for row in found.prices}
    now = clock.now()
    superseded = (
        ListPrice.objects.filter(is_current=True)
        .exclude(id__in=wanted)
        .update(is_current=False, superseded_at=now)
    )
    ListPrice.objects.filter(is_current=False, id__in=wanted).update(
        is_current=True, superseded_at=None
    )
    fresh = [row for row in found.prices if row.id not in known]
    ListPrice.objects.bulk_create(
        [
            ListPrice(
                id=row.id,
                model_id=model_id(row.provider, row.model),
                tier=row.tier,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                daily_from=row.daily_from,
                daily_to=row.daily_to,
                over_tokens=row.over_tokens,
                first_seeded_at=now,
                per_request=row.per_request,
                **_rates(row.rates),
            )
            for row in fresh
        ],
        batch_size=_BATCH,
    )
    return len(fresh), superseded


def _rates(rates: dict[str, Decimal | None]) -> dict[str, Decimal | None]:
    return {kind: rates[kind] for kind in KINDS}
