"""Amounts of another currency in the ledger's, by the exchange rate of their day."""

from collections.abc import Sequence
from datetime import date, timedelta

from apps.pricing.fx.rules import Rate, half_even
from apps.pricing.fx.selectors import rate_table

Amount = tuple[date, int, str]
"""Day, nanos, currency."""


def convert(amounts: Sequence[Amount], currency: str) -> list[int | None]:
    """Each amount in `currency`, rounded half-even once; None where no rate was published on or
    before its day."""
    if not amounts:
        return []
    days = [day for day, _, _ in amounts]
    table = rate_table(
        {currency, *(source for _, _, source in amounts)}, min(days), max(days) + timedelta(days=1)
    )
    found: list[int | None] = []
    rates: dict[tuple[date, str], Rate | None] = {}
    for day, nanos, source in amounts:
        if (day, source) not in rates:
            rates[day, source] = table.at(day, source, currency)
        rate = rates[day, source]
        if rate is None:
            found.append(None)
        else:
            found.append(half_even(nanos * rate.value.numerator, rate.value.denominator))
    return found
