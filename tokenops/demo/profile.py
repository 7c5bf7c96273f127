"""A capability's measured use as the assumptions of a Token Story.

What a team would do by hand with last month's figures, then with its own optimism: `bias` 0.8 means
that the story expects a fifth less than was measured.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from msgspec import structs

from apps.common.periods import month_of
from apps.ledger.query import Query, Row, run
from apps.pricing.selectors import price_book
from apps.stories.estimator.inputs import (
    Assumptions,
    Development,
    MixShare,
    Parts,
    Production,
    Testing,
    Triple,
    exactly,
)

WINDOW_DAYS = 30
USUAL_TOKENS = 9_000
MODELS = 3
#: How an input divides when nobody measured it: a common shape of retrieval assistants.
SHARES = (
    ("system_prompt", 15),
    ("safety", 5),
    ("context", 45),
    ("history", 15),
    ("tools", 10),
    ("user_text", 10),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Thirty days of a capability: requests, tokens and models by share of tokens."""

    total: Row
    models: tuple[MixShare, ...]
    batch: int = 0
    """Percent of the tokens that were served as batches."""

    @property
    def cost_nanos(self) -> int:
        return self.total.cost_nanos or 0

    @property
    def requests(self) -> int:
        """Counted, or where a provider counts none, as many as there would be of usual size."""
        return self.total.requests or max(self.total.tokens.total // USUAL_TOKENS, 1)


def measure(capability_id: UUID, end: dt.date) -> Measured:
    """The thirty days before a day."""
    query = Query(
        start=end - dt.timedelta(days=WINDOW_DAYS),
        end=end,
        group_by=("model", "service_tier"),
        filters={"capability": [str(capability_id)]},
    )
    result = run(query)
    used: dict[tuple[str, str], int] = {}
    batched, book = 0, price_book()
    for row in result.rows:
        if not row.cost_nanos or row.unpriced_tokens:
            continue
        pair, tokens = book.canonical("", row.labels[0]), row.tokens.total
        used[pair] = used.get(pair, 0) + tokens
        batched += tokens if row.keys[1] == "batch" else 0
    largest = dict(sorted(used.items(), key=lambda each: -each[1])[:MODELS])
    return Measured(result.total, _mix(largest), batched * 100 // max(sum(used.values()), 1))


def _mix(used: Mapping[tuple[str, str], int]) -> tuple[MixShare, ...]:
    whole = sum(used.values())
    shares = [Decimal(tokens * 100 // whole) for tokens in used.values()]
    if shares:
        shares[0] += 100 - sum(shares)
    return tuple(
        MixShare(provider=provider, model=model, share=share)
        for (provider, model), share in zip(used, shares, strict=True)
        if share
    )


def ranged(likely: int, low: str = "0.75", high: str = "1.35") -> Triple:
    """A likely value with the range a careful team would give."""
    value = Decimal(max(likely, 1))
    return Triple(
        likely=value,
        low=(value * Decimal(low)).quantize(Decimal(1)),
        high=(value * Decimal(high)).quantize(Decimal(1)),
    )


def assumptions(measured: Measured, filed: dt.date, bias: Decimal, developers: int) -> Assumptions:
    """The estimate a team would have filed on a day."""
    tokens, requests = measured.total.tokens, measured.requests
    per_call = max(tokens.input // requests, 60)
    parts = {name: ranged(per_call * share // 100) for name, share in SHARES}
    hit = min(tokens.cache_read * 100 // max(tokens.input, 1), 95)
    start = month_of(filed).start
    return Assumptions(
        starts_on=start,
        live_on=month_of(start).shift(1).start,
        production=Production(
            interactions=ranged(int(requests * bias)),
            parts=Parts(
                **parts,
                output=ranged(max(tokens.output // requests, 1)),
                reasoning=ranged(tokens.reasoning // requests) if tokens.reasoning else Triple(),
            ),
            cache_hit=exactly(hit),
            batch_share=exactly(measured.batch),
            retry=Triple(likely=Decimal(2), low=Decimal(1), high=Decimal(4)),
            growth=Triple(likely=Decimal(4), low=Decimal(0), high=Decimal(9)),
            horizon_months=12,
            mix=measured.models,
        ),
        development=Development(
            basis="effort",
            developers=exactly(developers),
            days=ranged(15),
            tokens_per_day=ranged(120_000),
            output_share=exactly(12),
            cache_hit=exactly(60),
        ),
        testing=Testing(
            runs=ranged(12),
            cases=ranged(250),
            tokens_per_case=ranged(4_000),
            output_share=exactly(15),
        ),
    )


def begins(plan: Assumptions, day: dt.date) -> Assumptions:
    """The same plan, built from this month on and live with the next."""
    start = month_of(day).start
    return structs.replace(plan, starts_on=start, live_on=month_of(start).shift(1).start)
