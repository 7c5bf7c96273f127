"""The four domains of consumption: their words, spreads over people, and the estimator. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from apps.ledger.rules import persons

DAYS_A_MONTH = Decimal(365) / 12
SMALLEST_GROUP = persons.SMALLEST_GROUP
"""Of fewer people no spread is shown to those who may not see people: it would tell of each."""
HEAVY_SHARE = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain: the kind of its capabilities and the words of its page.

    `once` is what its work is counted in where nothing better is known, `many` its plural.
    """

    kind: str
    slug: str
    title: str
    short: str
    once: str
    many: str


DEVELOPMENT = Domain(
    "development", "development", "AI-assisted development", "Development", "call", "calls"
)
PRODUCTION = Domain(
    "production", "production", "Production applications", "Production", "interaction",
    "interactions",
)  # fmt: skip
PIPELINE = Domain("pipeline", "pipelines", "Data pipelines", "Pipelines", "record", "records")
ANALYTICS = Domain(
    "analytics", "business-users", "Business users", "Business users", "query", "queries"
)
DOMAINS = (DEVELOPMENT, PRODUCTION, PIPELINE, ANALYTICS)
BY_SLUG = {domain.slug: domain for domain in DOMAINS}


def ratio(part: int | Decimal | None, whole: int | Decimal | None) -> Decimal | None:
    """None where either is missing, or there is nothing to divide by."""
    return None if part is None or not whole else Decimal(part) / Decimal(whole)


def whole(value: Decimal | None) -> int | None:
    """Half-even, like every rounding of the ledger."""
    return None if value is None else int(value.to_integral_value(ROUND_HALF_EVEN))


def a_month(amount: int | Decimal | None, days: int) -> Decimal | None:
    """An amount of some days as that of an average month, a twelfth of 365 days."""
    return None if amount is None or days <= 0 else Decimal(amount) * DAYS_A_MONTH / days


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure is spread over people: values of real people, by nearest rank."""

    people: int
    low: int
    median: int
    high: int
    top: int


def spread(values: Sequence[int]) -> Spread | None:
    """The 10th, 50th, 90th and 95th percentile; None of nobody."""
    if not values:
        return None
    ordered = sorted(values)
    return Spread(
        len(ordered),
        *(ordered[max(0, -(-len(ordered) * percent // 100) - 1)] for percent in (10, 50, 90, 95)),
    )


@dataclass(frozen=True, slots=True)
class Bucket:
    """People whose figure is in [low, high); `high` None is no end."""

    low: int
    high: int | None
    people: int


EDGES = (0, 10_000, 50_000, 200_000, 1_000_000, 5_000_000)
BAND = (50_000, 200_000)
"""Tokens a developer a working day: what assistants are usually said to take."""


def buckets(values: Sequence[int], edges: Sequence[int] = EDGES) -> list[Bucket]:
    """How many values lie between each two edges."""
    ends = [*edges[1:], None]
    return [
        Bucket(low, high, sum(low <= v and (high is None or v < high) for v in values))
        for low, high in zip(edges, ends, strict=True)
    ]


def top_share(values: Sequence[int], share: Decimal = HEAVY_SHARE) -> tuple[int, Decimal | None]:
    """The largest tenth of people (at least one) and their part of the whole."""
    if not values:
        return 0, None
    many = max(1, int((len(values) * share).to_integral_value(ROUND_HALF_EVEN)))
    return many, ratio(sum(sorted(values, reverse=True)[:many]), sum(values))


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the estimator asks: people, percent who use it, tokens a day, days of work a year."""

    headcount: int
    adoption: Decimal
    low: int
    high: int
    days: int

    @property
    def users(self) -> Decimal:
        return self.headcount * self.adoption / 100


@dataclass(frozen=True, slots=True)
class Estimated:
    """A year of tokens between the ends of the band, and what they would cost."""

    users: Decimal
    tokens_low: int
    tokens_high: int
    cost_low: int | None
    cost_high: int | None


def estimated(asked: Inputs, cost_nanos: int | None, tokens: int) -> Estimated:
    """Headcount x adoption x band x days, at the price that `tokens` cost on average (unknown
    without any with a price)."""
    ends = [whole(asked.users * per_day * asked.days) or 0 for per_day in (asked.low, asked.high)]
    each = ratio(cost_nanos, tokens)
    costs = [None if each is None else whole(end * each) for end in ends]
    return Estimated(asked.users, ends[0], ends[1], costs[0], costs[1])
