"""What the pages of the change log say."""

from decimal import Decimal
from typing import Any

from apps.common import fmt
from apps.ledger.changelog.selectors import EFFECT_DAYS, Effect

UNKNOWN = "No runs to compare"


def moved(before: int | None, after: int | None) -> str:
    """+41%, −8%, or an en dash where one side is not known."""
    ratio = fmt.change(after, before) if before is not None and after is not None else None
    return fmt.delta(ratio, 0) if ratio is not None else fmt.DASH


def points(before: Decimal | None, after: Decimal | None) -> str:
    return fmt.points(after - before) if before is not None and after is not None else fmt.DASH


def lines(effect: Effect, currency: str) -> list[dict[str, Any]]:
    """One line per figure: before, after, and by how much it moved."""
    tokens, cost, bloat = effect.tokens, effect.cost, effect.bloat
    runs = effect.before.runs, effect.after.runs
    return [
        {
            "label": "Tokens per run",
            "before": fmt.tokens(tokens[0]),
            "after": fmt.tokens(tokens[1]),
            "moved": moved(*tokens),
        },
        {
            "label": "Cost per run",
            "before": fmt.money(cost[0], currency, "unit"),
            "after": fmt.money(cost[1], currency, "unit"),
            "moved": moved(*cost),
        },
        {
            "label": "Bloat ratio",
            "before": fmt.pct(bloat[0]),
            "after": fmt.pct(bloat[1]),
            "moved": points(*bloat),
        },
        {
            "label": "Runs",
            "before": fmt.count(runs[0]),
            "after": fmt.count(runs[1]),
            "moved": moved(*runs),
        },
    ]


def headline(effect: Effect | None) -> str:
    """“Tokens per run +41% after it”, or why nothing can be said."""
    if effect is None or not effect.told:
        return UNKNOWN
    days = effect.days_after
    waiting = f" in its first {fmt.plural(days, 'day')}" if days < EFFECT_DAYS else " after it"
    return f"Tokens per run {moved(*effect.tokens)}, cost {moved(*effect.cost)}{waiting}"
