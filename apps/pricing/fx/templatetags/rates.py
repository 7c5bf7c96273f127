"""Amounts of the books beside themselves in the reporting currency."""

from typing import Any

from django import template

from apps.pricing.fx.selectors import beside

register = template.Library()


@register.inclusion_tag("partials/_beside.html")
def in_reporting(currency: str, *labelled: Any) -> dict[str, Any]:
    """A line for agreed amounts: label, nanos, label, nanos ... Nothing where no reporting
    currency is chosen, the books are in it, or no amount is known."""
    pairs = list(zip(labelled[::2], labelled[1::2], strict=True))
    known = [(label, nanos) for label, nanos in pairs if nanos is not None]
    found = beside([nanos for _, nanos in known], currency)
    if found is None:
        return {"found": None}
    return {
        "found": found,
        "books": currency,
        "amounts": list(zip([label for label, _ in known], found.nanos, strict=True)),
    }
