"""The ledger's own detectors. Each reads rollups of a few weeks and writes nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from apps.common import clock, fmt
from apps.common.money import NANOS
from apps.common.periods import day_start
from apps.ledger.quality import rules
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding, register_detector
from apps.ledger.query import Query, Row, run
from apps.ledger.selectors.coverage import SourceCoverage, coverage
from apps.ledger.selectors.retention import missing_partitions
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.services.foreign import convert
from apps.pricing.rules import CURRENCY, Granularity
from apps.pricing.selectors import price_book

LOOK_BACK = timedelta(days=42)
RECENT = timedelta(days=7)
COST_DAYS = 3
AHEAD = 1
"""Months ahead that must have a partition."""


@register_detector
def rhythm() -> Iterator[Finding]:
    """Sources that are quiet, dropped to zero, or repeat themselves, against their own weeks."""
    today = clock.today(ledger_settings().timezone)
    known = {str(s.source_id): s for s in coverage().sources if s.status != "off"}
    if not known:
        return
    rows = run(
        Query(start=today - LOOK_BACK, end=today, grain="day", group_by=("source",), order="period")
    ).rows
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.keys[0] or ""].append(row)
    for source_id, source in known.items():
        yield from _silence(source, by_source.get(source_id, []))
        yield from _repeats(source, by_source.get(source_id, []))


def _silence(source: SourceCoverage, rows: list[Row]) -> Iterator[Finding]:
    settings = ledger_settings()
    yesterday = clock.today(settings.timezone) - timedelta(days=1)
    active = {row.period for row in rows if row.tokens.total or row.requests}
    silent = rules.silent_days(active, yesterday)  # type: ignore[arg-type]
    if not silent:
        return
    last = max(day for day in active if day is not None and day <= yesterday)
    through = source.complete_through
    complete = through is not None and through >= day_start(
        silent[-1] + timedelta(days=1), settings.timezone
    )
    usual = f"{fmt.plural(len(silent), 'day')} on which it usually brings usage"
    if complete:
        yield Finding(
            kind=Kind.ZERO,
            subject=f"{source.source_id}:{last}",
            severity=Severity.BAD,
            title=f"{source.name} reports nothing since {fmt.day(silent[0])}",
            detail=f"It says that its data is complete, and there is none on {usual} "
            f"({rules.day_list(silent)}). Check keys, projects and what the source may see.",
            since=silent[0],
            source_id=source.source_id,
        )
        return
    yield Finding(
        kind=Kind.QUIET,
        subject=f"{source.source_id}:{last}",
        severity=Severity.BAD if len(silent) > 1 else Severity.WARN,
        title=f"{source.name} is quiet since {fmt.day(silent[0])}",
        detail=f"Nothing came on {usual} ({rules.day_list(silent)}). Totals of these days are too "
        "low until it delivers.",
        since=silent[0],
        source_id=source.source_id,
    )


def _repeats(source: SourceCoverage, rows: list[Row]) -> Iterator[Finding]:
    shapes = {
        row.period: (*row.tokens.as_dict().values(), row.requests, row.cost_nanos or 0)
        for row in rows
    }
    today = clock.today(ledger_settings().timezone)
    for later, earlier in rules.repeated(shapes, today - RECENT):  # type: ignore[arg-type]
        yield Finding(
            kind=Kind.REPEATS,
            subject=f"{source.source_id}:{later}",
            severity=Severity.WARN,
            title=f"{source.name}: {fmt.day(later)} is identical to {fmt.day(earlier)}",
            detail="Every kind of token, the calls and the cost are equal. A file or a day may "
            "have been delivered twice under another date.",
            since=later,
            source_id=source.source_id,
        )


@register_detector
def cost_fits() -> Iterator[Finding]:
    """Models whose cost is far from what their tokens cost in the price book."""
    settings, book = ledger_settings(), price_book()
    today = clock.today(settings.timezone)
    start = today - timedelta(days=COST_DAYS)
    at = datetime.combine(start, time(12), UTC)
    (rate,) = convert([(start, NANOS, CURRENCY)], settings.currency)
    if rate is None:
        return
    for source in coverage().sources:
        if source.status == "off":
            continue
        rows = run(
            Query(
                start=start,
                end=today,
                group_by=("provider", "model"),
                filters={"source": [str(source.source_id)]},
            )
        ).rows
        for row in rows:
            if row.tokens.total < rules.MIN_TOKENS or row.unpriced_records or not row.keys[1]:
                continue
            price = book.resolve(
                row.keys[0] or "", row.keys[1], at, granularity=Granularity.DAY, requests=2
            )
            listed = price.cost_nanos(row.tokens, row.requests) if price else None
            computed = None if listed is None else listed * rate // NANOS
            ratio = rules.implausible(row.cost_nanos, computed)
            if ratio is not None:
                yield _unfit(source, row, ratio, computed or 0, settings.currency)


def _unfit(source: SourceCoverage, row: Row, ratio: float, computed: int, currency: str) -> Finding:
    today = clock.today(ledger_settings().timezone)
    week = today - timedelta(days=today.weekday())
    times = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
    return Finding(
        kind=Kind.COST,
        subject=f"{source.source_id}:{row.keys[0]}:{row.keys[1]}:{week}"[:200],
        severity=Severity.BAD,
        title=f"{row.labels[1]}: reported cost is {times} times what its tokens cost",
        detail=f"{source.name} reports {fmt.money(row.cost_nanos, currency, 'cents')} for "
        f"{fmt.tokens(row.tokens.total)} tokens of {COST_DAYS} days; at the price book they cost "
        f"{fmt.money(computed, currency, 'cents')}. Cents taken for units, or another model?",
        since=today - timedelta(days=COST_DAYS),
        source_id=source.source_id,
    )


@register_detector
def partitions() -> Iterator[Finding]:
    """Months that records need soon and that have no partition."""
    for month in missing_partitions(AHEAD):
        yield Finding(
            kind=Kind.PARTITION,
            subject=str(month),
            severity=Severity.BAD,
            title=f"{month:%B %Y} has no partition",
            detail="Usage of this month is taken only if the partition can be made then. An "
            "operator runs “manage.py ledger_partitions”; the nightly task should have made it.",
            since=clock.today(),
        )
