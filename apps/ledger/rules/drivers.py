"""Why a cost changed: volume × tokens per request × model mix × caching × unit price. Pure.

For each model m, with R requests of all models, s its share of them, i input tokens per request,
a the weight of an input token (what caching moves), O weighted output tokens per request, and u the
price of a weighted token:

    cost = Σ R · s · (i · a + O) · u

Tokens are weighted with the model's list prices by kind, the same on both sides, so that u is the
paid price level alone: cost over weighted tokens.

Each factor's part is its Shapley value, taken in two steps: first quantity R·s against rate, and R
against s, each at the mean of the other side; then the rate's three factors over all orders. No
order of the factors is preferred, and exchanging the two periods changes every sign and nothing
else. The parts are exact fractions that sum to the change; they are rounded to whole nanos by
largest remainder, so that the whole numbers sum to it too.

Special cases, each exact: a model of one period only moves the mix, at its own rate. Use whose
source counts no requests is a line of its own beside the model's counted use, and is taken by
tokens: they are its volume. Cost that no request
or token explains moves the mix when it appears or goes, and the price when it stays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from apps.common.tokens import INPUT_KINDS, KINDS, OUTPUT_KINDS

PARTS = ("volume", "tokens_per_request", "model_mix", "caching", "unit_price")
USUAL_WEIGHTS = dict(
    zip(KINDS, (1000, 100, 1250, 2000, 5000, 5000, 1000, 5000, 1000, 5000), strict=True)
)
"""Weights of a model that no price list knows: the usual proportions of published prices."""
_INPUT = tuple(KINDS.index(kind) for kind in INPUT_KINDS)
_OUTPUT = tuple(KINDS.index(kind) for kind in OUTPUT_KINDS)
_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Use:
    """One model's priced use in a period; tokens in the order of KINDS."""

    requests: int
    tokens: tuple[int, ...]
    cost_nanos: int

    @property
    def total(self) -> int:
        return sum(self.tokens)


SILENT = "\0"
"""Ends the name of a line that holds a model's use of sources that count no requests."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """The parts of a change of cost, in nanos; they sum to `change`."""

    volume: int
    tokens_per_request: int
    model_mix: int
    caching: int
    unit_price: int
    change: int
    requests: tuple[int, int] = (0, 0)
    tokens: tuple[int, int] = (0, 0)
    cached: tuple[int, int] = (0, 0)
    input: tuple[int, int] = (0, 0)
    new_models: tuple[str, ...] = ()
    gone_models: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    """Models of which some use is counted by tokens alone."""
    counted_tokens: tuple[int, int] = (0, 0)
    """Tokens of the use whose requests are counted."""

    @property
    def parts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in PARTS}


@dataclass(slots=True)
class _Sums:
    parts: dict[str, Fraction] = field(default_factory=lambda: dict.fromkeys(PARTS, _ZERO))

    def add(self, part: str, value: Fraction) -> None:
        self.parts[part] += value


def explain(
    before: Mapping[str, Use],
    now: Mapping[str, Use],
    weights: Mapping[str, Sequence[int]] | None = None,
) -> Drivers:
    """The drivers of the change from `before` to `now`, by model; a model's use that no source
    counts in requests may be a line of its own (SILENT). `weights` are list prices per kind, in any
    unit, by line; all positive."""
    sums, known = _Sums(), weights or {}
    groups: dict[bool, list[str]] = {True: [], False: []}
    names = sorted(before.keys() | now.keys())
    for name in names:
        counted = all(side[name].requests > 0 for side in (before, now) if name in side)
        sized = all(side[name].total > 0 for side in (before, now) if name in side)
        if counted or sized:
            groups[counted].append(name)
            continue
        both = name in before and name in now
        moved = _cost(now, name) - _cost(before, name)
        sums.add("unit_price" if both else "model_mix", Fraction(moved))
    for counted, members in groups.items():
        if members:
            _group(before, now, members, known, sums, counted=counted)
    change = sum(u.cost_nanos for u in now.values()) - sum(u.cost_nanos for u in before.values())
    whole = largest_remainder([sums.parts[name] for name in PARTS], change)
    sides = (before, now)
    return Drivers(
        **dict(zip(PARTS, whole, strict=True)),
        change=change,
        requests=_both(sides, lambda u: u.requests),
        tokens=_both(sides, lambda u: u.total),
        cached=_both(sides, lambda u: u.tokens[KINDS.index("cache_read")]),
        input=_both(sides, lambda u: sum(u.tokens[i] for i in _INPUT)),
        new_models=_models(now, before),
        gone_models=_models(before, now),
        uncounted=tuple(dict.fromkeys(map(_model, groups[False]))),
        counted_tokens=_both(
            [
                {line: use for line, use in side.items() if line in groups[True]}
                for side in (before, now)
            ],
            lambda u: u.total,
        ),
    )


def _models(side: Mapping[str, Use], other: Mapping[str, Use]) -> tuple[str, ...]:
    """The models of one side that the other has no use of at all."""
    return tuple(sorted(set(map(_model, side)) - set(map(_model, other))))


def _model(line: str) -> str:
    return line.removesuffix(SILENT)


def _both(sides: Sequence[Mapping[str, Use]], read: Callable[[Use], int]) -> tuple[int, int]:
    first, second = (sum(read(use) for use in side.values()) for side in sides)
    return first, second


def _cost(side: Mapping[str, Use], name: str) -> int:
    return side[name].cost_nanos if name in side else 0


def _group(
    before: Mapping[str, Use],
    now: Mapping[str, Use],
    names: Sequence[str],
    weights: Mapping[str, Sequence[int]],
    sums: _Sums,
    *,
    counted: bool,
) -> None:
    """Models whose volume is counted in the same unit."""

    def volume(side: Mapping[str, Use], name: str) -> int:
        if name not in side:
            return 0
        return side[name].requests if counted else side[name].total

    all0 = sum(volume(before, name) for name in names)
    all1 = sum(volume(now, name) for name in names)
    for name in names:
        q0, q1 = volume(before, name), volume(now, name)
        c0 = Fraction(_cost(before, name), q0) if q0 else None
        c1 = Fraction(_cost(now, name), q1) if q1 else None
        rate0 = c0 if c0 is not None else c1 or _ZERO
        rate1 = c1 if c1 is not None else c0 or _ZERO
        rate = (rate0 + rate1) / 2
        # A side without any use has the other's shares: then all of the change is volume.
        s0 = Fraction(q0, all0) if all0 else Fraction(q1, all1)
        s1 = Fraction(q1, all1) if all1 else s0
        sums.add("volume", (all1 - all0) * (s0 + s1) / 2 * rate)
        sums.add("model_mix", (s1 - s0) * (all0 + all1) / 2 * rate)
        if q0 and q1:
            mean = Fraction(q0 + q1, 2)
            given = weights.get(name) or tuple(USUAL_WEIGHTS[kind] for kind in KINDS)
            for part, value in _rate(before[name], q0, now[name], q1, given).items():
                sums.add(part, value * mean)


def _rate(before: Use, q0: int, now: Use, q1: int, weights: Sequence[int]) -> dict[str, Fraction]:
    """The change of cost per unit of volume, by Shapley value over size, caching and price.

    Both sides are written over the same denominators, so that the corners are whole numbers: a
    fraction is only made of each sum.
    """
    read0, given0, written0 = _weighed(before, weights)
    read1, given1, written1 = _weighed(now, weights)
    priced0, priced1 = given0 + written0, given1 + written1
    if not priced0 or not priced1:
        # No weighted token explains the cost of a side.
        return {"unit_price": Fraction(now.cost_nanos, q1) - Fraction(before.cost_nanos, q0)}
    # A side without input has the other's weight of an input token.
    weight0 = (given0, read0) if read0 else (given1, read1) if read1 else (0, 1)
    weight1 = (given1, read1) if read1 else weight0
    sizes = ((read0 * q1, written0 * q1), (read1 * q0, written1 * q0))
    inputs = (weight0[0] * weight1[1], weight1[0] * weight0[1])
    prices = (before.cost_nanos * priced1, now.cost_nanos * priced0)
    over = weight0[1] * weight1[1]
    whole = 6 * q0 * q1 * over * priced0 * priced1
    corner = [
        [[(read * weight + written * over) * price for price in prices] for weight in inputs]
        for read, written in sizes
    ]
    size = caching = price = 0
    for x in (0, 1):
        for y in (0, 1):
            share = 2 if x == y else 1
            size += (corner[1][x][y] - corner[0][x][y]) * share
            caching += (corner[x][1][y] - corner[x][0][y]) * share
            price += (corner[x][y][1] - corner[x][y][0]) * share
    return {
        "tokens_per_request": Fraction(size, whole),
        "caching": Fraction(caching, whole),
        "unit_price": Fraction(price, whole),
    }


def _weighed(use: Use, weights: Sequence[int]) -> tuple[int, int, int]:
    """Input tokens, the weight of all of them, and that of the output."""
    return (
        sum(use.tokens[k] for k in _INPUT),
        sum(use.tokens[k] * weights[k] for k in _INPUT),
        sum(use.tokens[k] * weights[k] for k in _OUTPUT),
    )


def largest_remainder(values: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that sum to `total`, each within one of its value; `total` is their sum.

    Rounded down, then the largest remainders get one each; of equal ones the first.
    """
    floors = [value.numerator // value.denominator for value in values]
    left = total - sum(floors)
    order = sorted(range(len(values)), key=lambda i: (floors[i] - values[i], i))
    for index in order[:left]:
        floors[index] += 1
    return floors
