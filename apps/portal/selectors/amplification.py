"""What a little more in every run comes to in a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from apps.ledger.query import Row
from apps.ledger.rules import trends as rules
from apps.ledger.selectors.runs import Reach, Totals, by_axis
from apps.portal.selectors.slices import Slice

DAYS = 30
DEFAULT_EXTRA = 100
"""Tokens more in every run."""
EVERY = 1_000_000
RUN_FILTERS = ("unit", "capability", "story", "source")
"""What runs can be narrowed by, besides the kind of the capability."""


@dataclass(frozen=True, slots=True)
class Line:
    """One capability: its pace, and what `extra` more tokens in every run cost a year. `counts`:
    what a run is here, `runs` or `requests`; empty where neither is counted."""

    key: str
    label: str
    counts: str
    pace: rules.Pace
    extra_nanos: int | None

    @property
    def share(self) -> float | None:
        """The extra cost of what the capability costs a year."""
        year = self.pace.cost_a_year
        return float(self.extra_nanos / year) if self.extra_nanos is not None and year else None


@dataclass(frozen=True, slots=True)
class Inefficiency:
    """Something small that every run repeats. `kind`: longer, retries or failures; `before` and
    `now` are tokens per run, or the calls concerned and all calls."""

    key: str
    label: str
    kind: str
    before: int
    now: int
    counts: str
    year_nanos: int


@dataclass(frozen=True, slots=True)
class Amplification:
    """`start` to `end` are the days the pace is of; `by_request`: runs cannot be told under these
    filters, so that requests stand for them."""

    start: date
    end: date
    lines: Sequence[Line]
    inefficiencies: Sequence[Inefficiency]
    by_request: bool


def amplification(chosen: Slice, end: date, first: date | None, extra: int) -> Amplification:
    """The capabilities of a slice by their last DAYS complete days up to `end`, from `first` (the
    first day with use) on, against as many days before."""
    start = max(end - timedelta(days=DAYS), min(first or end, end))
    before = start - (end - start)
    windows = [(start, end), (before, start)]
    now, then = chosen.side_by_side(windows, group_by=("capability",))
    countable = set(chosen.filters) <= {*RUN_FILTERS, "kind"}
    runs, earlier = (_runs(chosen, *days) if countable else {} for days in windows)
    old = {row.keys[0]: row for row in then}
    days = (end - start).days
    whole_before = first is not None and first <= before
    lines, small = [], list[Inefficiency]()
    for row in now:
        key = row.keys[0]
        if key is None:
            continue
        pace, counts = _pace(row, runs.get(key), days)
        extra_nanos = rules.extra_cost(pace, extra)
        lines.append(Line(key, row.labels[0], counts, pace, extra_nanos))
        if whole_before and (past := old.get(key)):
            was, counted = _pace(past, earlier.get(key), days)
            if counted == counts:
                small += _longer(key, row.labels[0], counts, was, pace)
        if totals := runs.get(key):
            small += _repeated(key, row.labels[0], totals, days)
    lines.sort(key=lambda line: (-(line.extra_nanos or 0), line.label))
    small.sort(key=lambda found: (-found.year_nanos, found.label, found.kind))
    return Amplification(start, end, lines, small, not countable)


def _runs(chosen: Slice, start: date, end: date) -> Mapping[str, Totals]:
    filters = chosen.filters
    unit, capability, story, source = (
        [UUID(value) for value in filters.get(axis, ()) if value] for axis in RUN_FILTERS
    )
    reach = Reach(
        start=start,
        end=end,
        units=chosen.unit_ids,
        unit=unit,
        capability=capability,
        story=story,
        source=source,
    )
    return {str(line.key): line.totals for line in by_axis(reach, "capability_id", EVERY)}


def _pace(row: Row, totals: Totals | None, days: int) -> tuple[rules.Pace, str]:
    """The pace of a capability by its runs where it names any, else by requests."""
    if totals is not None and totals.runs and totals.tokens and not totals.unpriced_calls:
        return rules.Pace(days, totals.runs, totals.tokens, totals.cost_nanos), "runs"
    tokens = row.tokens.total - row.unpriced_tokens
    requests = row.requests - row.unpriced_requests
    return rules.Pace(days, requests, tokens, row.cost_nanos or 0), "requests" if requests else ""


def _longer(
    key: str, label: str, counts: str, was: rules.Pace, now: rules.Pace
) -> list[Inefficiency]:
    nanos = rules.longer_runs(was, now)
    sizes = (was.tokens_per_run, now.tokens_per_run)
    if not nanos or sizes[0] is None or sizes[1] is None:
        return []
    return [Inefficiency(key, label, "longer", round(sizes[0]), round(sizes[1]), counts, nanos)]


def _repeated(key: str, label: str, totals: Totals, days: int) -> list[Inefficiency]:
    parts = (("retries", totals.retries), ("failures", totals.failed_calls))
    return [
        Inefficiency(key, label, kind, part, totals.calls, "calls", nanos)
        for kind, part in parts
        if (nanos := rules.repeated_work(totals.cost_nanos, part, totals.calls, days))
    ]
