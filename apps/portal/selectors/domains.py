"""The figures of a domain of consumption: its capabilities, held against what stories promised."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from apps.access.actors import Actor
from apps.common import clock, fmt
from apps.ledger.query import Query, Row, Use, counting_sources
from apps.ledger.selectors import runs
from apps.ledger.selectors.coverage import Coverage, coverage
from apps.ledger.selectors.runs import Reach, Totals
from apps.ledger.selectors.state import LedgerSettings, ledger_settings
from apps.portal.rules.domains import Domain, a_month, ratio, whole
from apps.portal.rules.windows import Window, whole_days
from apps.portal.selectors.slices import Slice, reached_units
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capabilities
from apps.stories.selectors.promises import Promise, promises

MOST_LINES = 10_000
BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Line:
    """One capability in the window.

    `row` is everything measured; `counted` the part of it whose sources count requests, the only
    part that is divided by them; `runs` its runs where its calls name any. `tiers` are its tokens
    by service tier, `use` its use by people, where the domain asks for them.
    """

    domain: Domain
    capability: Capability
    days: int
    row: Row | None
    before: int | None
    counted: Row | None = None
    runs: Totals | None = None
    tiers: Mapping[str | None, int] | None = None
    use: Use | None = None
    promise: Promise | None = None

    @property
    def key(self) -> str:
        return str(self.capability.id)

    @property
    def label(self) -> str:
        return self.capability.name

    @property
    def unit(self) -> str:
        return self.capability.unit.name

    @property
    def owner(self) -> str:
        """Who answers for it; empty where nobody does."""
        held = self.capability.owner_membership
        return str(held) if held else ""

    @property
    def tokens(self) -> int | None:
        return self.row.tokens.total if self.row else None

    @property
    def cost_nanos(self) -> int | None:
        return self.row.cost_nanos if self.row else None

    @property
    def unpriced_tokens(self) -> int:
        return self.row.unpriced_tokens if self.row else 0

    @property
    def change(self) -> float | None:
        """Of the cost against the days before; None without enough of it."""
        if not self.before or self.cost_nanos is None:
            return None
        return fmt.change(self.cost_nanos, self.before, fmt.MIN_BASE_NANOS)

    @property
    def basis(self) -> str:
        """What `interactions` counts: runs, or calls where no call names a run."""
        if self.runs:
            return "runs"
        return "calls" if self.counted and self.counted.requests else ""

    @property
    def interactions(self) -> int | None:
        """None where nothing that it uses counts them."""
        if self.runs:
            return self.runs.runs
        return (self.counted.requests or None) if self.counted else None

    @property
    def interactions_month(self) -> Decimal | None:
        return a_month(self.interactions, self.days)

    @property
    def tokens_each(self) -> Decimal | None:
        if self.runs:
            return ratio(self.runs.tokens, self.runs.runs)
        counted = self.counted
        return ratio(counted.tokens.total, counted.requests) if counted else None

    @property
    def cost_each(self) -> int | None:
        """Nanos per interaction. Runs with a call without a price make it a lower bound; of calls
        only those with a price are divided."""
        if self.runs:
            return self.runs.cost_per_run
        row = self.counted
        if row is None or row.cost_nanos is None:
            return None
        return whole(ratio(row.cost_nanos, row.requests - row.unpriced_requests))

    @property
    def is_lower_bound(self) -> bool:
        return bool(self.runs and self.runs.unpriced_calls)

    @property
    def calls_each(self) -> Decimal | None:
        return self.runs.calls_per_run if self.runs else None

    @property
    def retries(self) -> Decimal | None:
        """Share of the calls of runs that repeat a failed one; None where no call names a run."""
        return self.runs.retry_share if self.runs else None

    @property
    def batch_share(self) -> Decimal | None:
        """Of the tokens whose source states how they were served; None where none does."""
        if self.tiers is None:
            return None
        stated = sum(tokens for tier, tokens in self.tiers.items() if tier)
        return ratio(self.tiers.get(BATCH, 0), stated)

    @property
    def tier_stated(self) -> Decimal | None:
        """Part of its tokens whose source states how they were served."""
        if self.tiers is None:
            return None
        return ratio(sum(n for tier, n in self.tiers.items() if tier), sum(self.tiers.values()))

    @property
    def people(self) -> int | None:
        """Persons that its usage names; None where it names nobody."""
        return (self.use.people or None) if self.use else None

    @property
    def per_person_month(self) -> Decimal | None:
        """Interactions a person a month, of usage that names its person."""
        if not self.use or not self.people:
            return None
        if self.runs:
            # Runs do not name a person: only where all calls do they can be divided by people.
            every = self.use.named_requests == self.use.requests
            return ratio(self.interactions_month, self.people) if every else None
        return ratio(a_month(self.use.named_requests or None, self.days), self.people)

    @property
    def noun(self) -> str:
        return self.promise.noun if self.promise else self.domain.once

    @property
    def over_plan(self) -> Decimal | None:
        """Tokens per interaction against the plan: 0.2 is a fifth above it."""
        found = ratio(self.tokens_each, self.promise.tokens if self.promise else None)
        return None if found is None else found - 1


@dataclass(frozen=True)
class DomainFigures:
    """One domain in one window, inside a slice. `capability_count` are those there are, used or
    not; `counting` ids of the sources that count requests."""

    domain: Domain
    window: Window
    settings: LedgerSettings
    coverage: Coverage
    total: Row | None
    before_cost: int
    lines: Sequence[Line]
    daily: Mapping[str | None, Mapping[date | datetime, Row]] = field(default_factory=dict)
    capability_count: int = 0
    counting: Sequence[str] = ()

    @property
    def data_as_of(self) -> datetime | None:
        return self.coverage.data_as_of

    @property
    def has_use(self) -> bool:
        return bool(self.total and (self.total.tokens.total or self.total.requests))

    @property
    def tokens(self) -> int | None:
        return self.total.tokens.total if self.total and self.has_use else None

    @property
    def cost_nanos(self) -> int | None:
        return self.total.cost_nanos if self.total and self.has_use else None

    @property
    def change(self) -> float | None:
        if not self.before_cost or self.cost_nanos is None:
            return None
        return fmt.change(self.cost_nanos, self.before_cost, fmt.MIN_BASE_NANOS)

    @property
    def per_million(self) -> int | None:
        if self.total is None:
            return None
        priced = self.total.tokens.total - self.total.unpriced_tokens
        return fmt.per_million(self.total.cost_nanos, priced)

    @property
    def annual_tokens(self) -> int | None:
        """A year at the pace of the window."""
        found = ratio(self.tokens, self.window.days)
        return whole(found * 365) if found is not None else None

    @cached_property
    def _told(self) -> list[Line]:
        return [line for line in self.lines if line.interactions]

    @property
    def interactions(self) -> int | None:
        return sum(line.interactions or 0 for line in self._told) or None

    @property
    def told_share(self) -> Decimal | None:
        """Part of the tokens that belongs to capabilities whose interactions are counted."""
        return ratio(sum(line.tokens or 0 for line in self._told), self.tokens)

    @property
    def tokens_each(self) -> Decimal | None:
        """Over all interactions that are counted."""
        parts = sum((line.tokens_each or 0) * (line.interactions or 0) for line in self._told)
        return ratio(parts, self.interactions)

    @property
    def cost_each(self) -> int | None:
        """Over the interactions of capabilities whose interactions have a price."""
        known = [line for line in self._told if line.cost_each is not None]
        parts = sum((line.cost_each or 0) * (line.interactions or 0) for line in known)
        return whole(ratio(parts, sum(line.interactions or 0 for line in known)))

    @property
    def runs(self) -> list[Totals]:
        return [line.runs for line in self.lines if line.runs]

    @property
    def calls_each(self) -> Decimal | None:
        return ratio(sum(t.calls for t in self.runs), sum(t.runs for t in self.runs))

    @property
    def retries(self) -> Decimal | None:
        return ratio(sum(t.retries for t in self.runs), sum(t.calls for t in self.runs))

    @property
    def tier_tokens(self) -> dict[str | None, int]:
        found: dict[str | None, int] = defaultdict(int)
        for line in self.lines:
            for tier, tokens in (line.tiers or {}).items():
                found[tier] += tokens
        return dict(found)

    @property
    def batch_share(self) -> Decimal | None:
        stated = sum(tokens for tier, tokens in self.tier_tokens.items() if tier)
        return ratio(self.tier_tokens.get(BATCH, 0), stated)

    @property
    def tier_stated(self) -> Decimal | None:
        """Part of the tokens whose source states how they were served."""
        found = self.tier_tokens
        return ratio(sum(n for tier, n in found.items() if tier), sum(found.values()))

    @property
    def above_plan(self) -> list[Line]:
        """Capabilities that take over a fifth more tokens each time than their story planned."""
        return [line for line in self.lines if (line.over_plan or 0) > Decimal("0.2")]


def days_of(period: str) -> tuple[Window, LedgerSettings]:
    """The whole days of a named period as of today in the ledger's zone."""
    settings = ledger_settings()
    return whole_days(period, clock.today(settings.timezone)), settings


def of_domain(chosen: Slice, domain: Domain, actor: Actor) -> tuple[Slice, list[Capability]]:
    """The slice narrowed to the capabilities of a domain, and these; one that was chosen and is of
    another domain narrows to nothing."""
    known = list(capabilities(actor).filter(kind=domain.kind).order_by("name_norm"))
    if picked := set(chosen.chosen.get("capability", ())):
        known = [one for one in known if str(one.id) in picked]
    wanted = {**chosen.chosen, "capability": [str(one.id) for one in known]}
    return Slice(chosen.unit_ids, wanted), known


def figures(actor: Actor, chosen: Slice, domain: Domain, period: str) -> DomainFigures:
    """Everything but what is asked of people."""
    w, settings = days_of(period)
    inside, known = of_domain(chosen, domain, actor)
    empty = DomainFigures(domain, w, settings, coverage(), None, 0, [], {}, len(known))
    reached = reached_units(inside)
    if not known or reached == frozenset():
        return empty
    main = inside.ask(w.start, w.end, grain="day", group_by=("capability",))
    before = inside.costs(w.before_start, w.before_end, group_by=("capability",))
    earlier = {keys[0]: nanos for (keys, _), nanos in before.items()}
    daily: dict[str | None, dict[date | datetime, Row]] = defaultdict(dict)
    for row in main.rows:
        if row.period is not None:
            daily[row.keys[0]][row.period] = row
    sums = {key: _sum(rows.values()) for key, rows in daily.items()}
    counting, silent = counting_sources(Query(start=w.start, end=w.end))
    counted = _counted(inside, w, sums, counting, silent)
    totals = _runs(w, reached, known)
    tiers = _tiers(inside, w) if domain.kind == "pipeline" else {}
    told = promises(actor, [one.id for one in known], _month(w))
    shown = [one for one in known if str(one.id) in sums or _belongs(one, reached)]
    lines = [
        Line(
            domain=domain,
            capability=one,
            days=w.days,
            row=sums.get(key := str(one.id)),
            before=earlier.get(key),
            counted=counted.get(key),
            runs=totals.get(one.id),
            tiers=tiers.get(key),
            promise=told.get(one.id),
        )
        for one in shown
        if str(one.id) in sums or not one.is_retired
    ]
    lines.sort(key=lambda line: (-(line.cost_nanos or 0), -(line.tokens or 0), line.label))
    return DomainFigures(
        domain=domain,
        window=w,
        settings=settings,
        coverage=empty.coverage,
        total=main.total,
        before_cost=sum(earlier.values()),
        lines=lines,
        daily=daily,
        capability_count=len(known),
        counting=counting,
    )


def _belongs(capability: Capability, reached: frozenset[UUID] | None) -> bool:
    return reached is None or capability.unit_id in reached


def _month(w: Window) -> date:
    """The month whose plan the window is held against: that of its last day."""
    return (w.end - timedelta(days=1)).replace(day=1)


def _sum(rows: Collection[Row]) -> Row:
    first = next(iter(rows))
    sums = tuple(map(sum, zip(*(row.measures for row in rows), strict=True)))
    return Row(first.keys, first.labels, None, sums)


def _counted(
    inside: Slice, w: Window, sums: dict[str | None, Row], counting: list[str], silent: list[str]
) -> dict[str | None, Row]:
    """The part of each capability's use whose sources count requests."""
    if not counting:
        return {}
    if not silent:
        return sums
    narrowed = Slice(inside.unit_ids, {**inside.chosen, "source": counting})
    rows = narrowed.ask(w.start, w.end, group_by=("capability",)).rows
    return {row.keys[0]: row for row in rows}


def _runs(
    w: Window, reached: frozenset[UUID] | None, known: Sequence[Capability]
) -> dict[UUID, Totals]:
    reach = Reach(
        start=w.start, end=w.end, units=reached, capability=[capability.id for capability in known]
    )
    found = runs.by_axis(reach, "capability_id", MOST_LINES)
    return {line.key: line.totals for line in found if isinstance(line.key, UUID)}


def _tiers(inside: Slice, w: Window) -> dict[str | None, dict[str | None, int]]:
    found: dict[str | None, dict[str | None, int]] = defaultdict(dict)
    for row in inside.ask(w.start, w.end, group_by=("capability", "service_tier")).rows:
        found[row.keys[0]][row.keys[1]] = row.tokens.total
    return found
