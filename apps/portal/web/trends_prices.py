"""Trends: price against volume and bill, and why each period cost more or less."""

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html

from apps.common import fmt
from apps.ledger.rules.drivers import PARTS
from apps.ledger.rules.trends import rounded
from apps.portal.selectors.trends import Prices, Step
from apps.portal.web.trends_state import State
from apps.portal.web.trends_tables import MOST_ROWS, Column, Sheet, amount, period_text
from apps.pricing.changes import weight

MOST_EVENTS = 2
PART_LABELS = dict(
    zip(
        PARTS,
        ("Volume", "Tokens per request", "Model mix", "Caching", "Price per token"),
        strict=True,
    )
)


def index_sheet(found: Prices, state: State) -> Sheet:
    """Price, volume and bill of each period."""

    def filed() -> Iterable[list[Any]]:
        for period, point, index in zip(found.periods, found.points, found.indexes, strict=True):
            price = point.price * 1_000_000 if point.price is not None else None
            yield [
                period.start,
                period.days,
                amount(point.cost_nanos),
                point.tokens,
                amount(round(price)) if price is not None else None,
                rounded(index.price, 4),
                rounded(index.volume, 4),
                rounded(index.bill, 4),
            ]

    return Sheet(
        "prices",
        "Price, volume and bill",
        (),
        (),
        [
            f"{state.span.grain.capitalize()} from",
            "Days",
            f"Cost ({state.currency})",
            "Priced tokens",
            f"Price per million ({state.currency})",
            "Price index",
            "Volume index",
            "Bill index",
        ],
        filed,
    )


def variance_sheet(found: Prices, state: State) -> Sheet:
    """What each period cost against the one before it, in exact parts."""
    money = state.currency
    steps = found.steps[::-1]

    def name(step: Step) -> Any:
        text = period_text(step.period, state.span.grain)
        if step.running:
            text = f"{fmt.day_range(step.period.start, step.period.end)}, so far"
        by_model = {
            event.model or event.provider: event for event in sorted(step.events, key=weight)
        }
        largest = sorted(by_model.values(), key=weight, reverse=True)[:MOST_EVENTS]
        marks = ", ".join(event.label for event in largest)
        if more := len(step.events) - len(largest):
            marks += f" and {more} more"
        return format_html("{}<small>{}</small>", text, f"Prices: {marks}") if marks else text

    def row(step: Step) -> list[Any]:
        drivers = step.drivers
        parts = [fmt.signed_money(drivers.parts[part], money, "exact") for part in PARTS]
        return [
            name(step),
            fmt.money(step.cost_nanos, money, "exact"),
            fmt.signed_money(drivers.change, money, "exact"),
            *parts,
        ]

    def filed() -> Iterable[list[Any]]:
        for step in steps:
            yield [
                step.period.start,
                step.period.end,
                step.before.start,
                step.before.end,
                amount(step.cost_nanos),
                amount(step.drivers.change),
                *(amount(step.drivers.parts[part]) for part in PARTS),
                "; ".join(f"{event.on} {event.label}" for event in step.events),
            ]

    return Sheet(
        "variance",
        "Why each period cost more or less than the one before it",
        [
            Column(state.span.grain.capitalize(), ""),
            Column("Cost", "num b6"),
            Column("Change"),
            *(Column(label) for label in PART_LABELS.values()),
        ],
        [row(step) for step in steps[:MOST_ROWS]],
        [
            "From",
            "Until (day after)",
            "Against from",
            "Against until (day after)",
            f"Cost ({money})",
            f"Change ({money})",
            *(f"{label} ({money})" for label in PART_LABELS.values()),
            "Price changes",
        ],
        filed,
        max(0, len(steps) - MOST_ROWS),
    )
