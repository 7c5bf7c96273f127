"""Estimates at today's prices. Reads only: nothing is stored until a story is submitted."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from apps.common import clock
from apps.common.errors import FieldError, Invalid
from apps.stories.bands import Sizes
from apps.stories.estimator import (
    Assumptions,
    Estimate,
    PriceTable,
    Triple,
    UnpricedModelError,
    estimate,
    load,
    problems,
)
from apps.stories.estimator.exact import likely_case
from apps.stories.estimator.inputs import Development, Testing
from apps.stories.selectors.prices import price_table
from apps.stories.what_if import on_model

MAX_FIGURE = 2**62
"""Figures are stored as 64-bit integers; nobody spends four billion dollars a story."""


def parse_assumptions(document: object, *, prefix: str = "assumptions") -> Assumptions:
    """The estimator's document. Raises Invalid that names the wrong field."""
    try:
        return load(document)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").replace("$", prefix, 1) or prefix
        raise Invalid(
            "The assumptions have the wrong shape.",
            code="assumptions_invalid",
            errors=[FieldError(field, message, "See the schema of POST /api/v1/estimates/.")],
        ) from error


def fill_size(a: Assumptions, sizes: Sizes) -> Assumptions:
    """The assumptions with the organization's band for a size that came without its tokens."""
    dev = a.development
    if dev.basis != "size" or dev.size not in sizes or dev.size_tokens != Triple():
        return a
    filled = msgspec.structs.replace(dev, size_tokens=sizes[dev.size].triple)
    return msgspec.structs.replace(a, development=filled)


def check_assumptions(a: Assumptions, *, prefix: str = "") -> list[FieldError]:
    """Everything that blocks an estimate, prices aside."""
    return [FieldError(f"{prefix}{p.field}", p.message, p.fix) for p in problems(a)]


def models_of(a: Assumptions) -> list[tuple[str, str]]:
    """Every model a set of assumptions names."""
    shares = [*a.production.mix, *a.development.mix, *a.testing.mix]
    return [(share.provider, share.model) for share in shares]


def estimate_now(
    a: Assumptions,
    *,
    prices: PriceTable | None = None,
    prefix: str = "",
    brief: bool = False,
    live: bool = False,
) -> Estimate:
    """The estimate at the prices of today. Of a story that is `live` a go-live that is over is no
    mistake.

    Raises Invalid with one error per wrong input, and for a model without a price.
    """
    errors = check_assumptions(a, prefix=prefix)
    if errors:
        raise Invalid("The estimate needs some input.", code="assumptions_invalid", errors=errors)
    table = prices or price_table(models_of(a))
    try:
        result = estimate(a, table, today=None if live else clock.today(), brief=brief)
    except UnpricedModelError as error:
        name = f"{error.provider} {error.model}"
        raise Invalid(
            f"{name} has no price today.",
            code="model_unpriced",
            errors=[
                FieldError(
                    f"{prefix}production.mix",
                    f"{name} has no price today.",
                    "Choose another model, or ask TokenOps to add a negotiated rate for it.",
                )
            ],
        ) from error
    if max(_largest(result)) > MAX_FIGURE:
        raise Invalid(
            "The estimate is too large to be meant.",
            code="estimate_too_large",
            errors=[
                FieldError(
                    f"{prefix}production.interactions",
                    "The estimate is too large to be meant.",
                    "Check volume, calls and tokens for extra zeros.",
                )
            ],
        )
    return result


def _largest(result: Estimate) -> Iterable[int]:
    total = result.lifetime
    return total.cost.likely, total.cost.range.p90, total.tokens.likely, total.tokens.range.p90


@dataclass(frozen=True, slots=True)
class Alternative:
    """The same work on another model. ``cost`` is None when it has no price."""

    key: str
    name: str
    cost: int
    change: Decimal | None
    chosen: bool


def alternatives(
    a: Assumptions,
    result: Estimate,
    candidates: Iterable[tuple[str, str, str]],
    table: PriceTable,
) -> list[Alternative]:
    """Likely cost of a typical month with all calls on each candidate (provider, model, name).

    ``table`` holds the candidates' prices; one without a price is left out.
    """
    named = list(candidates)
    base = result.month.cost.likely
    mix = {(s.provider, s.model): s.share for s in a.production.mix}
    rows = []
    for provider, model, name in named:
        if (provider, model) not in table.models:
            continue
        chosen = mix.get((provider, model)) == 100
        cost = base if chosen else month_cost(on_model(a, provider, model), table)
        change = None if chosen or not base else Decimal(cost - base) / Decimal(base)
        rows.append(Alternative(f"{provider}/{model}", name, cost, change, chosen))
    return sorted(rows, key=lambda row: (not row.chosen, row.cost))


def month_cost(a: Assumptions, table: PriceTable) -> int:
    """Likely nanos of the first month of production, without anything else of the estimate."""
    alone = msgspec.structs.replace(
        a,
        production=msgspec.structs.replace(a.production, horizon_months=1),
        development=Development(),
        testing=Testing(),
    )
    return likely_case(alone, table).phases["production"].costs[0]
