"""What stands beside every figure: as of when, how complete, whose."""

from collections.abc import Mapping
from typing import Any

from django import template

from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import ledger_settings

register = template.Library()


@register.inclusion_tag("partials/_asof.html")
def asof(confidence: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Freshness and coverage of the open scope's usage, for pages whose view has not read them."""
    covered = coverage()
    return {
        "data_as_of": covered.data_as_of,
        "coverage": covered,
        "zone": ledger_settings().timezone,
        "confidence": confidence,
    }


@register.filter
def owned(confidence: Mapping[str, float] | None) -> float | None:
    """The share of the cost that has an owner, stated or by rule; None without cost."""
    return 1 - confidence.get("none", 0.0) if confidence else None
