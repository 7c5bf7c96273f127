"""How envelopes stand: what stories suggest, what was asked and given, opened and spent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from uuid import UUID

from apps.access.actors import Actor
from apps.asks.models import Ask
from apps.asks.selectors import budget_requests_approved_since
from apps.budgets.enums import Scope
from apps.budgets.models import Budget
from apps.budgets.selectors.limits import budgets_within, limits_within, parents_of_budgets
from apps.common import clock
from apps.ledger.query import Query, run
from apps.organizations.selectors import organization, parents
from apps.planning import rules
from apps.planning.models import Envelope, PlanningCycle
from apps.planning.selectors.cycles import envelopes, envelopes_of_round, holders
from apps.planning.selectors.suggested import Suggested, suggestions


@dataclass(frozen=True)
class EnvelopeStanding:
    """One team's envelope. Money in nanos of the cycle's currency, over the whole cycle.

    `suggested`: P50 of its stories' estimates in the months of the cycle, None without a story;
    those in other currencies converted, and in no sum where that cannot be done (`left_out`).
    `changed`: what budget requests approved since the lock added or took away. `opened`: the
    limits of its topmost budgets in the days of the cycle, None while there is none;
    `unlimited` counts those without a limit, which are in no sum. `spent` is None before the cycle.
    """

    envelope: Envelope
    suggested: int | None = None
    stories: Sequence[Suggested] = ()
    changed: int = 0
    requests: Sequence[Ask] = ()
    opened: int | None = None
    budgets: Sequence[Budget] = field(default=())
    unlimited: int = 0
    spent: int | None = None

    @property
    def currency(self) -> str:
        return self.envelope.round.cycle.currency

    @property
    def converted(self) -> list[Suggested]:
        """Stories in another currency that are in the suggestion."""
        return [one for one in self.stories if one.rate is not None]

    @property
    def left_out(self) -> list[Suggested]:
        """Stories in another currency that no rate brings into the cycle's."""
        return [one for one in self.stories if one.nanos is None]

    @property
    def requested(self) -> int | None:
        return self.envelope.requested_nanos

    @property
    def allocated(self) -> int | None:
        return self.envelope.allocated_nanos

    @property
    def gap(self) -> int | None:
        """Given minus asked for."""
        return rules.difference(self.allocated, self.requested)

    @property
    def current(self) -> int | None:
        """The envelope as it is now: what was given and what requests changed since the lock."""
        return None if self.allocated is None else self.allocated + self.changed

    @property
    def unopened(self) -> int | None:
        """What no budget holds yet; negative when budgets hold more than the envelope."""
        return rules.difference(self.current, self.opened or 0)

    @property
    def left(self) -> int | None:
        return rules.difference(self.current, self.spent)

    @property
    def unit_budget(self) -> Budget | None:
        """The budget of the unit itself, for which more can be asked."""
        found = (b for b in self.budgets if b.scope == Scope.UNIT)
        return next((b for b in found if b.unit_id == self.envelope.unit_id), None)


@dataclass(frozen=True)
class CycleStanding:
    """The envelopes of a round in sight, and what is spent under no envelope at all."""

    cycle: PlanningCycle
    number: int
    rows: Sequence[EnvelopeStanding]
    outside: int | None

    @cached_property
    def requested(self) -> int | None:
        return rules.total(row.requested for row in self.rows)

    @cached_property
    def allocated(self) -> int | None:
        return rules.total(row.allocated for row in self.rows)

    @cached_property
    def current(self) -> int | None:
        return rules.total(row.current for row in self.rows)

    @cached_property
    def suggested(self) -> int | None:
        return rules.total(row.suggested for row in self.rows)

    @cached_property
    def opened(self) -> int | None:
        return rules.total(row.opened for row in self.rows)

    @cached_property
    def spent(self) -> int | None:
        return rules.total(row.spent for row in self.rows)

    @property
    def converted(self) -> list[Suggested]:
        return [one for row in self.rows for one in row.converted]

    @property
    def left_out(self) -> list[Suggested]:
        return [one for row in self.rows for one in row.left_out]

    @property
    def unallocated(self) -> list[EnvelopeStanding]:
        return [row for row in self.rows if row.allocated is None]


def standing(actor: Actor, cycle: PlanningCycle, number: int | None = None) -> CycleStanding:
    """A round of a cycle (default: the newest) with everything it is held against.

    A fixed number of queries for any number of teams.
    """
    chosen = cycle.round_number if number is None else number
    rows = envelopes_of_round(actor, cycle, chosen)
    known = holders(cycle, chosen)
    tree = parents()
    planned: dict[UUID | None, list[Suggested]] = defaultdict(list)
    for plan in suggestions(cycle):
        planned[rules.holder_of(plan.story.unit_id, known, tree)].append(plan)
    spent = _spent(cycle, known, tree)
    budgets = _Budgets(cycle, known, tree)
    seen_whole = len(rows) == len(known)
    return CycleStanding(
        cycle,
        chosen,
        [_row(row, planned[row.unit_id], budgets, spent) for row in rows],
        spent.get(None, 0) if spent is not None and seen_whole else None,
    )


def _row(
    envelope: Envelope,
    plans: Sequence[Suggested],
    budgets: "_Budgets",
    spent: Mapping[UUID | None, int] | None,
) -> EnvelopeStanding:
    unit = envelope.unit_id
    tops = budgets.tops.get(unit, [])
    limits = [budgets.limits[b.id] for b in tops]
    return EnvelopeStanding(
        envelope,
        suggested=rules.total(plan.nanos for plan in plans),
        stories=plans,
        changed=sum(budgets.change_of(b) for b in tops),
        requests=[
            ask
            for ask in budgets.requests
            if any(b is not None and b.id in {t.id for t in tops} for b in _named(ask))
        ],
        opened=rules.total(limits),
        budgets=tops,
        unlimited=limits.count(None),
        spent=None if spent is None else spent.get(unit, 0),
    )


def _named(ask: Ask) -> tuple[Budget | None, Budget | None]:
    return ask.budget, ask.source_budget


def _spent(
    cycle: PlanningCycle, known: Sequence[UUID], tree: Mapping[UUID, UUID | None]
) -> dict[UUID | None, int] | None:
    """Known cost by the unit whose envelope covers it; None before the cycle begins."""
    today = clock.today(organization().timezone)
    end = min(cycle.ends_on, today + timedelta(days=1))
    if end <= cycle.starts_on:
        return None
    found: dict[UUID | None, int] = defaultdict(int)
    for row in run(Query(start=cycle.starts_on, end=end, group_by=("unit",))).rows:
        unit = UUID(row.keys[0]) if row.keys[0] else None
        found[rules.holder_of(unit, known, tree)] += row.cost_nanos or 0
    return found


class _Budgets:
    """The budgets of a cycle by the envelope they fall under.

    Only the topmost count: a budget below another of the same envelope is part of it.
    """

    def __init__(
        self, cycle: PlanningCycle, known: Sequence[UUID], tree: Mapping[UUID, UUID | None]
    ) -> None:
        found = budgets_within(cycle.starts_on, cycle.ends_on)
        holder = {b.id: rules.holder_of(b.unit_id, known, tree) for b in found}
        above = parents_of_budgets()
        self.tops: dict[UUID | None, list[Budget]] = defaultdict(list)
        for budget in found:
            own = holder[budget.id]
            if own is not None and all(holder.get(p) != own for p in above.get(budget.id, ())):
                self.tops[own].append(budget)
        tops = [b for group in self.tops.values() for b in group]
        days: tuple[date, date] = (cycle.starts_on, cycle.ends_on)
        self.limits = limits_within(tops, *days)
        self.requests: list[Ask] = []
        self._before: Mapping[UUID, int | None] = self.limits
        if cycle.locked_at is not None:
            self.requests = budget_requests_approved_since(cycle.locked_at)
            ids = [ask.request_id for ask in self.requests if ask.request_id is not None]
            if ids:
                self._before = limits_within(tops, *days, without_requests=ids)

    def change_of(self, budget: Budget) -> int:
        """What the requests since the lock did to a budget; 0 where either side has no limit."""
        return rules.difference(self.limits[budget.id], self._before[budget.id]) or 0


@dataclass(frozen=True)
class Compared:
    """One team across the rounds of a cycle, by the number of the round."""

    unit_id: UUID
    unit_name: str
    requested: dict[int, int | None]
    allocated: dict[int, int | None]

    def moved(self) -> int | None:
        """The newest allocation minus the first there was."""
        given = [self.allocated[n] for n in sorted(self.allocated)]
        known = [amount for amount in given if amount is not None]
        return known[-1] - known[0] if len(known) > 1 else None


def compared(actor: Actor, cycle: PlanningCycle) -> list[Compared]:
    """Each team with its numbers in every round, by name."""
    found: dict[UUID, Compared] = {}
    for row in envelopes(actor).filter(round__cycle_id=cycle.id):
        one = found.setdefault(row.unit_id, Compared(row.unit_id, row.unit.name, {}, {}))
        one.requested[row.round.number] = row.requested_nanos
        one.allocated[row.round.number] = row.allocated_nanos
    return sorted(found.values(), key=lambda one: one.unit_name)
