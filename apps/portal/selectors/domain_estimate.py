"""The estimator of AI-assisted development: headcount x adoption x band."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.portal.rules import domains as rules
from apps.portal.rules.domains import Inputs
from apps.portal.selectors.domain_people import Crowd
from apps.portal.selectors.domains import DomainFigures

YEAR_DAYS = 240
ADOPTION = Decimal(70)
HEADCOUNT = 100
LIMITS: Mapping[str, tuple[int, int]] = {
    "headcount": (0, 10_000_000),
    "adoption": (0, 100),
    "low": (0, 10**9),
    "high": (0, 10**9),
    "days": (1, 366),
}
"""What it takes, both ends included."""


def inputs(params: Mapping[str, Any], crowd: Crowd | None) -> Inputs:
    """What was given and makes sense, else what was measured or is usual."""
    adoption = crowd.adoption if crowd else None
    seats = adoption.seats if adoption else (crowd.count if crowd else 0)
    share = adoption.share if adoption else None
    usual = {
        "headcount": Decimal(seats or HEADCOUNT),
        "adoption": ADOPTION if share is None else round(share * 100, 1),
        "low": Decimal(rules.BAND[0]),
        "high": Decimal(rules.BAND[1]),
        "days": Decimal(YEAR_DAYS),
    }
    found = {name: given(params, name) or (value,) for name, value in usual.items()}
    low, high = sorted((int(found["low"][0]), int(found["high"][0])))
    return Inputs(
        headcount=int(found["headcount"][0]),
        adoption=found["adoption"][0],
        low=low,
        high=high,
        days=int(found["days"][0]),
    )


def given(params: Mapping[str, Any], name: str) -> tuple[Decimal] | None:
    """One input as it was given; None where it is absent or out of LIMITS."""
    try:
        value = Decimal(str(params.get(name, "")).strip().replace(",", ""))
    except InvalidOperation:
        return None
    low, high = LIMITS[name]
    return (value,) if value.is_finite() and low <= value <= high else None


def estimate(view: DomainFigures, asked: Inputs) -> rules.Estimated:
    """The estimate at the domain's own price."""
    priced = view.total.tokens.total - view.total.unpriced_tokens if view.total else 0
    return rules.estimated(asked, view.cost_nanos, priced)
