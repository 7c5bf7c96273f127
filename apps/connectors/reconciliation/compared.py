"""What gateways and other comparison-only sources counted of each group."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from uuid import UUID

from apps.connectors.enums import COMPARISON_ALWAYS
from apps.connectors.models import Source
from apps.connectors.reconciliation.rules import Compared
from apps.connectors.selectors import comparison_days
from apps.pricing.selectors import price_book

Key = tuple[str, str]
_COLUMNS = {"provider": [], "month": ["day"], "api_key": ["api_key_id"]}


def compared(
    start: date,
    end: date,
    *,
    by: str,
    provider: str,
    currency: str,
    bills: set[UUID],
    period: Callable[[str, date], str],
) -> Compared:
    """Comparison usage by provider and group: tokens, cost where all of it is known, a name.

    Several comparison sources see the same calls: the one that saw most of a group counts. A tool's
    own analytics see the calls of that tool only, some of them of subscriptions, and a source that
    brings a bill (`bills`) is compared as one: they count where nothing else says anything, and
    never hide a gateway. Usage that names no key says nothing about keys.
    """
    partial = Source.objects.filter(kind__in=COMPARISON_ALWAYS).values_list("id", flat=True)
    lesser = set(partial) | bills
    wanted = ["source_id", "provider", *_COLUMNS.get(by, [by])]
    book = price_book()
    found: dict[tuple[object, Key], list[int]] = defaultdict(lambda: [0, 0, 0])
    names: dict[Key, str] = {}
    for row in comparison_days(start, end, by=wanted, metered=True):
        name = book.canonical(row.provider or "", row.model or "x")[0]
        if (provider and name != provider) or (by == "api_key" and not row.api_key_id):
            continue
        group = {
            "day": row.day and period(name, row.day),
            "month": row.day and f"{row.day:%Y-%m}",
            "provider": name,
            "account": row.account,
            "model": book.canonical(row.provider or "", row.model)[1] if row.model else "",
            "api_key": row.api_key_id,
        }[by]
        key = (name, group or "")
        cell = found[row.source_id, key]
        cell[0] += row.counts.total
        cell[1] += row.cost_nanos
        cell[2] += row.without_cost + (row.currency != currency)
        if by == "api_key" and row.api_key:
            names[key] = row.api_key
    best: dict[Key, tuple[bool, int, list[int]]] = {}
    for (source_id, key), cell in found.items():
        rank = (source_id not in lesser, cell[0], cell)
        if key not in best or rank[:2] > best[key][:2]:
            best[key] = rank
    return {
        key: (cell[0], None if cell[2] else cell[1], names.get(key, ""))
        for key, (_, _, cell) in best.items()
    }
