"""Prices and assumptions the estimator's tests are worked out with."""

import datetime as dt
from decimal import Decimal

from apps.stories.estimator import (
    Assumptions,
    MixShare,
    ModelPrice,
    PriceTable,
    Rates,
    Triple,
    exactly,
)
from apps.stories.estimator.inputs import Development, Parts, Production, Testing

D = Decimal


def rates(in_, cached, out, *, over=0, **more):
    table = {"input_uncached": D(in_), "cache_read": D(cached), "output": D(out)}
    return Rates({**table, **{kind: D(rate) for kind, rate in more.items()}}, over=over)


MEDIUM = ModelPrice(
    "atlas", "medium", "Atlas Medium", "USD",
    standard=(rates("3", "0.3", "15"),), batch=(rates("1.5", "0.15", "7.5"),),
)  # fmt: skip
SMALL = ModelPrice("atlas", "small", "Atlas Small", "USD", standard=(rates("0.8", "0.08", "4"),))
LONG = ModelPrice(
    "atlas", "long", "Atlas Long", "USD",
    standard=(rates("3", "0.3", "15"), rates("6", "0.6", "22.5", over=200_000)),
)  # fmt: skip

PRICES = PriceTable(
    {(p.provider, p.model): p for p in (MEDIUM, SMALL, LONG)}, currency="USD", version="test-1"
)


def triple(low, likely, high):
    return Triple(likely=D(likely), low=D(low), high=D(high))


def mix(*shares):
    return tuple(MixShare("atlas", model, D(share)) for model, share in shares)


def production(**changes):
    """The claims triage copilot of the design prototype: $2,538.174240 a month."""
    values = {
        "interactions": exactly(14_000),
        "calls": exactly(6),
        "parts": Parts(context=exactly(9_200), output=exactly(640)),
        "cache_hit": exactly(35),
        "retry": exactly(6),
        "horizon_months": 12,
        "mix": mix(("medium", 100)),
    }
    return Production(**{**values, **changes})


def assumptions(*, development=None, testing=None, starts=(2026, 12), live=(2027, 2), **run):
    return Assumptions(
        starts_on=dt.date(*starts, 1),
        live_on=dt.date(*live, 1),
        production=production(**run),
        development=development or Development(),
        testing=testing or Testing(),
    )
