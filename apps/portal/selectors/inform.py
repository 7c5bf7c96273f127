"""The figures of the Inform overview: what was used, what changed and why, who used it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.common import clock, fmt
from apps.common.periods import days_between
from apps.ledger.query import Coverage, Reported, Result, Row, compare, period_of
from apps.ledger.rules.drivers import Drivers
from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import LedgerSettings, ledger_settings
from apps.portal.rules.windows import Window, grain_for, window
from apps.portal.selectors.slices import Slice, cost
from apps.pricing.changes import PriceEvent, marks, price_events
from apps.stories.selectors.plans import approved_plans

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
    unit_count: int
    capability_count: int
    approved_cost: int
    confidence: Mapping[str, float] = field(default_factory=dict)
    reported: Reported | None = None
    price_events: Sequence[PriceEvent] = ()

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


def overview(chosen: Slice, period: str, by: str = "kind") -> Overview:
    """The overview of a period; the chart's bars are grouped by `by`."""
    w, settings, covered = window_now(period)
    grain = grain_for(w.days)
    main = chosen.ask(w.start, w.end, grain=grain, group_by=(by,))
    now_models, before_models = _by_model(chosen, w)
    units = _lines(chosen, w, "unit")
    capabilities = _lines(chosen, w, "capability")
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
        data_as_of=main.data_as_of,
        total=main.total,
        compared=_sums(now_models),
        before=_sums(before_models),
        drivers=compare(before_models, now_models) if w.comparable else None,
        periods=_periods(w, grain, main),
        grain=grain,
        bars=bars,
        bar_labels=labels,
        units=units[:TABLE_ROWS],
        capabilities=capabilities[:TABLE_ROWS],
        unit_count=len(units),
        capability_count=len(capabilities),
        approved_cost=_approved(chosen, w),
        confidence=main.confidence,
        reported=main.reported,
        price_events=price_marks(chosen, w),
    )


def price_marks(chosen: Slice, w: Window) -> list[PriceEvent]:
    """Price changes in the window of what is used in the slice."""
    if not price_events(w.start, w.end):
        return []
    rows = chosen.ask(w.start, w.end, group_by=("provider", "model")).rows
    models = {row.keys[1] or "" for row in rows} - {""}
    return marks(w.start, w.end, models, {row.keys[0] or "" for row in rows})


def _by_model(chosen: Slice, w: Window) -> tuple[list[Row], list[Row]]:
    if not w.comparable:
        return [], []
    now = chosen.ask(w.start, w.compared_end, group_by=("model",)).rows
    return now, chosen.ask(w.before_start, w.before_end, group_by=("model",)).rows


def _sums(rows: Sequence[Row]) -> Sums:
    return Sums(
        cost_nanos=sum(cost(row) for row in rows),
        tokens=sum(row.tokens.total for row in rows),
        priced_tokens=sum(row.tokens.total - row.unpriced_tokens for row in rows),
        requests=sum(row.requests for row in rows),
    )


def _lines(chosen: Slice, w: Window, axis: str) -> list[Line]:
    """Each group of an axis in the window, largest first, with its last 30 days."""
    inside = chosen.ask(w.start, w.end, group_by=(axis,)).rows
    compared: dict[str | None, int] = {}
    before: dict[str | None, int] = {}
    if w.comparable:
        rows = inside
        if w.compared_end != w.end:
            rows = chosen.ask(w.start, w.compared_end, group_by=(axis,)).rows
        compared = {row.keys[0]: cost(row) for row in rows}
        rows = chosen.ask(w.before_start, w.before_end, group_by=(axis,)).rows
        before = {row.keys[0]: cost(row) for row in rows}
    days = list(days_between(w.end - timedelta(days=SPARK_DAYS), w.end))
    spark: dict[str | None, dict[date, int]] = defaultdict(dict)
    for row in chosen.ask(days[0], w.end, grain="day", group_by=(axis,)).rows:
        spark[row.keys[0]][_day(row)] = cost(row)
    lines = []
    for row in inside:
        key = row.keys[0]
        now, then = compared.get(key, 0), before.get(key, 0)
        line = Line(
            key=key,
            label=row.labels[0],
            cost_nanos=row.cost_nanos,
            tokens=row.tokens.total,
            requests=row.counted_requests,
            unpriced_tokens=row.unpriced_tokens,
            change=fmt.change(now, then, fmt.MIN_BASE_NANOS) if w.comparable else None,
            difference=now - then if w.comparable else None,
            is_new=w.comparable and not then and bool(now),
            spark=[spark[key].get(day, 0) for day in days],
        )
        if line.tokens or line.cost_nanos or line.requests:
            lines.append(line)
    return sorted(lines, key=lambda line: (-(line.cost_nanos or 0), line.label))


def _day(row: Row) -> date:
    period = row.period
    if isinstance(period, datetime):
        return period.date()
    return period or date.min


def _approved(chosen: Slice, w: Window) -> int:
    """Cost of usage that belongs to a story with an approved revision."""
    approved = {str(plan.story_id) for plan in approved_plans(w.start, w.end)}
    if not approved:
        return 0
    rows = chosen.ask(w.start, w.end, group_by=("story",)).rows
    return sum(cost(row) for row in rows if row.keys[0] in approved)


def _periods(w: Window, grain: str, main: Result) -> list[date | datetime]:
    """Every period of the window, also those without use: a gap must be seen."""
    if grain == "hour":
        return sorted({row.period for row in main.rows if row.period is not None}, key=str)
    firsts = dict.fromkeys(period_of(day, grain) for day in days_between(w.start, w.end))
    return list(firsts)
