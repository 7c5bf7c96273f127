"""The tables of Trends: a few rows for people, and all of them exactly for their files. Here those
of growth and variability, and what all have in common."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.common import charts, fmt
from apps.common.money import from_nanos
from apps.common.templatetags.ui import chip, chip_delta
from apps.ledger.rules.trends import rounded
from apps.portal.rules.spans import Stretch
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors.trends import DaysLine, GrowthLine
from apps.portal.web.trends_state import MEASURE_LABELS, State

MOST_ROWS = 8
WORD_TONES = {"steady": "ok", "variable": "", "erratic": "warn"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the page's table."""

    label: str
    css: str = "num"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One section's table: `rows` for the page, `lines()` for the file."""

    key: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    head: Sequence[str]
    lines: Callable[[], Iterable[Sequence[Any]]] = field(repr=False)
    hidden: int = 0

    @property
    def cells(self) -> list[list[tuple[Column, Any]]]:
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


def amount(nanos: int | None) -> Decimal | None:
    return None if nanos is None else from_nanos(nanos)


def period_text(period: Stretch, grain: str) -> str:
    if grain == "month":
        return f"{period.start:%B %Y}"
    if grain == "quarter":
        return f"Q{(period.start.month + 2) // 3} {period.start.year}"
    return fmt.day_range(period.start, period.end)


def shown(value: int | None, state: State) -> str:
    """A value of the measure that is shown."""
    if state.measure == "cost":
        return fmt.money(value, state.currency, "exact")
    return fmt.tokens(value) if state.measure == "tokens" else fmt.count(value)


def _filed(value: int | None, state: State) -> Any:
    return amount(value) if state.measure == "cost" else value


def _unit(state: State) -> str:
    label = MEASURE_LABELS[state.measure]
    return f"{label} ({state.currency})" if state.measure == "cost" else label


def growth_sheet(lines: Sequence[GrowthLine], state: State) -> Sheet:
    """Each group by period, its last growth, its pace and when it doubles."""
    grain, name = state.span.grain, AXIS_LABELS[state.by]
    titles = [period_text(period, grain) for period in state.span.periods]

    def row(line: GrowthLine) -> list[Any]:
        growth = line.growth
        last: Any = fmt.DASH if growth.last is None else chip_delta(float(growth.last), "none", 0)
        return [
            line.group.label,
            charts.sparkline(line.sums, label=f"{MEASURE_LABELS[state.measure]} per {grain}"),
            shown(line.sums[-1] if line.sums else None, state),
            "new" if line.is_new else last,
            fmt.DASH if growth.compound is None else fmt.delta(growth.compound, 1),
            doubling_text(growth.doubling, grain),
        ]

    def filed() -> Iterable[list[Any]]:
        for line in lines:
            growth = line.growth
            yield [
                line.group.label,
                line.group.key,
                *(_filed(total, state) for total in line.sums),
                rounded(growth.last),
                growth.compound,
                growth.doubling,
            ]

    return Sheet(
        "growth",
        f"Growth by {name.lower()}",
        [
            Column(name, ""),
            Column(f"Per {grain}", "nop"),
            Column(titles[-1] if titles else f"Last {grain}", "num b6"),
            Column("Change"),
            Column(f"A {grain}, on average"),
            Column("Doubles in"),
        ],
        [row(line) for line in lines[:MOST_ROWS]],
        [
            name,
            f"{name} (id)",
            *(f"{title}: {_unit(state)}" for title in titles),
            "Growth of the average day",
            f"Compound growth per {grain}",
            f"Doubling time ({grain}s)",
        ],
        filed,
        max(0, len(lines) - MOST_ROWS),
    )


def doubling_text(periods: Decimal | None, grain: str) -> str:
    if periods is None:
        return fmt.DASH
    if periods > 120:
        return f"over 120 {grain}s"
    return f"{periods:.1f} {grain}s".replace(".0 ", " ")


def variability_sheet(lines: Sequence[DaysLine], state: State) -> Sheet:
    """How the days of each group differ."""
    name = AXIS_LABELS[state.by]

    def row(line: DaysLine) -> list[Any]:
        found = line.found
        if found is None:
            return [line.group.label, *[fmt.DASH] * 4, "Too few days"]
        return [
            line.group.label,
            shown(found.p50, state),
            shown(found.p95, state),
            fmt.times(rounded(found.peak, 2) or 0) if found.peak is not None else fmt.DASH,
            f"{float(found.cv):.2f}" if found.cv is not None else fmt.DASH,
            chip(found.word.capitalize(), WORD_TONES[found.word]) if found.word else fmt.DASH,
        ]

    def filed() -> Iterable[list[Any]]:
        for line in lines:
            found = line.found
            figures = (
                [None] * 5
                if found is None
                else [
                    found.days,
                    _filed(found.p50, state),
                    _filed(found.p95, state),
                    rounded(found.peak),
                    rounded(found.cv, 4),
                ]
            )
            yield [line.group.label, line.group.key, *figures]

    return Sheet(
        "variability",
        f"Variability by {name.lower()}",
        [
            Column(name, ""),
            Column("Median day"),
            Column("95th percentile day"),
            Column("Peak by median"),
            Column("Variation"),
            Column("Days are", ""),
        ],
        [row(line) for line in lines[:MOST_ROWS]],
        [
            name,
            f"{name} (id)",
            "Days",
            f"Median day: {_unit(state)}",
            f"95th percentile day: {_unit(state)}",
            "95th percentile by median",
            "Coefficient of variation",
        ],
        filed,
        max(0, len(lines) - MOST_ROWS),
    )
