"""The one question every figure of the portal asks, and its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple
from uuid import UUID

from apps.common.tokens import KINDS, TokenCounts
from apps.ledger.enums import Axis
from apps.ledger.models import MEASURES
from apps.ledger.query.reported import Reported
from apps.ledger.selectors.coverage import Coverage, coverage
from apps.ledger.selectors.state import LedgerSettings, ledger_settings

Grain = Literal["total", "hour", "day", "week", "month", "quarter", "year"]
AXES: dict[str, Axis] = {axis.name.lower(): axis for axis in Axis if axis is not Axis.TOTAL}
"""Names that queries group and filter by. Besides them `kind`: the kind of the capability."""
KIND = "kind"
GROUPINGS = (*AXES, KIND)
MAX_GROUPS = 2
_KINDS = len(KINDS)
_REQUESTS, _RECORDS, _COST, _UNPRICED_TOKENS, _UNPRICED_REQUESTS, _UNPRICED_RECORDS = (
    MEASURES.index(name)
    for name in (
        "requests",
        "records",
        "cost_nanos",
        "unpriced_tokens",
        "unpriced_requests",
        "unpriced_records",
    )
)


@dataclass(frozen=True, kw_only=True)
class Query:
    """Figures of the ledger's days [start, end).

    `filters` name accepted values per axis: ids of units, capabilities, stories and sources, the
    source's own words for the others, and the empty text for usage without one. An empty list
    accepts nothing. `order`: cost, tokens, requests, label or period, with a minus for the
    largest first. `limit` keeps that many groups, each with all its periods. `unit_ids` is what
    the actor may see; None is everything. `runs` counts the runs that began in each row too.
    `requests` tells the part of each row whose sources count requests. `people`: whether the answer
    may say who people are. Unless it may, they get other names, fewer than five are one group, and
    a filter that names one is refused.
    """

    start: date
    end: date
    grain: Grain = "total"
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    order: str = "-cost"
    limit: int | None = None
    unit_ids: frozenset[UUID] | None = None
    runs: bool = False
    requests: bool = False
    people: bool = False


class Row(NamedTuple):
    """One group in one period. `period` is its first day (or hour), None for grain total.

    `measures` are its sums in the order of MEASURES; the properties say what they mean. A key is
    None where usage has no such value. `runs` and the known cost of their calls are None where the
    query did not ask for them. `counted` are the measures of the part whose sources count requests,
    None where the query did not ask for it. A tuple, because a question by day has thousands.
    """

    keys: tuple[str | None, ...]
    labels: tuple[str, ...]
    period: date | datetime | None
    measures: tuple[int, ...]
    runs: int | None = None
    run_cost_nanos: int | None = None
    counted: tuple[int, ...] | None = None

    @property
    def tokens(self) -> TokenCounts:
        return TokenCounts(*self.measures[:_KINDS])

    @property
    def requests(self) -> int:
        return self.measures[_REQUESTS]

    @property
    def records(self) -> int:
        return self.measures[_RECORDS]

    @property
    def cost_nanos(self) -> int | None:
        """The known cost; None when nothing in the row has a price. What is not in it is counted
        by `unpriced_*`."""
        unpriced = self.measures[_UNPRICED_RECORDS]
        if unpriced and unpriced == self.measures[_RECORDS]:
            return None
        return self.measures[_COST]

    @property
    def unpriced_tokens(self) -> int:
        return self.measures[_UNPRICED_TOKENS]

    @property
    def unpriced_requests(self) -> int:
        return self.measures[_UNPRICED_REQUESTS]

    @property
    def unpriced_records(self) -> int:
        return self.measures[_UNPRICED_RECORDS]

    @property
    def counted_requests(self) -> int | None:
        """The requests, or None where there are tokens and no source of them counts requests:
        never 0 for what nobody counted."""
        return _counted(self.requests, self.tokens.total)

    @property
    def counted_unpriced_requests(self) -> int | None:
        """The requests without a price, or None where no source of their tokens counts any."""
        return _counted(self.unpriced_requests, self.unpriced_tokens)

    @property
    def countable(self) -> "Row":
        """The part whose sources count requests: the only one that may be divided by them. All of
        it where the query did not ask for the part."""
        if self.counted is None:
            return self
        return Row(self.keys, self.labels, self.period, self.counted)

    @property
    def requests_share(self) -> float | None:
        """Part of the tokens whose sources count requests, 0 to 1: below 1 the requests are a lower
        bound. None without tokens, and where the query did not ask for it."""
        whole = self.tokens.total
        if self.counted is None or not whole:
            return None
        return sum(self.counted[:_KINDS]) / whole

    @property
    def cost_per_request(self) -> int | None:
        """Nanos a request, of the part that counts requests and of it what has a price."""
        part = self.countable
        priced = part.requests - part.unpriced_requests
        if part.cost_nanos is None or priced <= 0:
            return None
        return round(Fraction(part.cost_nanos, priced))

    @property
    def is_partial(self) -> bool:
        """Whether the requests are those of some sources only, and so at least that many."""
        share = self.requests_share
        return bool(self.requests) and share is not None and share < 1


NOT_COUNTED = "The sources of this usage do not count requests."
PARTLY_COUNTED = "Some sources of this usage do not count requests: there were at least that many."


def _counted(requests: int, tokens: int) -> int | None:
    return requests if requests or not tokens else None


@dataclass(frozen=True)
class Result:
    """The answer. `total` is over all groups, also those beyond the limit.

    What stands beside the figures is read when first asked for, in the scope of the query.
    """

    rows: list[Row]
    total: Row
    groups: int
    shares: Callable[[], dict[str, float]] = field(repr=False, compare=False)
    convert: Callable[[str], Reported] = field(repr=False, compare=False)
    """The costs in another currency, in the scope of the query."""
    convert_total: Callable[[str], Reported] = field(repr=False, compare=False)
    """The same of the total alone."""
    reporting_currency: Callable[[], str] = field(repr=False, compare=False)

    @cached_property
    def coverage(self) -> Coverage:
        """How complete the sources are."""
        return coverage()

    @property
    def data_as_of(self) -> datetime | None:
        """When the newest data were observed."""
        return self.coverage.data_as_of

    @cached_property
    def _settings(self) -> LedgerSettings:
        return ledger_settings()

    @property
    def currency(self) -> str:
        return self._settings.currency

    @property
    def timezone(self) -> str:
        return self._settings.timezone

    @cached_property
    def confidence(self) -> dict[str, float]:
        """Share of the known cost by attribution confidence, 0 to 1."""
        return self.shares()

    @cached_property
    def reported(self) -> Reported | None:
        """The costs in the organization's reporting currency, beside their own; None when it
        chose none or the figures are in it. Read when first asked for."""
        target = self.reporting_currency()
        return self.convert(target) if target and target != self.currency else None

    @cached_property
    def reported_total(self) -> Reported | None:
        """`reported` without its rows, for pages that show the total alone."""
        target = self.reporting_currency()
        return self.convert_total(target) if target and target != self.currency else None
