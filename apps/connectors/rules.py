"""Which window a run reads, when the next run is due, and how a source is doing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from apps.connectors.enums import Health, RunKind, SourceRole, SourceStatus

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READ_LAG = timedelta(minutes=15)
"""An hour is read this long after its end: earlier it would be a figure that still grows."""
WINDOW = timedelta(days=14)
"""History is read in windows of this length, one run each, so that no task runs long."""
SETTLING = timedelta(hours=72)
"""Providers restate hours for about this long; each pull reads them again."""
REREAD_EVERY = timedelta(days=1)
REREAD_SPAN = timedelta(days=31)
"""Once a day a month is read again, for restatements that come later."""
DIRECTORY_EVERY = timedelta(hours=1)
LEASE = timedelta(seconds=180)
"""A run renews its lease before each request; a worker silent for longer is taken for dead."""
LONGEST_BACKOFF = timedelta(hours=2)
MIN_SCHEDULE, MAX_SCHEDULE = 5, 1440
MAX_HISTORY_DAYS = 365


@dataclass(frozen=True, slots=True)
class Cadence:
    """When a kind of source has something to read.

    A bucket of `grain` is read `lag` after its end. `settling` and `reread` are how far back the
    source still restates: at each pull, and once a day. `reach` is how far back it reports at
    all, None without limit. `slack` is how much later its own watermark may be.
    """

    grain: timedelta = HOUR
    lag: timedelta = READ_LAG
    window: timedelta = WINDOW
    settling: timedelta = SETTLING
    reread: timedelta = REREAD_SPAN
    reach: timedelta | None = None
    slack: timedelta = timedelta()


HOURLY = Cadence()
DAILY = Cadence(grain=DAY, lag=timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Plan:
    """The window of a run. `more` says that another run should follow at once; `again`, that a
    person asked for it."""

    kind: RunKind
    start: datetime
    end: datetime
    more: bool
    again: bool = False

    @property
    def is_empty(self) -> bool:
        return self.end <= self.start

    @property
    def cost_days(self) -> tuple[date, date]:
        """UTC days of the bill that go with the window, end exclusive."""
        last = self.end.date() if self.end.time() == time() else self.end.date() + timedelta(days=1)
        return self.start.date(), last


def floor_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def floor(moment: datetime, grain: timedelta) -> datetime:
    """The start of the bucket of `grain` (an hour or a UTC day) that holds the instant."""
    return floor_hour(moment) if grain < DAY else midnight(moment.date())


def plan(
    *,
    history_from: date,
    settled_through: datetime | None,
    reread_at: datetime | None,
    now: datetime,
    cadence: Cadence = HOURLY,
    whole_days: bool = False,
    again: tuple[datetime, datetime] | None = None,
) -> Plan:
    """The next window: from where the source may still restate, up to the last whole bucket.

    A source that is far behind reads at most a window per run. Once a day, when it is not behind,
    the window is the whole last month instead. `again` is a stretch that a person asked to read
    once more; it goes first. `whole_days`: the window begins at midnight UTC, because what it
    reads replaces days.
    """
    edge = floor(now - cadence.lag, cadence.grain)
    whole = DAY if whole_days else cadence.grain
    first = midnight(history_from)
    if cadence.reach is not None:
        first = max(first, midnight((now - cadence.reach).date()))
    if again is not None:
        start, until = max(first, floor(again[0], whole)), min(again[1], edge)
        if start < until:
            end = min(start + cadence.window, until)
            return Plan(RunKind.BACKFILL, start, end, more=True, again=True)
    start = floor(max(first, settled_through or first), whole)
    if edge - start > cadence.window:
        return Plan(RunKind.BACKFILL, start, start + cadence.window, more=True)
    if settled_through is None:
        return Plan(RunKind.BACKFILL, start, max(start, edge), more=False)
    if reread_at is not None and now - reread_at >= REREAD_EVERY:
        start = floor(max(first, edge - cadence.reread), whole)
        return Plan(RunKind.REREAD, start, edge, more=False)
    return Plan(RunKind.PULL, min(start, edge), edge, more=False)


def settled_after(
    window_end: datetime, observed_at: datetime, cadence: Cadence = HOURLY
) -> datetime:
    """The instant before which nothing read in this window will be restated any more."""
    return min(window_end, floor(observed_at - cadence.settling, cadence.grain))


def backoff_after(failures: int, schedule_minutes: int, retry_after: float | None) -> timedelta:
    """How long to leave a failing source alone: doubling from its schedule, at most two hours."""
    pause = timedelta(minutes=min(schedule_minutes, 15)) * 2 ** min(failures - 1, 6)
    asked = timedelta(seconds=retry_after or 0)
    return max(min(pause, LONGEST_BACKOFF), asked)


def expected_lag(schedule_minutes: int, cadence: Cadence = HOURLY) -> timedelta:
    """How far behind now complete data may be before the source counts as late."""
    return cadence.grain + cadence.lag + cadence.slack + 2 * timedelta(minutes=schedule_minutes)


def health(
    *,
    status: str,
    pulled: bool,
    cursor: datetime | None,
    failures: int,
    schedule_minutes: int,
    settled_through: datetime | None,
    now: datetime,
    cadence: Cadence = HOURLY,
) -> Health:
    """One word for a source, worst first."""
    if status == SourceStatus.BLOCKED:
        return Health.BLOCKED
    if status == SourceStatus.PAUSED:
        return Health.PAUSED
    if failures:
        return Health.FAILING
    if not pulled:
        return Health.FRESH
    if cursor is None:
        return Health.WAITING
    behind = max(cadence.window, cadence.settling + DAY)
    if settled_through is not None and now - settled_through > behind:
        return Health.CATCHING_UP
    return Health.LATE if now - cursor > expected_lag(schedule_minutes, cadence) else Health.FRESH


def progress(
    history_from: date | None,
    cursor: datetime | None,
    now: datetime,
    cadence: Cadence = HOURLY,
) -> float:
    """Share of the wanted history that has been read, 0 to 1."""
    if history_from is None or cursor is None:
        return 0.0
    first, edge = midnight(history_from), floor(now - cadence.lag, cadence.grain)
    whole = (edge - first).total_seconds()
    if whole <= 0:
        return 1.0
    return min(1.0, max(0.0, (cursor - first).total_seconds() / whole))


@dataclass(frozen=True, slots=True)
class RoleSpan:
    """A decision: from an instant on, a source has this role."""

    since: datetime
    role: str


def role_at(instant: datetime, now: str, decisions: Sequence[RoleSpan]) -> str:
    """The role of a source at an instant. The latest decision that speaks of it wins; before all
    of them is the role it began with, the other one than the first decision's (`now` without any).
    """
    for decision in reversed(decisions):
        if decision.since <= instant:
            return decision.role
    if not decisions:
        return now
    first = decisions[0].role
    return SourceRole.RECORD if first == SourceRole.COMPARISON else SourceRole.COMPARISON


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two channels that may count the same. `account` is one they share, "" where one of them
    names none; `certain` where they share a named account or key."""

    account: str
    certain: bool


def overlap(
    *, same_kind: bool, accounts: tuple[set[str], set[str]], keys: tuple[set[str], set[str]]
) -> Overlap | None:
    """Whether two channels of one provider may see the same calls; None where they cannot.

    Two of one kind are two organizations or two emitters unless they share a key, or a named
    account without saying keys. Keys are only comparable within a kind: a gateway has its own.
    """
    shared = accounts[0] & accounts[1]
    named = sorted(shared - {""})
    unnamed = any("" in known or not known for known in accounts)
    account = named[0] if named else ""
    if same_kind:
        both = (keys[0] & keys[1]) - {""}
        silent = any(not known - {""} for known in keys)
        return Overlap(account, certain=True) if both or (named and silent) else None
    return Overlap(account, certain=bool(named)) if named or unnamed else None
