"""What is wrong with a set of assumptions: field, message, fix. Pure; nothing is estimated."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from .fields import BOUNDS, FIELDS, is_used, value_at
from .inputs import (
    MAX_BUILD_MONTHS,
    MAX_HORIZON_MONTHS,
    SCHEMA,
    Assumptions,
    MixShare,
    Triple,
    months_between,
)

MAX_MODELS = 8
MAX_DECIMALS = 4


class Problem(NamedTuple):
    """``field`` is the input's path in the document."""

    field: str
    message: str
    fix: str


def problems(a: Assumptions) -> list[Problem]:
    """Errors that block an estimate, in the order of the form."""
    return [*_schedule(a), *_inputs(a), *_mixes(a)]


def _schedule(a: Assumptions) -> Iterator[Problem]:
    if a.schema != SCHEMA:
        yield Problem("schema", f"Schema {a.schema} is not known.", f"Send schema {SCHEMA}.")
    for name in ("starts_on", "live_on"):
        if getattr(a, name).day != 1:
            yield Problem(name, "A month starts on its first day.", "Send the first of the month.")
    build = months_between(a.starts_on, a.live_on)
    if build < 0:
        yield Problem("live_on", "Go-live is before the start.", "Choose a later go-live month.")
    if build > MAX_BUILD_MONTHS:
        yield Problem(
            "live_on", f"Building takes {build} months.", f"At most {MAX_BUILD_MONTHS} months."
        )
    if build == 0 and has_build(a):
        yield Problem(
            "live_on",
            "Building and production share a month.",
            "Go live at least one month after the start.",
        )
    if not 1 <= a.production.horizon_months <= MAX_HORIZON_MONTHS:
        yield Problem(
            "production.horizon_months",
            "The horizon is out of range.",
            f"Choose 1 to {MAX_HORIZON_MONTHS} months.",
        )


def has_build(a: Assumptions) -> bool:
    """Whether development or testing uses any token."""
    t = a.testing
    tests = (t.runs, t.cases, t.tokens_per_case), (t.ci_runs, t.tokens_per_ci_run)
    return a.development.basis != "none" or any(
        all(factor.bounds[1] or factor.likely for factor in factors) for factors in tests
    )


def _inputs(a: Assumptions) -> Iterator[Problem]:
    for spec in FIELDS:
        if not is_used(a, spec.path):
            continue
        triple = value_at(a, spec.path)
        least, most = BOUNDS[spec.kind]
        for name, value in _parts(triple):
            field = f"{spec.path}.{name}"
            if not value.is_finite():
                yield Problem(field, f"{spec.label}: this is not a number.", "Enter a number.")
            elif not least <= value <= most:
                yield Problem(
                    field,
                    f"{spec.label}: {value} is out of range.",
                    f"Enter {least:f} to {most:,f}.",
                )
            elif -int(value.as_tuple().exponent) > MAX_DECIMALS:
                yield Problem(
                    field,
                    f"{spec.label}: too many decimals.",
                    f"Use at most {MAX_DECIMALS} decimals.",
                )
        low, high = triple.bounds
        if not all(value.is_finite() for _, value in _parts(triple)):
            continue
        if low > triple.likely:
            yield Problem(
                f"{spec.path}.low", f"{spec.label}: low is above likely.", "Lower it, or clear it."
            )
        if high < triple.likely:
            yield Problem(
                f"{spec.path}.high",
                f"{spec.label}: high is below likely.",
                "Raise it, or clear it.",
            )


def _parts(triple: Triple) -> Iterator[tuple[str, Decimal]]:
    yield "likely", triple.likely
    if triple.low is not None:
        yield "low", triple.low
    if triple.high is not None:
        yield "high", triple.high


def _mixes(a: Assumptions) -> Iterator[Problem]:
    yield from _mix("production.mix", a.production.mix, required=True)
    yield from _mix("development.mix", a.development.mix, required=False)
    yield from _mix("testing.mix", a.testing.mix, required=False)


def _mix(field: str, mix: tuple[MixShare, ...], *, required: bool) -> Iterator[Problem]:
    if not mix:
        if required:
            yield Problem(field, "No model is chosen.", "Choose at least one model.")
        return
    if len(mix) > MAX_MODELS:
        yield Problem(field, f"{len(mix)} models are too many.", f"Name at most {MAX_MODELS}.")
    if any(not s.share.is_finite() or not 0 < s.share <= 100 for s in mix):
        yield Problem(field, "A share is out of range.", "Each share is above 0, at most 100.")
        return
    if len({(s.provider, s.model) for s in mix}) != len(mix):
        yield Problem(field, "A model is named twice.", "Name each model once.")
    total = sum((s.share for s in mix), Decimal(0))
    if total != 100:
        yield Problem(
            field, f"The shares add up to {total.normalize():f}%.", "Make them add up to 100%."
        )
