"""A production estimate from what a capability was measured to use."""

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from apps.common import clock
from apps.ledger.query import Query, Row, run
from apps.pricing.selectors import price_book
from apps.stories.estimator import Assumptions, MixShare, exactly
from apps.stories.estimator.inputs import Parts, Production, add_months

DAYS = 30
MODELS = 3
CENT = Decimal("0.01")


def measured_production(capability_id: UUID) -> Production | None:
    """The last DAYS days of a capability as assumptions; None when nothing was measured.

    One measured request counts as one interaction of one call. What the input was made of is not
    known from usage: all of it is entered as retrieved context, for the author to split.
    """
    today = clock.today()
    result = run(
        Query(
            start=today - dt.timedelta(days=DAYS),
            end=today,
            group_by=("model",),
            order="-requests",
            filters={"capability": [str(capability_id)]},
        )
    )
    total = result.total
    if not total.requests or not total.tokens.total:
        return None
    calls = Decimal(total.requests)
    given = Decimal(total.tokens.input)
    cached = Decimal(total.tokens.cache_read)
    reasoning = Decimal(total.tokens.reasoning)
    written = Decimal(total.tokens.generated) - reasoning
    return Production(
        interactions=exactly(total.requests),
        calls=exactly(1),
        parts=Parts(
            context=exactly(_whole(given / calls)),
            output=exactly(_whole(written / calls)),
            reasoning=exactly(_whole(reasoning / calls)),
        ),
        cache_hit=exactly(_percent(cached, given)),
        mix=_mix(result.rows),
    )


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole * 100).quantize(CENT) if whole else Decimal(0)


def _mix(rows: list[Row]) -> tuple[MixShare, ...]:
    """The most used models by share of requests; what is left over goes to the first."""
    book = price_book()
    named = [row for row in rows if row.keys[0] and row.requests][:MODELS]
    total = sum(row.requests for row in named)
    shares = [Decimal(row.requests * 100 // total) for row in named]
    shares = [max(share, Decimal(1)) for share in shares]
    if shares:
        shares[0] += 100 - sum(shares)
    pairs = [book.canonical("", row.keys[0] or "") for row in named]
    merged: dict[tuple[str, str], Decimal] = {}
    for pair, share in zip(pairs, shares, strict=True):
        merged[pair] = merged.get(pair, Decimal(0)) + share
    return tuple(MixShare(provider, model, share) for (provider, model), share in merged.items())


def blank_assumptions(production: Production | None = None) -> Assumptions:
    """A new story's assumptions: building starts next month, go-live two months later."""
    start = add_months(clock.today().replace(day=1), 1)
    return Assumptions(
        starts_on=start, live_on=add_months(start, 2), production=production or Production()
    )
