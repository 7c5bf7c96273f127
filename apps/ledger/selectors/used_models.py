"""Which models were used lately, as the price book names them."""

from datetime import timedelta

from apps.common import clock
from apps.ledger.query import Query, run
from apps.pricing.selectors import price_book

DAYS = 30


def used_models() -> set[tuple[str, str]]:
    """Provider and model of everything used in the last DAYS days."""
    today = clock.today()
    asked = Query(
        start=today - timedelta(days=DAYS),
        end=today + timedelta(days=1),
        group_by=("provider", "model"),
    )
    book = price_book()
    return {
        book.canonical(provider or "", model)
        for provider, model in (row.keys for row in run(asked).rows)
        if model
    }
