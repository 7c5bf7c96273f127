"""The arithmetic of a Token Story, written once.

Every function works on :class:`~decimal.Decimal` (the likely case, exact) and on numpy arrays
(the draws): the caller decides by what ``v`` returns for a path.

    calls  = volume × calls per interaction × (1 + retries)
    tokens = calls × tokens a call, split into disjoint kinds by the cache hit rate
    cost   = tokens of a kind × its price, at batch prices for the batch share
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .fields import INPUT_PARTS
from .inputs import Assumptions
from .prices import PER_REQUEST, PRICED_KINDS

Value = Any  # Decimal or numpy array: the same operators, never mixed within one call
Read = Callable[[str], Value]

PHASES = ("development", "testing", "production")
NANOS = 10**9
NANOS_PER_MILLIONTH = 1000  # 10**9 nanos / 10**6 tokens


def volume(a: Assumptions, v: Read) -> Value:
    """Interactions in the first month of production."""
    if a.production.volume == "users":
        return v("production.users") * v("production.adoption") * v("production.per_user") / 100
    return v("production.interactions")


def calls(a: Assumptions, v: Read) -> Value:
    """Model calls in the first month of production, retries included."""
    return volume(a, v) * v("production.calls") * (100 + v("production.retry")) / 100


def input_per_call(v: Read) -> Value:
    return sum((v(f"production.parts.{part}") for part in INPUT_PARTS), start=0)


def production_tokens(a: Assumptions, v: Read) -> dict[str, Value]:
    """Tokens by kind in the first month of production."""
    n = calls(a, v) * v("production.error")
    given = n * input_per_call(v)
    cached = given * v("production.cache_hit") / 100
    fresh = given - cached
    written = fresh * v("production.cache_write") / 100
    return {
        "input_uncached": fresh - written,
        "cache_read": cached,
        f"cache_write_{a.production.cache_ttl}": written,
        "output": n * v("production.parts.output"),
        "reasoning": n * v("production.parts.reasoning"),
    }


def development_tokens(a: Assumptions, v: Read) -> dict[str, Value]:
    """Tokens by kind over the whole of development."""
    basis = a.development.basis
    if basis == "effort":
        total = (
            v("development.developers") * v("development.days") * v("development.tokens_per_day")
        )
    elif basis == "size":
        total = v("development.size_tokens")
    else:
        total = v("development.developers") * 0
    return _split("development", total * v("development.error"), v)


def testing_tokens(v: Read) -> dict[str, Value]:
    """Tokens by kind over the whole of testing."""
    total = v("testing.runs") * v("testing.cases") * v("testing.tokens_per_case")
    total = total + v("testing.ci_runs") * v("testing.tokens_per_ci_run")
    return _split("testing", total * v("testing.error"), v)


def _split(phase: str, total: Value, v: Read) -> dict[str, Value]:
    written = total * v(f"{phase}.output_share") / 100
    given = total - written
    cached = given * v(f"{phase}.cache_hit") / 100
    return {"input_uncached": given - cached, "cache_read": cached, "output": written}


def tokens_of(phase: str, a: Assumptions, v: Read) -> dict[str, Value]:
    """Tokens by kind: first month of production, or the whole of a build phase."""
    if phase == "production":
        return production_tokens(a, v)
    if phase == "development":
        return development_tokens(a, v)
    return testing_tokens(v)


def requests_of(phase: str, a: Assumptions, v: Read) -> Value:
    """Model calls that carry a price per request; build phases are counted in tokens only."""
    if phase == "production":
        return calls(a, v) * v("production.error")
    return v("testing.runs") * 0


def cost_nanos(
    tokens: Mapping[str, Value],
    standard: Mapping[str, Value],
    batch: Mapping[str, Value],
    batch_share: Value,
    requests: Value,
) -> Value:
    """Cost in nanos, not rounded. Rates are money per million tokens, and per request."""

    def rate(kind: str) -> Value:
        return (standard[kind] * (100 - batch_share) + batch[kind] * batch_share) / 100

    total: Value = requests * rate(PER_REQUEST) * NANOS
    for kind in PRICED_KINDS:
        if kind in tokens:
            total = total + tokens[kind] * rate(kind) * NANOS_PER_MILLIONTH
    return total
