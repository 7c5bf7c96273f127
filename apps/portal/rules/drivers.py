"""Why a cost changed, in parts that add up to the change exactly, to the nano.

For each model used in both windows cost is requests × tokens per request × price per token. The
factors are moved one after the other, so the parts telescope:

    volume     all models' requests grew alike                     C0·(g − 1)
    mix        requests moved between models                       C0·(r1/r0 − g)
    size       tokens per request at the old price per token       T1·C0/T0 − r1·C0/r0
    price      price per token: list price, cache use, input share C1 − T1·C0/T0

Models of one window only are `new` and `gone`. Each part is rounded half-even and the last one
takes the rest. Unpriced use has no cost and is left out; the page says how much it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Use:
    """One model's use in a window."""

    requests: int
    tokens: int
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class Drivers:
    """The parts of a change of cost, in nanos; they sum to `change`."""

    volume: int
    mix: int
    size: int
    price: int
    new: int
    gone: int
    change: int
    requests_ratio: float | None = None
    tokens_per_request: tuple[int, int] | None = None
    new_models: tuple[str, ...] = ()
    gone_models: tuple[str, ...] = ()


def explain(before: Mapping[str, Use], now: Mapping[str, Use]) -> Drivers:
    """The drivers of the change from `before` to `now`, by model."""
    both = [
        name
        for name in before
        if name in now and before[name].requests > 0 and before[name].tokens > 0
    ]
    growth = _growth(before, now, both)
    volume = mix = size = Fraction(0)
    rest = 0
    for name in both:
        old, new = before[name], now[name]
        grown = Fraction(new.requests, old.requests)
        volume += old.cost_nanos * (growth - 1)
        mix += old.cost_nanos * (grown - growth)
        at_old_price = Fraction(new.tokens * old.cost_nanos, old.tokens)
        size += at_old_price - old.cost_nanos * grown
        rest += new.cost_nanos - old.cost_nanos
    fresh = tuple(sorted(name for name in now if name not in both))
    stale = tuple(sorted(name for name in before if name not in both))
    parts = [round(volume), round(mix), round(size)]
    change = sum(u.cost_nanos for u in now.values()) - sum(u.cost_nanos for u in before.values())
    return Drivers(
        volume=parts[0],
        mix=parts[1],
        size=parts[2],
        price=rest - sum(parts),
        new=sum(now[name].cost_nanos for name in fresh),
        gone=-sum(before[name].cost_nanos for name in stale),
        change=change,
        requests_ratio=float(growth - 1) if both else None,
        tokens_per_request=_sizes(before, now, both),
        new_models=fresh,
        gone_models=stale,
    )


def _growth(before: Mapping[str, Use], now: Mapping[str, Use], both: list[str]) -> Fraction:
    """How the requests of the models in both windows grew, taken together."""
    old = sum(before[name].requests for name in both)
    new = sum(now[name].requests for name in both)
    return Fraction(new, old) if old else Fraction(1)


def _sizes(
    before: Mapping[str, Use], now: Mapping[str, Use], both: list[str]
) -> tuple[int, int] | None:
    """Tokens per request before and now, over the models in both windows."""
    old = sum(before[name].requests for name in both)
    new = sum(now[name].requests for name in both)
    if not old or not new:
        return None
    return (
        round(Fraction(sum(before[name].tokens for name in both), old)),
        round(Fraction(sum(now[name].tokens for name in both), new)),
    )
