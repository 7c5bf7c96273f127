"""The consumption tier a workload belongs to, and how it stands against its reference band."""

from decimal import Decimal

from apps.portfolio import tiers
from apps.portfolio.models import Capability
from apps.portfolio.selectors import tiers_in_force
from apps.stories import bands
from apps.stories.estimator import Assumptions, Estimate, PriceTable


def tokens_per_interaction(result: Estimate) -> int | None:
    """Likely tokens of one interaction, all its calls together; None without volume."""
    if result.volume <= 0:
        return None
    return int((Decimal(result.month.tokens.likely) / result.volume).to_integral_value())


def tier_of(
    a: Assumptions,
    result: Estimate,
    prices: PriceTable,
    capability: Capability | None,
    in_force: tiers.Tiers | None = None,
) -> tiers.Assigned:
    """The tier of an estimate: money is the likely month (P50), the model the dearest of the mix.

    Somebody may have held the capability to a higher tier than its story reaches; then it keeps it.
    Where nobody has set one the estimate alone decides.
    """
    catalogue = in_force or tiers_in_force()[0]
    outputs = [
        prices.models[share.provider, share.model].standard[0].of("output")
        for share in a.production.mix
        if (share.provider, share.model) in prices.models
    ]
    assigned = tiers.assign(
        catalogue,
        tiers.Workload(
            month_cost=result.month.cost.range.p50,
            tokens_per_run=tokens_per_interaction(result),
            output_price=max(outputs, default=None),
            data_class=capability.data_class if capability else "",
        ),
    )
    if capability is None or not capability.tier:
        return assigned
    if tiers.higher(assigned.tier, capability.tier) == assigned.tier:
        return assigned
    held = catalogue.rule(capability.tier)
    return tiers.Assigned(
        tier=type(assigned.tier)(capability.tier),
        because=("capability",),
        guidance=held.guidance,
        model_class=assigned.model_class,
    )


def band_of(
    result: Estimate, references: bands.References, *, pattern: str, kind: str
) -> bands.Flag | None:
    """The estimate against what interactions of its pattern usually take."""
    tokens = tokens_per_interaction(result)
    if tokens is None:
        return None
    return bands.compare(references, pattern=pattern, kind=kind, tokens_per_interaction=tokens)
