"""The likely case, exact: decimals without any rounding until a cell is complete.

The decimal context traps ``Inexact``: if a figure could not be held exactly the computation fails
instead of being a little wrong. Each (phase, month) cell is rounded once, half to even; totals are
sums of cells, so that every page adds up to the nano.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from .fields import value_at
from .formula import PHASES, calls, cost_nanos, input_per_call, requests_of, tokens_of, volume
from .inputs import Assumptions, MixShare
from .prices import Blend, PriceTable, blend
from .result import ModelCost

DIGITS = 1000


@contextmanager
def exactness() -> Iterator[None]:
    """Decimal arithmetic that raises ``decimal.Inexact`` rather than round."""
    context = decimal.Context(
        prec=DIGITS, Emax=9999, Emin=-9999, traps=[decimal.Inexact, decimal.InvalidOperation]
    )
    with decimal.localcontext(context):
        yield


@dataclass(frozen=True, slots=True)
class LikelyPhase:
    """Likely tokens by kind and cost per month of one phase."""

    first_offset: int
    tokens: tuple[dict[str, int], ...]
    costs: tuple[int, ...]

    @property
    def kinds(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for month in self.tokens:
            for kind, count in month.items():
                total[kind] = total.get(kind, 0) + count
        return total


@dataclass(frozen=True, slots=True)
class Likely:
    phases: dict[str, LikelyPhase]
    volume: Decimal
    calls: Decimal
    input_per_call: Decimal
    models: tuple[ModelCost, ...]


def likely_case(a: Assumptions, prices: PriceTable) -> Likely:
    """Exact arithmetic on the likely inputs. Raises ``UnpricedModelError``."""
    with exactness():
        return Likely(
            phases={phase: _phase(phase, a, prices) for phase in PHASES},
            volume=volume(a, _reader(a)),
            calls=calls(a, _reader(a)),
            input_per_call=Decimal(input_per_call(_reader(a))),
            models=tuple(_models(a, prices)),
        )


class _Reader:
    def __init__(self, assumptions: Assumptions) -> None:
        self._assumptions = assumptions

    def __call__(self, path: str) -> Decimal:
        if path.endswith(".error"):
            return Decimal(1)
        return value_at(self._assumptions, path).likely


def _reader(a: Assumptions) -> _Reader:
    return _Reader(a)


def _phase(phase: str, a: Assumptions, prices: PriceTable) -> LikelyPhase:
    v = _reader(a)
    tokens = tokens_of(phase, a, v)
    cost = _cost(tokens, blend(a.mix_of(phase), prices), a, phase)
    if phase == "production":
        factors = list(growth_factors(v("production.growth"), a.production.horizon_months))
        return LikelyPhase(
            first_offset=a.build_months if a.starts_on != a.live_on else 0,
            tokens=tuple({k: _whole(n * f) for k, n in tokens.items()} for f in factors),
            costs=tuple(_whole(cost * f) for f in factors),
        )
    months = a.build_months
    spread = {kind: _spread(_whole(count), months) for kind, count in tokens.items()}
    return LikelyPhase(
        first_offset=0,
        tokens=tuple({kind: cells[m] for kind, cells in spread.items()} for m in range(months)),
        costs=tuple(_spread(_whole(cost), months)),
    )


def growth_factors(percent: Decimal, months: int) -> Iterator[Decimal]:
    factor = Decimal(1)
    for _ in range(months):
        yield factor
        factor = factor * (100 + percent) / 100


def _cost(
    tokens: dict[str, Decimal],
    rates: Blend,
    a: Assumptions,
    phase: str,
    part: Decimal = Decimal(100),
) -> Decimal:
    """Cost of ``part`` percent of a phase; ``tokens`` are already that part."""
    v = _reader(a)
    band = rates.band_of(Decimal(input_per_call(v))) if phase == "production" else 0
    share = Decimal(0) if phase == "development" else v(f"{phase}.batch_share")
    requests = requests_of(phase, a, v) * part / 100
    return Decimal(cost_nanos(tokens, rates.standard[band], rates.batch[band], share, requests))


def _models(a: Assumptions, prices: PriceTable) -> Iterator[ModelCost]:
    tokens = tokens_of("production", a, _reader(a))
    for share in a.production.mix:
        alone = blend([MixShare(share.provider, share.model)], prices)
        part = {kind: count * share.share / 100 for kind, count in tokens.items()}
        price = prices.get(share.provider, share.model)
        cost = _whole(_cost(part, alone, a, "production", share.share))
        yield ModelCost(share.provider, share.model, price.label, share.share, cost)


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


def _spread(total: int, months: int) -> list[int]:
    """Whole units over months, as even as whole units allow; the cells add up to the total."""
    return [total * (m + 1) // months - total * m // months for m in range(months)]
