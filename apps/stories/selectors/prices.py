"""Prices for the estimator, from the organization's price book: negotiated before list."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from apps.common import clock
from apps.common.tokens import KINDS
from apps.pricing import rules as pricing
from apps.pricing import selectors as price_selectors
from apps.pricing.book import PriceBook
from apps.stories.estimator import ModelPrice, PriceTable, Rates

BATCH = "batch"


def price_table(models: Iterable[tuple[str, str]], *, at: dt.datetime | None = None) -> PriceTable:
    """Prices of the named models at an instant, by default now. Unpriced ones are left out."""
    moment = at or clock.now()
    book = price_selectors.price_book()
    found = {}
    missing = []
    for provider, model in dict.fromkeys(models):
        price = _model_price(book, provider, model, moment)
        if price is None:
            missing.append((provider, model))
        else:
            found[provider, model] = price
    return PriceTable(
        models=found,
        currency=pricing.CURRENCY,
        version=book.version,
        missing=tuple(missing),
    )


def _model_price(book: PriceBook, provider: str, model: str, at: dt.datetime) -> ModelPrice | None:
    standard = _active(book.schedule(provider, model), at)
    if standard is None:
        return None
    batch = _active(book.schedule(provider, model, service_tier=BATCH), at)
    own_batch = batch is not None and batch.exact
    return ModelPrice(
        provider=provider,
        model=model,
        label=model,
        currency=pricing.CURRENCY,
        standard=_bands(standard),
        batch=_bands(batch) if own_batch and batch is not None else (),
        negotiated=any(band.price_id != band.list_price_id for band in standard.bands),
        version=book.version,
    )


def _active(schedule: pricing.Schedule | None, at: dt.datetime) -> pricing.Span | None:
    """The span in force; hours of the day are ignored, a plan has no time of day."""
    if schedule is None:
        return None
    instant = pricing.microseconds(at)
    spans = [span for span in schedule.spans if span.starts_at <= instant < span.ends_at]
    return next((s for s in spans if s.whole_day), spans[0] if spans else None)


def _bands(span: pricing.Span) -> tuple[Rates, ...]:
    return tuple(
        Rates(
            {kind: rate for kind in KINDS if (rate := band.rates.of(kind)) is not None},
            over=band.over,
            per_request=band.rates.request or Decimal(0),
        )
        for band in span.bands
    )
