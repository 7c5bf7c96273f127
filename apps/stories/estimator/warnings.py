"""Amber remarks: worth a second look, never a reason to refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from .checks import has_build
from .inputs import Assumptions
from .prices import PriceTable, blend

LONG_CONTEXT = 32_000
MANY_CALLS = 20
STEEP_GROWTH = 20
HIGH_RETRY = 20


def remarks(a: Assumptions, prices: PriceTable, *, today: dt.date | None = None) -> Iterator[str]:
    """Sentences for the author and for the approvers."""
    yield from _calls(a)
    yield from _cache(a)
    lacking = blend(a.production.mix, prices).without_batch
    if a.production.batch_share.likely > 0 and lacking:
        yield f"{', '.join(lacking)} has no batch price; batch calls are priced as standard."
    if a.production.growth.likely > STEEP_GROWTH:
        times = (1 + float(a.production.growth.likely) / 100) ** 12
        yield f"This growth makes volume {times:.0f} times as large in a year."
    if not has_build(a):
        yield "No tokens for building or testing: approvers will ask why."
    elif not _has_tests(a):
        yield "No tokens for testing. Evaluations before every release are part of the cost."
    if a.development.size == "?":
        yield "Size unknown: this estimate covers a spike. File a new version after it."
    if today is not None and a.live_on < today.replace(day=1):
        yield "Go-live is in the past."


def _calls(a: Assumptions) -> Iterator[str]:
    p = a.production
    parts = p.parts
    given = sum(
        (t.likely for t in (
            parts.system_prompt, parts.safety, parts.context, parts.history, parts.tools,
            parts.multimodal, parts.user_text,
        )),
        Decimal(0),
    )  # fmt: skip
    if given > LONG_CONTEXT:
        yield f"{given:,.0f} input tokens a call is long context: check what can be trimmed."
    if p.calls.likely > MANY_CALLS:
        yield f"{p.calls.likely.normalize():f} model calls per interaction: cap the agent’s loop."
    if p.retry.likely > HIGH_RETRY:
        yield f"One call in {100 / p.retry.likely:.0f} is a retry."


def _cache(a: Assumptions) -> Iterator[str]:
    parts = a.production.parts
    repeats = (parts.system_prompt, parts.safety, parts.history, parts.tools)
    fresh = (parts.context, parts.multimodal, parts.user_text)
    stable = sum((t.likely for t in repeats), Decimal(0))
    given = stable + sum((t.likely for t in fresh), Decimal(0))
    hit = a.production.cache_hit.likely
    if given and hit > 100 * stable / given:
        share = 100 * stable / given
        yield (
            f"Cache hits of {hit.normalize():f}% are above the {share:.0f}% of the input "
            "that repeats between calls."
        )


def _has_tests(a: Assumptions) -> bool:
    t = a.testing
    return bool(t.runs.likely * t.cases.likely * t.tokens_per_case.likely) or bool(
        t.ci_runs.likely * t.tokens_per_ci_run.likely
    )
