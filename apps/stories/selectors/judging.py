"""An estimate with what follows from it: the tier, the reference band, cheaper ways to do it."""

from dataclasses import dataclass

from apps.portfolio.models import Capability
from apps.portfolio.tiers import Assigned
from apps.stories.bands import Flag
from apps.stories.estimator import Assumptions, Estimate, PriceTable
from apps.stories.selectors.estimating import (
    Alternative,
    alternatives,
    estimate_now,
    models_of,
    month_cost,
)
from apps.stories.selectors.models_used import candidates
from apps.stories.selectors.prices import price_table
from apps.stories.selectors.settings import Settings, settings_in_force
from apps.stories.selectors.tiers import band_of, tier_of
from apps.stories.what_if import Lever, levers


@dataclass(frozen=True, slots=True)
class Judged:
    """``pulled`` pairs each lever with its effect on the likely month, in nanos."""

    result: Estimate
    tier: Assigned
    band: Flag | None
    pulled: list[tuple[Lever, int]]
    others: list[Alternative]
    prices: PriceTable
    value_from_nanos: int | None


def judged(
    a: Assumptions,
    *,
    capability: Capability | None = None,
    kind: str = "",
    pattern: str = "",
    prefix: str = "assumptions.",
    settings: Settings | None = None,
    live: bool = False,
) -> Judged:
    """Price a plan at today's prices. Writes nothing. Raises Invalid per wrong field."""
    named, others = models_of(a), candidates(a)
    prices = price_table([*named, *((provider, model) for provider, model, _ in others)])
    result = estimate_now(a, prices=prices, prefix=prefix, live=live)
    settings = settings or settings_in_force()
    base = result.month.cost.likely
    has_batch = any(prices.models[pair].batch for pair in named if pair in prices.models)
    return Judged(
        result=result,
        tier=tier_of(a, result, prices, capability),
        band=band_of(
            result,
            settings.references,
            pattern=pattern,
            kind=capability.kind if capability else kind,
        ),
        pulled=[
            (lever, month_cost(lever.plan, prices) - base)
            for lever in levers(a, has_batch=has_batch)
        ],
        others=alternatives(a, result, others, prices),
        prices=prices,
        value_from_nanos=settings.value_from_nanos,
    )
