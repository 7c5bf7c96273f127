"""A production estimate from what a capability was measured to use."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from msgspec import structs

from apps.common import clock
from apps.ledger.query import Query, Row, run
from apps.pricing.selectors import price_book
from apps.stories.estimator import Assumptions, MixShare, exactly
from apps.stories.estimator.inputs import Parts, Production, add_months

DAYS = 30
MODELS = 3
BATCH = "batch"
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class MeasuredUse:
    """What DAYS days say about a capability. Without `requests` no call's size can be told: then
    `production` holds its models, caching and batches alone."""

    production: Production
    requests: int | None
    tokens: int
    cost_nanos: int | None


def measured_use(capability_id: UUID) -> MeasuredUse | None:
    """The last DAYS days of a capability as assumptions; None when nothing was measured.

    One measured request counts as one interaction of one call, of the use whose sources count
    requests. What the input was made of is not known from usage: all of it is entered as retrieved
    context, for the author to split.
    """
    today = clock.today()
    result = run(
        Query(
            start=today - dt.timedelta(days=DAYS),
            end=today,
            group_by=("model", "service_tier"),
            filters={"capability": [str(capability_id)]},
            requests=True,
        )
    )
    total = result.total
    if not total.tokens.total:
        return None
    given = Decimal(total.tokens.input)
    production = Production(
        cache_hit=exactly(_percent(Decimal(total.tokens.cache_read), given)),
        batch_share=exactly(_batched(result.rows)),
        mix=_mix(result.rows, by_requests=bool(total.requests)),
    )
    counted = total.countable
    if counted.requests:
        calls = Decimal(counted.requests)
        reasoning = Decimal(counted.tokens.reasoning)
        production = structs.replace(
            production,
            interactions=exactly(counted.requests),
            calls=exactly(1),
            parts=Parts(
                context=exactly(_whole(Decimal(counted.tokens.input) / calls)),
                output=exactly(_whole((Decimal(counted.tokens.generated) - reasoning) / calls)),
                reasoning=exactly(_whole(reasoning / calls)),
            ),
        )
    return MeasuredUse(production, total.requests or None, total.tokens.total, total.cost_nanos)


def _batched(rows: Sequence[Row]) -> Decimal:
    """Percent of the tokens served as batches, of those whose source states how; 0 of none."""
    batch = sum(row.tokens.total for row in rows if row.keys[1] == BATCH)
    return _percent(Decimal(batch), Decimal(sum(r.tokens.total for r in rows if r.keys[1])))


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole * 100).quantize(CENT) if whole else Decimal(0)


def _mix(rows: Sequence[Row], *, by_requests: bool) -> tuple[MixShare, ...]:
    """The most used models by share of requests, of tokens where none are counted; what is left
    over goes to the first."""
    book = price_book()
    used: dict[tuple[str, str], int] = {}
    for row in rows:
        weight = (row.requests or 0) if by_requests else row.tokens.total
        if row.keys[0] and weight:
            pair = book.canonical("", row.keys[0])
            used[pair] = used.get(pair, 0) + weight
    named = sorted(used.items(), key=lambda each: -each[1])[:MODELS]
    whole = sum(weight for _, weight in named)
    shares = [max(Decimal(weight * 100 // whole), Decimal(1)) for _, weight in named]
    if shares:
        shares[0] += 100 - sum(shares)
    return tuple(
        MixShare(provider, model, share)
        for ((provider, model), _), share in zip(named, shares, strict=True)
    )


def blank_assumptions(production: Production | None = None) -> Assumptions:
    """A new story's assumptions: building starts next month, go-live two months later."""
    start = add_months(clock.today().replace(day=1), 1)
    return Assumptions(
        starts_on=start, live_on=add_months(start, 2), production=production or Production()
    )
