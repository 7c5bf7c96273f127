"""What sprints were forecast to use, from the estimates of their stories, and what they used."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.common import clock
from apps.common.periods import day_in_zone
from apps.discussions.models import WorkItem
from apps.discussions.selectors import items_of
from apps.ledger.query import Query, Row, run
from apps.ledger.rules.drivers import Drivers, explain
from apps.organizations.selectors import organization, parents
from apps.pricing.selectors import price_book, relative_prices
from apps.sprints import rules
from apps.sprints.models import Sprint
from apps.sprints.selectors.sprints import choices_of
from apps.stories.enums import Phase
from apps.stories.models import PhaseEstimate, TokenStory
from apps.stories.selectors.planned import (
    Planned,
    owner_of_capability,
    planned_stories,
    revisions_by_id,
)
from apps.stories.selectors.trueup import uses_by_model
from apps.stories.trueup import expected_uses

PRODUCTION = Phase.PRODUCTION.value


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens and money (nanos of the organization's currency)."""

    tokens: int = 0
    nanos: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.tokens + other.tokens, self.nanos + other.nanos)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.tokens - other.tokens, self.nanos - other.nanos)


def added(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, Amount())


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One phase of a story in a sprint's complete days. `used` None: nothing is measured yet."""

    phase: str
    forecast: Amount
    expected: Amount
    used: Amount | None


@dataclass(frozen=True)
class StoryLine:
    """One story in one sprint.

    `forecast` is the whole sprint's, `expected` that of its complete days, which `used` is held
    against. `by_hand`: put in although its dates would not. `drivers` (of one sprint only) split
    production's difference; their parts sum to it to the nano.
    """

    story: TokenStory
    phases: Sequence[PhaseLine]
    by_hand: bool = False
    source: str = ""
    drivers: Drivers | None = None

    @property
    def forecast(self) -> Amount:
        return added(line.forecast for line in self.phases)

    @property
    def expected(self) -> Amount:
        return added(line.expected for line in self.phases)

    @property
    def used(self) -> Amount | None:
        known = [line.used for line in self.phases if line.used is not None]
        return added(known) if known else None

    @property
    def difference(self) -> Amount | None:
        return None if self.used is None else self.used - self.expected


@dataclass(frozen=True)
class SprintStanding:
    """A sprint over its complete days [start, through); none of them before it began.

    `daily`: forecast and used by day of the sprint; used is None from `through` on. `work_items`
    (of one sprint only): those linked to its stories, which they are in the sprint with.
    """

    sprint: Sprint
    through: date
    lines: Sequence[StoryLine]
    taken_out: Sequence[TokenStory] = ()
    daily: Mapping[date, tuple[Amount, Amount | None]] = field(default_factory=dict)
    work_items: Mapping[UUID, Sequence[WorkItem]] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        return self.through > self.sprint.starts_on

    @property
    def forecast(self) -> Amount:
        return added(line.forecast for line in self.lines)

    @property
    def expected(self) -> Amount:
        return added(line.expected for line in self.lines)

    @property
    def used(self) -> Amount | None:
        """None before the first complete day; without measured use it is nothing, not unknown."""
        return added(line.used or Amount() for line in self.lines) if self.begun else None

    @property
    def difference(self) -> Amount | None:
        return None if self.used is None else self.used - self.expected

    @property
    def phases(self) -> list[PhaseLine]:
        """All stories together, by phase."""
        found = []
        for phase in Phase:
            lines = [p for line in self.lines for p in line.phases if p.phase == phase.value]
            if lines:
                known = [p.used for p in lines if p.used is not None]
                found.append(
                    PhaseLine(
                        phase.value,
                        added(p.forecast for p in lines),
                        added(p.expected for p in lines),
                        added(known) if known else None,
                    )
                )
        return found


Measured = dict[UUID, dict[tuple[date, str], Amount]]
"""By story, then by day and phase."""


def standings(actor: Actor, sprints: Sequence[Sprint]) -> dict[UUID, SprintStanding]:
    """Any number of sprints in a fixed number of queries, without drivers."""
    if not sprints:
        return {}
    facts = _Facts(actor, sprints)
    return {sprint.id: facts.standing(sprint) for sprint in sprints}


def standing(actor: Actor, sprint: Sprint) -> SprintStanding:
    """One sprint, and for each story what moved production's cost."""
    facts = _Facts(actor, [sprint])
    found = facts.standing(sprint)
    drivers = _drivers(found, facts)
    lines = [
        StoryLine(line.story, line.phases, line.by_hand, line.source, drivers.get(line.story.id))
        for line in found.lines
    ]
    items = items_of("story", [line.story.id for line in lines])
    return SprintStanding(sprint, found.through, lines, found.taken_out, found.daily, items)


class _Facts:
    """What every sprint of a question needs, read once."""

    def __init__(self, actor: Actor, sprints: Sequence[Sprint]) -> None:
        self.zone = organization().timezone
        self.today = clock.today(self.zone)
        self.start = min(sprint.starts_on for sprint in sprints)
        self.end = max(sprint.ends_on for sprint in sprints)
        self.plans = planned_stories(actor, self.start, self.end)
        self.chosen = choices_of(sprint.id for sprint in sprints)
        self.tree = parents()
        self.source: dict[UUID, str] = {}
        self.measured = self._measure()

    def standing(self, sprint: Sprint) -> SprintStanding:
        through = min(sprint.ends_on, max(self.today, sprint.starts_on))
        chosen = self.chosen.get(sprint.id, {})
        lines, out = [], []
        for story_id, plan in self.plans.items():
            by_date = self._by_date(plan, sprint)
            said = chosen.get(story_id)
            if said is False and by_date:
                out.append(plan.story)
            elif said or (by_date and said is None):
                lines.append(self._line(plan, sprint, through, by_hand=not by_date))
        return SprintStanding(sprint, through, lines, out, self._daily(sprint, through, lines))

    def _by_date(self, plan: Planned, sprint: Sprint) -> bool:
        """Whether the story's own dates put it into the sprint of its team or one above it."""
        if not self._covers(sprint.unit_id, plan.story.unit_id):
            return False
        return any(_part(cell, sprint.starts_on, sprint.ends_on).tokens for cell in plan.cells)

    def _covers(self, unit_id: UUID, other: UUID | None) -> bool:
        seen: set[UUID] = set()
        while other is not None and other not in seen:
            if other == unit_id:
                return True
            seen.add(other)
            other = self.tree.get(other)
        return False

    def _line(self, plan: Planned, sprint: Sprint, through: date, *, by_hand: bool) -> StoryLine:
        used = self.measured.get(plan.story.id, {})
        phases = []
        for phase in Phase:
            cells = [cell for cell in plan.cells if cell.phase == phase.value]
            known = [
                amount
                for (day, name), amount in used.items()
                if name == phase.value and sprint.starts_on <= day < through
            ]
            forecast = added(_part(c, sprint.starts_on, sprint.ends_on) for c in cells)
            if not forecast.tokens and not forecast.nanos and not known:
                continue
            expected = added(_part(c, sprint.starts_on, through) for c in cells)
            phases.append(
                PhaseLine(phase.value, forecast, expected, added(known) if known else None)
            )
        return StoryLine(plan.story, phases, by_hand, self.source.get(plan.story.id, ""))

    def _daily(
        self, sprint: Sprint, through: date, lines: Sequence[StoryLine]
    ) -> dict[date, tuple[Amount, Amount | None]]:
        used: dict[date, Amount] = defaultdict(Amount)
        cells = []
        for line in lines:
            cells += self.plans[line.story.id].cells
            for (day, _), amount in self.measured.get(line.story.id, {}).items():
                used[day] += amount
        found: dict[date, tuple[Amount, Amount | None]] = {}
        for n in range(sprint.days):
            day = sprint.starts_on + timedelta(days=n)
            planned = added(_part(cell, day, day + timedelta(days=1)) for cell in cells)
            found[day] = (planned, used[day] if day < through else None)
        return found

    def _measure(self) -> Measured:
        """What attribution gave to each story; where it gave nothing, the use of its capability
        since the approval.
        """
        end = min(self.end, self.today)
        if end <= self.start or not self.plans:
            return {}
        found: Measured = defaultdict(dict)
        for row in self._rows("story", [str(key) for key in self.plans], end):
            self._add(found, UUID(row.keys[0] or ""), row, "story")
        owners = {
            capability: story
            for capability, story in owner_of_capability(self.plans.values()).items()
            if story not in found
        }
        for row in self._rows("capability", [str(key) for key in owners], end) if owners else ():
            story = self.plans[owners[UUID(row.keys[0] or "")]].story
            approved = story.approved_at
            if approved and _day(row) >= day_in_zone(approved, self.zone):
                self._add(found, story.id, row, "capability")
        return found

    def _rows(self, axis: str, keys: Sequence[str], end: date) -> list[Row]:
        query = Query(
            start=self.start,
            end=end,
            grain="day",
            group_by=(axis, "phase"),
            filters={axis: keys},
            order="label",
        )
        return run(query).rows

    def _add(self, found: Measured, story_id: UUID, row: Row, source: str) -> None:
        # Usage that says no phase runs in production: what is built and tested is said to be.
        phase = row.keys[1] if row.keys[1] in set(Phase) else PRODUCTION
        key = (_day(row), str(phase))
        used = Amount(row.tokens.total, row.cost_nanos or 0)
        found[story_id][key] = found[story_id].get(key, Amount()) + used
        self.source[story_id] = source


def _part(cell: PhaseEstimate, start: date, end: date) -> Amount:
    """The likely use of a cell's phase on the days [start, end)."""
    return Amount(
        rules.share_of_month(cell.tokens_likely, cell.month, start, end),
        rules.share_of_month(cell.cost_likely, cell.month, start, end),
    )


def _day(row: Row) -> date:
    period = row.period
    assert period is not None  # noqa: S101 -- a grain of days has days
    return period.date() if isinstance(period, datetime) else period


def _drivers(found: SprintStanding, facts: _Facts) -> dict[UUID, Drivers]:
    """Why production of each story cost more or less than its likely estimate."""
    if not found.begun:
        return {}
    lines = {line.story.id: line for line in found.lines if line.used is not None}
    keys = {i: facts.plans[i].revision_id for i in lines}
    revisions = revisions_by_id(key for key in keys.values() if key is not None)
    rows: dict[UUID, list[Row]] = defaultdict(list)
    for axis in ("story", "capability"):
        wanted = [line.story for line in lines.values() if line.source == axis]
        owners = {
            str(story.id if axis == "story" else story.capability_id): story.id for story in wanted
        }
        if owners:
            query = Query(
                start=found.sprint.starts_on,
                end=found.through,
                group_by=(axis, "model"),
                filters={axis: sorted(owners), "phase": [PRODUCTION, ""]},
            )
            for row in run(query).rows:
                rows[owners[row.keys[0] or ""]].append(row)
    book = price_book()

    def name_of(row: Row) -> str:
        return book.canonical("", row.keys[1] or "")[1]

    result = {}
    for story_id, line in lines.items():
        key = keys[story_id]
        revision = revisions.get(key) if key is not None else None
        likely = [p.expected.nanos for p in line.phases if p.phase == PRODUCTION]
        expected = expected_uses(revision.estimate, likely) if revision else {}
        measured = uses_by_model(rows[story_id], name_of)
        if expected and measured:
            prices = relative_prices(set(expected) | set(measured))
            result[story_id] = explain(expected, measured, prices)
    return result
