"""Changes and price changes as labels on the bars or points of a chart, at any grain."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from apps.common import fmt
from apps.ledger.changelog.selectors import ChangeMark
from apps.ledger.query import Query, costs, period_of
from apps.pricing.changes import PriceEvent, marks, price_events, weight

Event = PriceEvent | ChangeMark


def chart_notes(
    events: Sequence[Event], periods: Sequence[date | datetime], grain: str
) -> list[tuple[int, str]]:
    """(place, label) in order, one per place. A place of several days names the day; of several
    events in it the weightiest speaks and the others are counted."""
    at = {period: index for index, period in enumerate(periods)}
    places: dict[int, list[Event]] = {}
    for event in events:
        if (index := at.get(period_of(event.on, grain))) is not None:
            places.setdefault(index, []).append(event)
    return [(index, _label(found, grain)) for index, found in sorted(places.items())]


def prices_of(
    start: date,
    end: date,
    capabilities: Collection[UUID] = (),
    units: frozenset[UUID] | None = None,
) -> list[PriceEvent]:
    """Price changes in [start, end) of what these capabilities use, or everybody in sight."""
    if not price_events(start, end):
        return []
    filters = {"capability": [str(one) for one in capabilities]} if capabilities else {}
    asked = Query(
        start=start, end=end, group_by=("provider", "model"), filters=filters, unit_ids=units
    )
    used = [keys for keys, _ in costs(asked)]
    models, providers = {keys[1] or "" for keys in used}, {keys[0] or "" for keys in used}
    return marks(start, end, models - {""}, providers - {""})


def _label(events: Sequence[Event], grain: str) -> str:
    first = max(events, key=_weight)
    label = (
        first.label if grain in ("day", "hour") else f"{first.label}, {fmt.day(first.on, first.on)}"
    )
    return label if len(events) == 1 else f"{label}, and {len(events) - 1} more"


def _weight(event: Event) -> tuple[Decimal, str]:
    """What the organization did itself comes before what a provider did."""
    return (Decimal(100), event.label) if isinstance(event, ChangeMark) else weight(event)
