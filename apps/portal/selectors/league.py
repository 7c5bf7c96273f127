"""The league table: what capabilities and their workflows use and give, against the days before.

Read from rollups only: a fine one by capability, phase and attribution for both windows at once,
and the days of runs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.http import QueryDict

from apps.access.actors import Actor
from apps.common import clock
from apps.ledger.query import Costs, Row, shares
from apps.ledger.selectors import runs
from apps.ledger.selectors.coverage import Coverage, coverage
from apps.ledger.selectors.runs import Names, Reach, Totals
from apps.ledger.selectors.state import LedgerSettings, ledger_settings
from apps.outcomes.rules import Use
from apps.outcomes.selectors.delivered import Delivered, delivered, promised
from apps.outcomes.selectors.worth import running
from apps.portal.rules.league import BY, CAPABILITY, WORKFLOW, Line, Side, added, matching
from apps.portal.rules.windows import LONGEST_DAYS, Window, custom, whole_days
from apps.portal.selectors.domains import reached_units
from apps.portal.selectors.slices import Slice, read_slice
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capabilities
from apps.stories.selectors.value import Hypothesis

FILTERS = ("unit", "capability", "kind")
MOST_LINES = 10_000
NOBODY = UUID(int=0)
UNCLAIMED = "No capability"


@dataclass(frozen=True)
class League:
    """The lines of a window, the largest cost first. `owners` are those of all lines that the
    slice holds, also where `lines` are narrowed further."""

    by: str
    window: Window
    settings: LedgerSettings
    coverage: Coverage
    lines: list[Line]
    owners: Sequence[tuple[str, str]] = ()

    @property
    def data_as_of(self) -> datetime | None:
        return self.coverage.data_as_of

    @cached_property
    def now(self) -> Side:
        return added(self.lines, "now")

    @cached_property
    def before(self) -> Side:
        return added(self.lines, "before")

    @property
    def told(self) -> list[Line]:
        """Lines whose cost per outcome is known."""
        return [line for line in self.lines if line.cost_per_outcome is not None]

    @property
    def told_share(self) -> Decimal | None:
        """Part of the cost that belongs to them."""
        if not self.now.cost_nanos:
            return None
        return Decimal(sum(line.cost_nanos or 0 for line in self.told)) / self.now.cost_nanos


def window_of(period: str, start: date | None = None, end: date | None = None) -> Window:
    """The named period, or the days [start, end) where both are given: whole days, not today.

    At most LONGEST_DAYS, the last ones; they stand against as many days before them.
    """
    today = clock.today(ledger_settings().timezone)
    if start is None or end is None:
        return whole_days(period, today)
    end = min(end, today)
    start = max(min(start, end - timedelta(days=1)), end - timedelta(days=LONGEST_DAYS))
    return custom(start, end, today)


def league(actor: Actor, chosen: Slice, window: Window, by: str = CAPABILITY) -> League:
    """The table of a window inside a slice. TooSlow for what takes too long in `time_limit`."""
    settings, covered = ledger_settings(), coverage()
    known = {one.id: one for one in capabilities(actor)}
    reached = reached_units(chosen)
    found: list[Line] = []
    if reached != frozenset():
        read = _Read(actor, chosen, window, settings, known, reached)
        found = read.workflows() if by == WORKFLOW else read.capabilities()
    found.sort(key=lambda line: (-(line.cost_nanos or 0), -line.tokens, line.label, line.key))
    owners = sorted({(one.owner, one.owner_id) for one in found if one.owner_id})
    return League(by, window, settings, covered, found, [(i, name) for name, i in owners])


def asked(actor: Actor, params: QueryDict, window: Window) -> League:
    """The table of a window as a query string narrows it; what it does not understand is left
    out."""
    get = params.get
    chosen = read_slice(actor, params, FILTERS)
    found = league(actor, chosen, window, get("by", "") if get("by") in dict(BY) else CAPABILITY)
    lines = matching(
        found.lines,
        q=get("q", "").replace("\x00", "")[:200],
        stage=get("stage", ""),
        owner=get("owner", ""),
        confidence=get("confidence", ""),
    )
    return replace(found, lines=lines)


@dataclass(frozen=True)
class _Read:
    """One reading of both windows."""

    actor: Actor
    chosen: Slice
    window: Window
    settings: LedgerSettings
    known: Mapping[UUID, Capability]
    reached: frozenset[UUID] | None

    @property
    def spans(self) -> tuple[tuple[date, date], tuple[date, date]]:
        w = self.window
        return (w.start, w.compared_end), (w.before_start, w.before_end)

    def capabilities(self) -> list[Line]:
        """A line for each capability with use on either side, and one for unclaimed use."""
        found = self.chosen.crossed(self.spans, group_by=("capability", "phase", "confidence"))
        now, before = (_by_capability(rows) for rows in found)
        ran = [self._runs(*span) for span in self.spans]
        ids = list(dict.fromkeys([*now, *before]))
        held = promised(self.actor, [self.known[i] for i in ids if i in self.known])
        attributed = _attributed(found[0])
        return [
            self._line(
                i,
                sides=[
                    self._side(i, rows.get(i, ()), runs_of.get(i), any(i in one for one in ran))
                    for rows, runs_of in zip((now, before), ran, strict=True)
                ],
                given=[
                    self._given(i, held.get(i), rows.get(i, ()), span)
                    for rows, span in zip((now, before), self.spans, strict=True)
                ],
                attributed=attributed.get(i),
            )
            for i in ids
        ]

    def workflows(self) -> list[Line]:
        """A line for each workflow of each capability: the use of its runs."""
        sides = [runs.by_workflow(self._reach(*span)) for span in self.spans]
        keys = list(dict.fromkeys([*sides[0], *sides[1]]))
        names = Names()
        names.load_words({workflow for _, workflow in keys})
        ids = {i for i, _ in keys}
        held = promised(self.actor, [self.known[i] for i in ids if i in self.known])
        found = []
        for i, workflow in keys:
            totals = [side.get((i, workflow), Totals()) for side in sides]
            given = [
                self._delivered(held.get(i), _use(one), span, whole=False)
                for one, span in zip(totals, self.spans, strict=True)
            ]
            line = self._line(i, sides=[_run_side(one) for one in totals], given=given)
            label = names.word(workflow) or "No workflow named"
            found.append(replace(line, key=f"{line.key}:{workflow}", label=label, of=line.label))
        return found

    def _line(
        self,
        i: UUID,
        *,
        sides: Sequence[Side],
        given: Sequence[Delivered],
        attributed: Mapping[str, float] | None = None,
    ) -> Line:
        one = self.known.get(i)
        now, before = (
            replace(side, outcomes=made.outcomes, cost_per_outcome=made.cost_per_outcome)
            for side, made in zip(sides, given, strict=True)
        )
        made = given[0]
        owner = one.owner_membership if one else None
        return Line(
            key=str(i) if one else "",
            capability_id=str(i) if one else "",
            label=one.name if one else UNCLAIMED,
            of="",
            code=one.slug if one else "",
            unit=one.unit.name if one else "",
            owner=str(owner) if owner else "",
            owner_id=str(owner.id) if owner else "",
            stage=one.stage if one else "",
            kind=one.kind if one else "",
            now=now,
            before=before,
            outcome_unit=made.unit,
            basis=made.basis.value if made.basis else "",
            basis_label=made.basis.label if made.basis else "",
            missing=made.missing.value if made.missing else "",
            missing_label=made.missing.label if made.missing else "",
            attributed=attributed,
        )

    def _side(self, i: UUID, rows: Sequence[Row], ran: Totals | None, is_run: bool) -> Side:
        tokens = [row.tokens for row in rows]
        costs = [row.cost_nanos for row in rows if row.cost_nanos is not None]
        return Side(
            runs=ran.runs if ran else 0 if is_run else None,
            input=sum(count.input for count in tokens),
            cached=sum(count.cache_read for count in tokens),
            output=sum(count.generated for count in tokens),
            cost_nanos=sum(costs) if costs or not rows else None,
            unpriced_tokens=sum(row.unpriced_tokens for row in rows),
            run_cost_nanos=ran.cost_nanos if ran else 0,
        )

    def _given(
        self, i: UUID, held: Hypothesis | None, rows: Sequence[Row], span: tuple[date, date]
    ) -> Delivered:
        one = self.known.get(i)
        use = running(one, rows, at=1) if one else Use(0, 0, None)
        return self._delivered(held, use, span, whole=self.reached is None)

    def _delivered(
        self, held: Hypothesis | None, use: Use, span: tuple[date, date], *, whole: bool
    ) -> Delivered:
        return delivered(held, use, *span, self.settings.timezone, whole=whole)

    def _reach(self, start: date, end: date) -> Reach:
        picked = self.chosen.chosen.get("capability", ())
        kinds = self.chosen.chosen.get("kind", ())
        wanted = [UUID(value) for value in picked]
        if kinds:
            of_kind = [one.id for one in self.known.values() if one.kind in kinds]
            wanted = [i for i in of_kind if not picked or i in wanted] or [NOBODY]
        return Reach(start=start, end=end, units=self.reached, capability=wanted)

    def _runs(self, start: date, end: date) -> dict[UUID, Totals]:
        found = runs.by_axis(self._reach(start, end), "capability_id", MOST_LINES)
        return {line.key: line.totals for line in found if isinstance(line.key, UUID)}


def _by_capability(rows: Sequence[Row]) -> dict[UUID, list[Row]]:
    """A capability's rows by phase; those that differ in their attribution taken together."""
    parts: dict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        parts[row.keys[0], row.keys[1]].append(row)
    found: dict[UUID, list[Row]] = defaultdict(list)
    for keys, same in parts.items():
        sums = tuple(map(sum, zip(*(row.measures for row in same), strict=True)))
        found[_id(keys[0])].append(Row(keys, same[0].labels[:2], None, sums))
    return found


def _attributed(rows: Sequence[Row]) -> dict[UUID, dict[str, float]]:
    """Shares of the known cost by attribution, by capability."""
    parts: dict[UUID, Costs] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        parts[_id(row.keys[0])][(row.keys[2],), None] += row.cost_nanos or 0
    return {i: shares(one) for i, one in parts.items()}


def _id(key: str | None) -> UUID:
    return UUID(key) if key else NOBODY


def _use(totals: Totals) -> Use:
    return Use(totals.known_cost, totals.tokens, totals.requests or None)


def _run_side(totals: Totals) -> Side:
    return Side(
        runs=totals.runs,
        input=totals.input_tokens,
        cached=totals.cached_tokens,
        output=totals.output_tokens,
        cost_nanos=totals.known_cost,
        run_cost_nanos=totals.cost_nanos,
    )
