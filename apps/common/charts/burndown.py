"""What is left of a budget: measured to today, then the forecast with its cone if there is one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from apps.common.charts.frame import (
    CROSSHAIR,
    DASH,
    Format,
    figure,
    grid,
    key,
    stretched,
    table,
    x_labels,
    y_labels,
)
from apps.common.charts.svg import Number, Scale, esc, num, path


@dataclass(frozen=True, slots=True)
class Cone:
    """Remaining budget from today to the end: light use (P10), likely (P50), heavy use (P90)."""

    light: Sequence[Number] = field(default_factory=tuple)
    likely: Sequence[Number] = field(default_factory=tuple)
    heavy: Sequence[Number] = field(default_factory=tuple)


def _scale(budget: Number, lowest: Number) -> Scale:
    """Quarters of the budget upwards, and as many below zero as the heaviest case needs."""
    quarter = max(budget, 1) / 4
    below = max(1, math.ceil(-lowest / quarter)) if lowest < 0 else 0
    low = -quarter * below
    return Scale(low, quarter * 4, tuple(low + quarter * i for i in range(below + 5)))


def burndown(
    ticks: Sequence[str],
    remaining: Sequence[Number],
    *,
    budget: Number,
    title: str,
    summary: str,
    axis: Format,
    cell: Format | None = None,
    labels: Sequence[str] = (),
    cone: Cone | None = None,
    steps: Sequence[tuple[Number, str]] = (),
) -> SafeString:
    """`remaining` runs from the first day to today; `ticks` to the end of the period.

    `steps` are threshold lines (amount left, label). Without `cone` nothing is forecast.
    """
    cell = cell or axis
    labels = labels or ticks
    count = len(ticks)
    today = len(remaining) - 1
    ahead = cone or Cone()
    scale = _scale(budget, min([*remaining, *ahead.heavy, 0]))

    def x(index: int) -> float:
        return 50.0 if count == 1 else index / (count - 1) * 100

    def line(values: Sequence[Number], start: int = 0) -> list[tuple[float, float]]:
        return [(x(start + i), scale.y(v)) for i, v in enumerate(values)]

    zero = scale.y(0)
    plot = []
    if scale.low < 0:
        plot.append(
            f'<rect class="overzone" x="0" width="100%" y="{num(zero)}%" '
            f'height="{num(100 - zero)}%"/>'
        )
    plot.append(grid(scale))
    for amount, label in steps:
        y = num(scale.y(amount))
        plot.append(
            f'<line class="step" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
            f'<text class="sl" x="0" dx="6" dy="-5" y="{y}%">{esc(label)}</text>'
        )
    drawn = [f'<path class="ideal" d="{path([(0, scale.y(budget)), (100, zero)])}"/>']
    legend = [("s1 line", "Remaining budget"), ("idealk", "Even spend")]
    points = line(remaining)
    if points:
        area = f"{path(points)}L{num(points[-1][0])} {num(zero)}L0 {num(zero)}Z"
        drawn.insert(0, f'<path class="area" d="{area}"/>')
    if ahead.likely:
        shape = path([*line(ahead.light, today), *reversed(line(ahead.heavy, today))]) + "Z"
        drawn.append(f'<path class="cone" d="{shape}"/>')
        drawn.append(f'<path class="ln fcl" d="{path(line(ahead.likely, today))}"/>')
        legend += [("fclk", "Forecast (likely)"), ("conek", "Forecast range P10 to P90")]
    if len(points) > 1:
        drawn.append(f'<path class="ln s1" d="{path(points)}"/>')
    plot.append(stretched("".join(drawn)))
    if points:
        at_x, at_y = points[-1]
        side, dx = ("start", 6) if at_x < 80 else ("end", -6)
        plot.append(
            f'<line class="today" x1="{num(at_x)}%" x2="{num(at_x)}%" y1="0" y2="100%"/>'
            f'<text class="nl" x="{num(at_x)}%" y="0" dx="{dx}" dy=".9em" text-anchor="{side}">'
            "Today</text>"
            f'<circle class="pt s1" cx="{num(at_x)}%" cy="{num(at_y)}%" r="4"/>'
        )
    plot.append(_run_out(remaining, ahead, labels, x, zero))
    plot.append(CROSSHAIR)
    return figure(
        title=title,
        summary=summary,
        y_axis=y_labels(scale, axis),
        x_axis=x_labels(ticks, band=False, most=8),
        plot="".join(plot),
        legend=key(legend),
        data=_data(title, labels, remaining, ahead, cell),
        points=count,
        kind="burn",
        size="lg",
        slots="point",
    )


def _run_out(
    remaining: Sequence[Number],
    ahead: Cone,
    labels: Sequence[str],
    x: Callable[[int], float],
    zero: float,
) -> str:
    """The first day on which nothing is left, measured or likely."""
    measured = next((i for i, v in enumerate(remaining) if v <= 0), None)
    forecast = next((i for i, v in enumerate(ahead.likely) if v <= 0), None)
    if measured is not None:
        index, word = measured, "Ran out"
    elif forecast is not None:
        index, word = len(remaining) - 1 + forecast, "Runs out"
    else:
        return ""
    at = x(index)
    side, dx = ("end", -8) if at > 40 else ("start", 8)
    return (
        f'<circle class="pt bad" cx="{num(at)}%" cy="{num(zero)}%" r="4.5"/>'
        f'<text class="exl" x="{num(at)}%" y="{num(zero)}%" dx="{dx}" dy="-9" text-anchor="{side}">'
        f"{word} {esc(labels[index])}</text>"
    )


def _data(
    title: str, labels: Sequence[str], remaining: Sequence[Number], ahead: Cone, cell: Format
) -> str:
    today = len(remaining) - 1
    head = ["Day", "Remaining"]
    if ahead.likely:
        head += ["Light use (P10)", "Heavy use (P90)"]
    rows = []
    for index, label in enumerate(labels):
        after = index - today
        if index <= today:
            row = [label, cell(remaining[index]), DASH, DASH]
        elif after < len(ahead.likely):
            row = [
                label,
                f"{cell(ahead.likely[after])} likely",
                cell(ahead.light[after]),
                cell(ahead.heavy[after]),
            ]
        else:
            row = [label, DASH, DASH, DASH]
        rows.append(row[: len(head)])
    return table(head, rows, title)
