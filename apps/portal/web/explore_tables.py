"""Explore's chart, flat table and pivot from the ledger's rows."""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.ledger.query import Row
from apps.ledger.web.notes import chart_notes
from apps.portal.rules.pivot import Pivot, pivot, top
from apps.portal.rules.words import AXIS_LABELS, KINDS
from apps.portal.selectors.explore import Exploration, by_group
from apps.portal.web.explore_measures import Measure, per_run
from apps.portal.web.inform_charts import all_ticks, long_tick

MOST_SERIES = 5
MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class FlatRow:
    """One group with every measure side by side."""

    key: str | None
    label: str
    row: Row
    per_million: int | None
    share: float | None
    change: float | None
    per_run: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Either flat rows, or a pivot when there are two groupings."""

    head: str
    flat: list[FlatRow]
    hidden: int
    pivot: Pivot | None = None
    second: str = ""
    compare: bool = False
    cells: list[list[str]] | None = None
    totals: list[str] | None = None


def headline(found: Exploration, measure: Measure) -> str:
    """The total and the largest group, in a sentence."""
    currency = found.totals.currency
    total = measure.read(found.totals.total)
    if not found.has_use:
        return "No use matches"
    if found.change is not None and measure.adds:
        return _compared(found, measure)
    text = f"{measure.label}: {_text(measure, found.totals.total, currency)}"
    if not measure.adds or not total:
        return text
    keys, _ = top(found.totals.rows, _first, lambda row: measure.read(row) or 0, 1)
    part = sum(measure.read(row) or 0 for row in found.totals.rows if row.keys[0] == keys[0])
    label = next(row.labels[0] for row in found.totals.rows if row.keys[0] == keys[0])
    return f"{text}, {fmt.pct(part / total)} of it {label}"


def _text(measure: Measure, row: Row, currency: str) -> str:
    """A value as it is read; "at least" where it is that of some sources only."""
    value = measure.read(row)
    if value is None:
        return fmt.DASH
    said = measure.cell(value, currency)
    return f"at least {said}" if measure.bound and row.is_partial else said


def _compared(found: Exploration, measure: Measure) -> str:
    """The complete days against the days they are compared with."""
    currency = found.totals.currency
    read = [[measure.read(row) for row in side.values()] for side in (found.again, found.before)]
    if any(side and all(value is None for value in side) for side in read):
        return f"{measure.label}: not counted by the sources"
    sides = [sum(value or 0 for value in side) for side in read]
    now, before = (measure.cell(value, currency) for value in sides)
    days = f", {found.window.compared_text}" if found.window.has_open_days else ""
    ratio = fmt.change(*sides)
    if ratio is None or abs(ratio) < 0.0005:
        return f"{measure.label}{days}: {now}, after {before} in {found.window.before_text}"
    word = "above" if ratio > 0 else "below"
    size = fmt.delta(abs(ratio)).lstrip("+")
    return f"{measure.label}{days}: {now}, {size} {word} {found.window.before_text}"


def _first(row: Row) -> str | None:
    return row.keys[0]


def chart(found: Exploration, measure: Measure) -> SafeString:
    """Bars that stack where values add up, lines where they do not."""
    groups = by_group(found.timed.rows)
    labels = {row.keys[0]: row.labels[0] for row in found.timed.rows}
    drawn_rows = [row for row in found.timed.rows if not measure.runs or row.runs]
    named, rest = top(drawn_rows, _first, lambda row: measure.read(row) or 0, MOST_SERIES)
    tones = {key: f"s{index}" for index, key in enumerate(named, start=1)}
    if found.group[0] == "kind":
        tones |= {key: tone for key, _, tone in KINDS if key in tones}

    def values(keys: list[str | None]) -> list[int | None]:
        found_values = []
        for period in found.periods:
            read = [measure.read(groups[key][period]) for key in keys if period in groups[key]]
            present = [value for value in read if value is not None]
            empty = 0 if measure.adds and not read else None
            found_values.append(sum(present) if present else empty)
        return found_values

    series = [charts.Series(labels[key], tones[key], values([key])) for key in named]
    if rest and measure.adds:
        name = labels[rest[0]] if len(rest) == 1 else f"{len(rest)} others"
        series.append(charts.Series(name, "s7", values(list(rest))))
    currency = found.totals.currency
    ticks = all_ticks(found.periods, found.grain)
    axis = AXIS_LABELS[found.group[0]].lower()
    title = f"{measure.label} per {found.grain} by {axis}, {found.window.text}"
    drawn: dict[str, Any] = {
        "title": title,
        "summary": headline(found, measure) + ".",
        "axis": lambda value: measure.axis(value, currency),
        "cell": lambda value: measure.cell(value, currency),
        "labels": [long_tick(period, found.grain) for period in found.periods],
        "head": found.grain.capitalize(),
        "size": "lg",
        "notes": chart_notes(found.marks, found.periods, found.grain),
    }
    if measure.adds:
        return charts.stacked_bars(ticks, series, **drawn)
    return charts.lines(ticks, series, **drawn)


def table(found: Exploration, measure: Measure) -> Table:
    """The rows under the chart."""
    head = AXIS_LABELS[found.group[0]]
    if len(found.group) == 2 and measure.adds:
        return _pivot(found, measure, head)
    if len(found.group) == 2:
        rows = [(" · ".join(row.labels), row) for row in found.totals.rows]
    else:
        rows = [(row.labels[0], row) for row in found.totals.rows]
    if measure.runs:
        rows = [pair for pair in rows if pair[1].runs]
    rows.sort(key=lambda pair: -(measure.read(pair[1]) or 0))
    total = measure.read(found.totals.total)
    flat = [
        FlatRow(
            key=row.keys[0],
            label=label,
            row=row,
            per_million=fmt.per_million(row.cost_nanos, row.tokens.total - row.unpriced_tokens),
            share=(measure.read(row) or 0) / total if measure.adds and total else None,
            change=_change(found, measure, row),
            per_run=per_run(row),
        )
        for label, row in rows[:MOST_ROWS]
    ]
    return Table(
        head=head,
        flat=flat,
        hidden=max(0, len(rows) - MOST_ROWS),
        compare=found.change is not None and len(found.group) == 1,
    )


def _change(found: Exploration, measure: Measure, row: Row) -> float | None:
    earlier, now = found.before.get(row.keys[0]), found.again.get(row.keys[0])
    if earlier is None or now is None:
        return None
    return fmt.change(measure.read(now), measure.read(earlier))


def _pivot(found: Exploration, measure: Measure, head: str) -> Table:
    cells: list[Any] = [(row.keys, row.labels, measure.read(row)) for row in found.totals.rows]
    done = pivot(cells, most_rows=MOST_ROWS)
    currency = found.totals.currency

    def text(value: int | None) -> str:
        return fmt.DASH if value is None else measure.cell(value, currency)

    return Table(
        head=head,
        flat=[],
        hidden=done.hidden_rows,
        pivot=done,
        second=AXIS_LABELS[found.group[1]],
        cells=[[row.label, *map(text, row.cells), text(row.total)] for row in done.rows],
        totals=[*map(text, done.totals), text(done.total)],
    )
