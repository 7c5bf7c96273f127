"""The overview's figures as charts and tables of marks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.ledger.query import Row
from apps.ledger.web import why
from apps.ledger.web.notes import chart_notes
from apps.portal.rules.words import AXIS_LABELS, KINDS, TOKEN_KINDS
from apps.portal.selectors.inform import Overview
from apps.portal.web import inform_text

MOST_SERIES = 5
Value = Callable[[Row], int]


@dataclass(frozen=True, slots=True)
class Measure:
    """What the bars show: how to read it from a row and how to write it."""

    key: str
    label: str
    read: Value
    axis: Callable[[int | float, str], str]
    cell: Callable[[int | float, str], str]


MEASURES: dict[str, Measure] = {
    "cost": Measure(
        "cost",
        "Cost",
        lambda row: row.cost_nanos or 0,
        fmt.axis_money,
        lambda value, currency: fmt.money(int(value), currency, "exact"),
    ),
    "tokens": Measure(
        "tokens",
        "Tokens",
        lambda row: row.tokens.total,
        lambda value, _: fmt.axis_tokens(value),
        lambda value, _: fmt.tokens(int(value)),
    ),
    "requests": Measure(
        "requests",
        "Requests",
        lambda row: row.requests,
        lambda value, _: fmt.axis_tokens(value),
        lambda value, _: fmt.count(int(value)),
    ),
}


def bars(view: Overview, by: str, measure: Measure) -> SafeString:
    """Stacked bars per period; the largest groups, then all others together."""
    series = _series(view, by, measure.read)
    currency = view.settings.currency
    ticks = all_ticks(view.periods, view.grain)
    total = sum(sum(v or 0 for v in s.values) for s in series)
    largest = max(series, key=lambda s: sum(v or 0 for v in s.values), default=None)
    summary = "No use in this period."
    if largest is not None and total:
        part = sum(v or 0 for v in largest.values) / total
        summary = (
            f"{measure.cell(total, currency)} in {view.window.text}; "
            f"{largest.label} is {fmt.pct(part)} of it."
        )
    return charts.stacked_bars(
        ticks,
        series,
        title=f"{measure.label} per {view.grain} by {AXIS_LABELS[by].lower()}, {view.window.text}",
        summary=summary,
        axis=lambda value: measure.axis(value, currency),
        cell=lambda value: measure.cell(value, currency),
        labels=[long_tick(period, view.grain) for period in view.periods],
        head=view.grain.capitalize(),
        gaps=_gaps(view),
        notes=chart_notes(view.price_events, view.periods, view.grain),
    )


def _series(view: Overview, by: str, read: Value) -> list[charts.Series]:
    def values(keys: list[str | None]) -> list[int]:
        return [
            sum(read(row) for key in keys if (row := _at(view.bars, key, period)))
            for period in view.periods
        ]

    if by == "kind":
        known = [(k, label, tone) for k, label, tone in KINDS if k in view.bars]
        return [charts.Series(label, tone, values([key])) for key, label, tone in known]
    ranked = sorted(view.bars, key=lambda key: -sum(read(row) for row in view.bars[key].values()))
    named = [key for key in ranked if key is not None][:MOST_SERIES]
    rest = [key for key in ranked if key is not None and key not in named]
    found = [
        charts.Series(view.bar_labels[key], f"s{index}", values([key]))
        for index, key in enumerate(named, start=1)
    ]
    if rest:
        name = view.bar_labels[rest[0]] if len(rest) == 1 else f"{len(rest)} others"
        found.append(charts.Series(name, "s6", values(list(rest))))
    if None in view.bars:
        found.append(charts.Series(view.bar_labels[None], "s7", values([None])))
    return found


def _at(
    bars: Mapping[str | None, Mapping[date | datetime, Row]],
    key: str | None,
    period: date | datetime,
) -> Row | None:
    return bars.get(key, {}).get(period)


def _gaps(view: Overview) -> dict[int, str]:
    """Days without any use that no source has called complete: unknown, not zero."""
    if view.grain != "day":
        return {}
    complete = view.coverage.complete_through
    zone = ZoneInfo(view.settings.timezone)
    until = complete.astimezone(zone).date() if complete else None
    return {
        index: "No data yet"
        for index, day in enumerate(view.periods)
        if (until is None or day >= until) and not any(day in found for found in view.bars.values())
    }


def all_ticks(periods: Sequence[date | datetime], grain: str) -> list[str]:
    """Short labels under the plot; of those that are shown, the first of a month names it."""
    every = charts.label_step(len(periods))
    found, month = [], 0
    for index, period in enumerate(periods):
        shown = index % every == 0
        found.append(_tick(period, grain, named=shown and period.month != month))
        month = period.month if shown else month
    return found


def _tick(period: date | datetime, grain: str, *, named: bool) -> str:
    if isinstance(period, datetime):
        return f"{period:%H:%M}"
    if grain == "month":
        return f"{period:%b}"
    if grain in {"quarter", "year"}:
        return f"{period:%b %y}"
    return f"{period.day} {period:%b}" if named or grain == "week" else str(period.day)


def long_tick(period: date | datetime, grain: str) -> str:
    if isinstance(period, datetime):
        return f"{fmt.day(period.date())}, {period:%H:%M}"
    if grain == "week":
        return f"Week of {fmt.day(period)}"
    if grain == "month":
        return f"{period:%B %Y}"
    return f"{period:%a} {fmt.day(period)}"


def drivers(view: Overview) -> SafeString | str:
    """The parts of the change; empty where nothing moved."""
    money = inform_text.money
    return why.table(
        view.drivers,
        view.settings.currency,
        f"{view.window.before_text} cost {money(view, view.before.cost_nanos)}, "
        f"the same days of this period {money(view, view.compared.cost_nanos)}.",
    )


def token_kinds(view: Overview) -> list[dict[str, object]]:
    """Each kind of token that occurs: count and share of all."""
    counts = view.total.tokens.as_dict()
    total = view.total.tokens.total or 1
    return [
        {"label": label, "count": counts[kind], "share": counts[kind] / total}
        for kind, label in TOKEN_KINDS.items()
        if counts[kind]
    ]
