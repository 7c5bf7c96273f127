"""An estimate as it is frozen: figures as columns, months as rows, the rest as JSON."""

import datetime as dt
from typing import Any

from apps.stories.estimator import Estimate, Figure, PriceTable
from apps.stories.models import PhaseEstimate, StoryRevision

FORMAT = 1


def revision_figures(result: Estimate) -> dict[str, Any]:
    """Columns of a revision."""
    month, life = result.month, result.lifetime
    return {
        "price_version": result.price_version[:100],
        "month_tokens_likely": month.tokens.likely,
        "month_tokens_p10": month.tokens.range.p10,
        "month_tokens_p50": month.tokens.range.p50,
        "month_tokens_p90": month.tokens.range.p90,
        "month_cost_likely": month.cost.likely,
        "month_cost_p10": month.cost.range.p10,
        "month_cost_p50": month.cost.range.p50,
        "month_cost_p90": month.cost.range.p90,
        "lifetime_cost_likely": life.cost.likely,
        "lifetime_cost_p50": life.cost.range.p50,
        "lifetime_cost_p90": life.cost.range.p90,
    }


def estimate_document(result: Estimate, prices: PriceTable) -> dict[str, Any]:
    """Everything else an approver may ask about later, with the prices that were used."""
    return {
        "format": FORMAT,
        "currency": result.currency,
        "draws": result.draws,
        "seed": result.seed,
        "ranged_phases": sorted(result.ranged_phases),
        "volume": str(result.volume),
        "calls": str(result.calls),
        "input_per_call": str(result.input_per_call),
        "cost_per_interaction": result.cost_per_interaction,
        "first_year": _figures(result.first_year.tokens, result.first_year.cost),
        "lifetime": _figures(result.lifetime.tokens, result.lifetime.cost),
        "phases": {
            name: {**_figures(total.tokens, total.cost), "kinds": dict(total.kinds)}
            for name, total in result.phases.items()
        },
        "month_kinds": dict(result.month.kinds),
        "models": [
            {"provider": m.provider, "model": m.model, "share": str(m.share), "cost": m.cost}
            for m in result.models
        ],
        "tornado_basis": result.tornado_basis,
        "tornado": [
            {
                "path": s.path,
                "label": s.label,
                "low": str(s.low),
                "high": str(s.high),
                "at_low": s.at_low,
                "at_high": s.at_high,
            }
            for s in result.tornado
        ],
        "warnings": list(result.warnings),
        "prices": [
            {
                "provider": price.provider,
                "model": price.model,
                "negotiated": price.negotiated,
                "standard": [_rates(r.over, r.per_million) for r in price.standard],
                "batch": [_rates(r.over, r.per_million) for r in price.batch],
            }
            for price in prices.models.values()
        ],
    }


def _rates(over: int, per_million: Any) -> dict[str, Any]:
    return {"over": over, "per_million": {kind: str(rate) for kind, rate in per_million.items()}}


def _figures(tokens: Figure, cost: Figure) -> dict[str, Any]:
    return {"tokens": _spread(tokens), "cost": _spread(cost)}


def _spread(figure: Figure) -> dict[str, int]:
    low, middle, high = figure.range
    return {"likely": figure.likely, "p10": low, "p50": middle, "p90": high}


def phase_rows(revision: StoryRevision, result: Estimate) -> list[PhaseEstimate]:
    """One row per phase and month."""
    return [
        PhaseEstimate(
            revision=revision,
            phase=cell.phase,
            month_offset=cell.offset,
            month=cell.month,
            tokens_likely=cell.tokens.likely,
            tokens_p10=cell.tokens.range.p10,
            tokens_p50=cell.tokens.range.p50,
            tokens_p90=cell.tokens.range.p90,
            cost_likely=cell.cost.likely,
            cost_p10=cell.cost.range.p10,
            cost_p50=cell.cost.range.p50,
            cost_p90=cell.cost.range.p90,
        )
        for cell in result.cells
    ]


def budget_start(starts_on: dt.date, today: dt.date) -> dt.date:
    """The first day a story's budget counts: its first month, never a month that is over."""
    return max(starts_on, today.replace(day=1))
