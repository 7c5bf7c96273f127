"""The figures of the Inform overview: what was used, what changed and why, who used it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.common import clock, fmt
from apps.common.periods import days_between
from apps.ledger.query import (
    Costs,
    Coverage,
    Reported,
    Result,
    Row,
    compare,
    period_of,
    shares,
)
from apps.ledger.query.service import total_of
from apps.ledger.rules.drivers import Drivers
from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import LedgerSettings, ledger_settings
from apps.portal.rules.windows import Window, grain_for, window
from apps.portal.selectors.slices import Slice, cost
from apps.pricing.changes import PriceEvent, marks, price_events
from apps.stories.selectors.plans import approved_story_ids

SPARK_DAYS = 30
TABLE_ROWS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One team or capability in the window, with its 30 days and its change."""

    key: str | None
    label: str
    cost_nanos: int | None
    tokens: int
    requests: int | None
    unpriced_tokens: int
    change: float | None
    difference: int | None
    is_new: bool
    spark: list[int]
    partly: bool = False
    """Whether its requests are those of some sources only: at least that many."""

    @property
    def per_million(self) -> int | None:
        return fmt.per_million(self.cost_nanos, self.tokens - self.unpriced_tokens)


@dataclass(frozen=True, slots=True)
class Sums:
    """Complete days taken together, for a comparison."""

    cost_nanos: int = 0
    tokens: int = 0
    priced_tokens: int = 0
    requests: int = 0

    @property
    def per_million(self) -> int | None:
        return fmt.per_million(self.cost_nanos, self.priced_tokens)


@dataclass(frozen=True)
class Overview:
    """Everything the page shows, for one window and slice."""

    window: Window
    settings: LedgerSettings
    coverage: Coverage
    data_as_of: datetime | None
    total: Row
    compared: Sums
    before: Sums
    drivers: Drivers | None
    periods: Sequence[date | datetime]
    grain: str
    bars: Mapping[str | None, Mapping[date | datetime, Row]]
    bar_labels: Mapping[str | None, str]
    units: Sequence[Line]
    capabilities: Sequence[Line]
    approved_cost: int
    confidence: Mapping[str, float] = field(default_factory=dict)
    reported: Reported | None = None
    price_events: Sequence[PriceEvent] = ()

    @property
    def top_units(self) -> Sequence[Line]:
        """What a table has room for. Sums and movers look at all of them."""
        return self.units[:TABLE_ROWS]

    @property
    def top_capabilities(self) -> Sequence[Line]:
        return self.capabilities[:TABLE_ROWS]

    @property
    def change(self) -> float | None:
        if not self.window.comparable:
            return None
        return fmt.change(self.compared.cost_nanos, self.before.cost_nanos, fmt.MIN_BASE_NANOS)

    @property
    def token_change(self) -> float | None:
        if not self.window.comparable:
            return None
        return fmt.change(self.compared.tokens, self.before.tokens, fmt.MIN_BASE_TOKENS)

    @property
    def difference(self) -> int:
        return self.compared.cost_nanos - self.before.cost_nanos

    @property
    def priced_tokens(self) -> int:
        return self.total.tokens.total - self.total.unpriced_tokens

    @property
    def per_million(self) -> int | None:
        return fmt.per_million(self.total.cost_nanos, self.priced_tokens)

    @property
    def per_million_change(self) -> float | None:
        """Of complete days, like every comparison; unpriced use has no price to compare."""
        if not self.window.comparable:
            return None
        return fmt.change(self.compared.per_million, self.before.per_million)

    @property
    def approved_share(self) -> float | None:
        return self.approved_cost / self.total.cost_nanos if self.total.cost_nanos else None

    @property
    def attributed_share(self) -> float | None:
        if not self.confidence:
            return None
        return 1 - self.confidence.get("none", 0.0)

    @property
    def has_use(self) -> bool:
        return bool(self.total.tokens.total or self.total.requests or self.total.cost_nanos)


def window_now(period: str) -> tuple[Window, LedgerSettings, Coverage]:
    """The named window as of today in the ledger's time zone, and how complete it is."""
    settings, covered = ledger_settings(), coverage()
    today = clock.today(settings.timezone)
    complete = covered.complete_through
    until = complete.astimezone(ZoneInfo(settings.timezone)).date() if complete else None
    return window(period, today, until), settings, covered


def overview(
    chosen: Slice,
    period: str,
    by: str = "kind",
    *,
    sparks: Sequence[str] = ("unit", "capability"),
    requests: bool = False,
) -> Overview:
    """The overview of a period; the chart's bars are grouped by `by`. Only lines of the axes in
    `sparks` carry their 30 days; `requests` tells of each bar the part that counts requests."""
    w, settings, covered = window_now(period)
    grain = grain_for(w.days)
    main = chosen.ask(w.start, w.end, grain=grain, group_by=(by,), requests=requests)
    sides = _sides(chosen, w, ("model", "unit", "capability"))
    daily = _daily(chosen, w, sparks)
    units = _lines(w, sides["unit"], daily.get("unit"))
    capabilities = _lines(w, sides["capability"], daily.get("capability"))
    models = sides["model"]
    known = chosen.costs_by(w.start, w.end, ("story", "confidence"))
    bars: dict[str | None, dict[date | datetime, Row]] = defaultdict(dict)
    labels: dict[str | None, str] = {}
    for row in main.rows:
        if row.period is not None:
            bars[row.keys[0]][row.period] = row
            labels[row.keys[0]] = row.labels[0]
    return Overview(
        window=w,
        settings=settings,
        coverage=covered,
        data_as_of=covered.data_as_of,
        total=total_of(models.inside),
        compared=_sums(models.again),
        before=_sums(models.before),
        drivers=compare(models.before, models.again) if w.comparable else None,
        periods=_periods(w, grain, main),
        grain=grain,
        bars=bars,
        bar_labels=labels,
        units=units,
        capabilities=capabilities,
        approved_cost=_approved(known["story"]),
        confidence=shares(known["confidence"]),
        reported=main.reported_total,
        price_events=price_marks(chosen, w, models.inside),
    )


def price_marks(chosen: Slice, w: Window, models: Sequence[Row] | None = None) -> list[PriceEvent]:
    """Price changes in the window of what is used in the slice; `models` are its rows by model
    where they have been read."""
    events = price_events(w.start, w.end)
    if not events:
        return []
    if models is None:
        used = {keys[0] or "" for keys, _ in chosen.costs(w.start, w.end, group_by=("model",))}
    else:
        used = {row.keys[0] or "" for row in models}
    providers: set[str] = set()
    if any(not event.model for event in events):
        found = chosen.costs(w.start, w.end, group_by=("provider",))
        providers = {keys[0] or "" for keys, _ in found}
    return marks(w.start, w.end, used - {""}, providers)


@dataclass(frozen=True, slots=True)
class Sides:
    """Rows of the window, of its complete days, and of the days these are compared with."""

    inside: Sequence[Row]
    again: Sequence[Row] = ()
    before: Sequence[Row] = ()


def _sides(chosen: Slice, w: Window, axes: Sequence[str]) -> dict[str, Sides]:
    windows = [(w.start, w.end)]
    if w.comparable:
        windows += [(w.start, w.compared_end), (w.before_start, w.before_end)]
    found = chosen.side_by_side_by(windows, axes, requests=True)
    return {axis: Sides(*rows) for axis, rows in found.items()}


def _sums(rows: Sequence[Row]) -> Sums:
    return Sums(
        cost_nanos=sum(cost(row) for row in rows),
        tokens=sum(row.tokens.total for row in rows),
        priced_tokens=sum(row.tokens.total - row.unpriced_tokens for row in rows),
        requests=sum(row.requests for row in rows),
    )


def _daily(chosen: Slice, w: Window, axes: Sequence[str]) -> dict[str, Costs]:
    """The last 30 days of each group of the axes."""
    if not axes:
        return {}
    return chosen.costs_by(w.end - timedelta(days=SPARK_DAYS), w.end, axes, grain="day")


def _lines(w: Window, sides: Sides, daily: Costs | None) -> list[Line]:
    """Each group of an axis in the window, largest first, with its last 30 days."""
    compared = {row.keys[0]: cost(row) for row in sides.again}
    before = {row.keys[0]: cost(row) for row in sides.before}
    days = list(days_between(w.end - timedelta(days=SPARK_DAYS), w.end))
    lines = []
    for row in sides.inside:
        key = row.keys[0]
        now, then = compared.get(key, 0), before.get(key, 0)
        line = Line(
            key=key,
            label=row.labels[0],
            cost_nanos=row.cost_nanos,
            tokens=row.tokens.total,
            requests=row.counted_requests,
            partly=row.is_partial,
            unpriced_tokens=row.unpriced_tokens,
            change=fmt.change(now, then, fmt.MIN_BASE_NANOS) if w.comparable else None,
            difference=now - then if w.comparable else None,
            is_new=w.comparable and not then and bool(now),
            spark=[daily.get(((key,), day), 0) for day in days] if daily is not None else [],
        )
        if line.tokens or line.cost_nanos or line.requests:
            lines.append(line)
    return sorted(lines, key=lambda line: (-(line.cost_nanos or 0), line.label))


def _approved(by_story: Costs) -> int:
    """Cost of usage that belongs to a story with an approved revision."""
    approved = approved_story_ids() if by_story else set()
    return sum(nanos for (keys, _), nanos in by_story.items() if keys[0] in approved)


def _periods(w: Window, grain: str, main: Result) -> list[date | datetime]:
    """Every period of the window, also those without use: a gap must be seen."""
    if grain == "hour":
        return sorted({row.period for row in main.rows if row.period is not None}, key=str)
    firsts = dict.fromkeys(period_of(day, grain) for day in days_between(w.start, w.end))
    return list(firsts)
