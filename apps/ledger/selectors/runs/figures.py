"""Figures of many runs: sums from days of runs, exact medians from the runs themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from apps.ledger.models import PART_COLUMNS, RUN_SUMS, UsageRun
from apps.ledger.selectors.runs.reach import Reach
from apps.tenancy.scope import require_organization_id

MOST_RUNS = 20_000
"""Medians are those of this many latest runs: their cost does not grow with the history, and the
page says so. At this number a percentile moves by about a hundredth of its rank."""
WORST = 10
"""How many a list of the worst has."""
By = Literal["workflow_id", "agent_id", "capability_id"]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over runs, with the ratios that people read. A ratio of nothing is None."""

    runs: int = 0
    calls: int = 0
    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_nanos: int = 0
    unpriced_calls: int = 0
    retries: int = 0
    failed_calls: int = 0
    tool_calls: int = 0
    parted_calls: int = 0
    parted_input: int = 0
    system_prompt: int = 0
    safety_instructions: int = 0
    retrieved_context: int = 0
    conversation_history: int = 0
    tool_use: int = 0
    multimodal_input: int = 0
    user_text: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        pairs = zip(_values(self), _values(other), strict=True)
        return Totals(*(one + two for one, two in pairs))

    @property
    def known_cost(self) -> int | None:
        """The cost of what has a price; None when nothing has one."""
        return None if self.calls and self.unpriced_calls == self.calls else self.cost_nanos

    @property
    def cost_per_run(self) -> int | None:
        """Nanos, half-even. None without runs or prices: a part without a price makes it a lower
        bound, and the page says so."""
        cost = self.known_cost
        return round(Decimal(cost) / self.runs) if cost is not None and self.runs else None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def calls_per_run(self) -> Decimal | None:
        return _ratio(self.calls, self.runs)

    @property
    def retry_share(self) -> Decimal | None:
        return _ratio(self.retries, self.calls)

    @property
    def failed_share(self) -> Decimal | None:
        return _ratio(self.failed_calls, self.calls)

    @property
    def cached_share(self) -> Decimal | None:
        return _ratio(self.cached_tokens, self.input_tokens)

    @property
    def bloat(self) -> Decimal | None:
        """Input that is not the user's own text, of the input of calls that state parts."""
        return _ratio(self.parted_input - self.user_text, self.parted_input)

    @property
    def context_per_call(self) -> int | None:
        """Input that is not the user's own text, per call that states parts."""
        if not self.parted_calls:
            return None
        return round((self.parted_input - self.user_text) / self.parted_calls)

    @property
    def parted_share(self) -> Decimal | None:
        """Calls that say what their prompt was made of."""
        return _ratio(self.parted_calls, self.calls)

    @property
    def parts(self) -> dict[str, int]:
        """Tokens per part, and `rest`: input of these calls that no part claims."""
        found = {name: getattr(self, name) for name in PART_COLUMNS}
        return {**found, "rest": self.parted_input - sum(found.values())}


def _ratio(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page says about runs. Medians and 95th percentiles are values of real runs; `of` is
    how many of the latest runs they are taken over."""

    totals: Totals
    tokens_p50: int | None
    tokens_p95: int | None
    cost_p50: int | None
    cost_p95: int | None
    of: int

    def value(self, measure: str) -> Decimal | None:
        """The figure behind a measure of `rules.bands`."""
        totals = self.totals
        match measure:
            case "tokens":
                return None if self.tokens_p50 is None else Decimal(self.tokens_p50)
            case "calls":
                return totals.calls_per_run
            case "retries":
                return totals.retry_share
            case "failures":
                return totals.failed_share
        return totals.bloat


@dataclass(frozen=True, slots=True)
class Line:
    """The runs of one workflow, agent or capability."""

    key: int | UUID
    totals: Totals


_NAMES = ("runs", *RUN_SUMS)
_values = attrgetter(*_NAMES)
_SUMS = ", ".join(f"coalesce(sum(r.{name}), 0)::bigint" for name in _NAMES)


def has_runs() -> bool:
    """Whether the organization has any run at all."""
    return UsageRun.objects.exists()


def figures(reach: Reach) -> Figures:
    """Sums and percentiles of the runs in reach."""
    totals = _totals(reach)
    if not totals.runs:
        return Figures(totals, None, None, None, None, 0)
    where, values = reach.conditions("u")
    low, high = reach.instants()
    sql = (
        "WITH u AS MATERIALIZED (SELECT u.tokens, u.cost_nanos FROM usage_run u "
        "WHERE u.organization_id = %(org)s AND u.calls > 0 AND u.started_at >= %(low)s "
        f"AND u.started_at < %(high)s{where} ORDER BY u.started_at DESC LIMIT {MOST_RUNS}) "
        "SELECT count(*), percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY u.tokens), "
        "percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY u.cost_nanos) FROM u"
    )
    values |= {"org": require_organization_id(), "low": low, "high": high}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        of, tokens, costs = cursor.fetchone()
    tokens = tokens or (None, None)
    if costs is None or totals.known_cost is None:
        costs = (None, None)
    return Figures(totals, tokens[0], tokens[1], costs[0], costs[1], of)


def _days(reach: Reach, select: str, group: str = "") -> list[tuple[Any, ...]]:
    where, values = reach.conditions("r")
    values |= {"org": require_organization_id(), "start": reach.start, "end": reach.end}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {select} FROM rollup_run r WHERE r.organization_id = %(org)s "
            f"AND r.day >= %(start)s AND r.day < %(end)s{where}{group}",
            values,
        )
        return cursor.fetchall()


def _totals(reach: Reach) -> Totals:
    return Totals(*_days(reach, _SUMS)[0])


def trend(reach: Reach) -> dict[date, Totals]:
    """Sums of each day that has runs."""
    rows = _days(reach, f"r.day, {_SUMS}", " GROUP BY r.day")
    return {row[0]: Totals(*row[1:]) for row in rows if row[1]}


def by_capability(reach: Reach) -> dict[UUID, dict[date, Totals]]:
    """Sums of each capability on each day that has runs of it."""
    found: dict[UUID, dict[date, Totals]] = {}
    rows = _days(reach, f"r.capability_id, r.day, {_SUMS}", " GROUP BY r.capability_id, r.day")
    for capability_id, day, *sums in rows:
        if capability_id is not None and sums[0]:
            found.setdefault(capability_id, {})[day] = Totals(*sums)
    return found


def by_workflow(reach: Reach) -> dict[tuple[UUID, int], Totals]:
    """Sums of each workflow of each capability; 0 is for runs that name none."""
    select = f"r.capability_id, r.workflow_id, {_SUMS}"
    rows = _days(reach, select, " GROUP BY r.capability_id, r.workflow_id")
    return {(row[0], row[1]): Totals(*row[2:]) for row in rows if row[2]}


def by_axis(reach: Reach, axis: By, most: int = 12) -> Sequence[Line]:
    """The largest workflows, agents or capabilities by cost, then runs."""
    lines = _lines(reach, axis)
    lines.sort(key=lambda line: (-line.totals.cost_nanos, -line.totals.runs, str(line.key)))
    return lines[:most]


def by_bloat(reach: Reach, axis: By, most: int = WORST) -> Sequence[Line]:
    """Those with the largest bloat ratio; of equals the one with more context. Only what says what
    its prompts are made of."""
    lines = [line for line in _lines(reach, axis) if line.totals.bloat is not None]
    lines.sort(
        key=lambda line: (
            -(line.totals.bloat or 0),
            -(line.totals.context_per_call or 0),
            str(line.key),
        )
    )
    return lines[:most]


def _lines(reach: Reach, axis: By) -> list[Line]:
    rows = _days(reach, f"r.{axis}, {_SUMS}", f" GROUP BY r.{axis}")
    return [Line(row[0], Totals(*row[1:])) for row in rows if row[1]]
