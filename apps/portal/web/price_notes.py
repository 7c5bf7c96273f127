"""Price changes as labels on the bars of a chart, at any grain."""

from collections.abc import Sequence
from datetime import date, datetime

from apps.common import fmt
from apps.ledger.query import period_of
from apps.pricing.changes import PriceEvent, weight


def price_notes(
    events: Sequence[PriceEvent], periods: Sequence[date | datetime], grain: str
) -> list[tuple[int, str]]:
    """(bar, label) in order, one per bar. A bar of several days names the day; of several changes
    within it the largest speaks and the others are counted."""
    at = {period: index for index, period in enumerate(periods)}
    bars: dict[int, list[PriceEvent]] = {}
    for event in events:
        if (index := at.get(period_of(event.on, grain))) is not None:
            bars.setdefault(index, []).append(event)
    return [(index, _label(found, grain)) for index, found in sorted(bars.items())]


def _label(events: Sequence[PriceEvent], grain: str) -> str:
    first = max(events, key=weight)
    label = (
        first.label if grain in ("day", "hour") else f"{first.label}, {fmt.day(first.on, first.on)}"
    )
    return label if len(events) == 1 else f"{label}, and {len(events) - 1} more"
