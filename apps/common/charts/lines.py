"""Lines over time: figures that do not add up (prices, rates), and a range around a likely line."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from apps.common.charts.frame import (
    CROSSHAIR,
    DASH,
    Format,
    Series,
    figure,
    grid,
    key,
    marked,
    stretched,
    table,
    told,
    x_labels,
    y_labels,
)
from apps.common.charts.svg import Number, esc, nice, num, path, runs


def _x(index: int, count: int) -> float:
    return 50.0 if count == 1 else index / (count - 1) * 100


def lines(
    ticks: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    summary: str,
    axis: Format,
    cell: Format | None = None,
    labels: Sequence[str] = (),
    head: str = "Day",
    size: str = "",
    notes: Sequence[tuple[int, str]] = (),
) -> SafeString:
    """One line per series; a missing value interrupts the line. `notes` name a point."""
    cell = cell or axis
    labels = labels or ticks
    count = len(ticks)
    present = [v for s in series for v in s.values if v is not None]
    scale = nice(0, (max(present, default=0) or 1) * 1.04, 5)
    drawn, dots = [], []
    for s in series:
        for run in runs(s.values):
            points = [(_x(i, count), scale.y(s.values[i] or 0)) for i in run]
            if len(points) == 1:
                x, y = points[0]
                dots.append(f'<circle class="pt {s.tone}" cx="{num(x)}%" cy="{num(y)}%" r="3"/>')
            else:
                drawn.append(f'<path class="ln {s.tone}" d="{path(points)}"/>')
    rows = [
        [label, *[DASH if (v := s.values[i]) is None else cell(v) for s in series]]
        for i, label in enumerate(labels)
    ]
    return figure(
        title=title,
        summary=summary,
        y_axis=y_labels(scale, axis),
        x_axis=x_labels(ticks, band=False),
        plot=grid(scale)
        + stretched("".join(drawn))
        + "".join(dots)
        + marked([(_x(index, count), label) for index, label in notes])
        + CROSSHAIR,
        legend=key([(f"{s.tone} line", s.label) for s in series]),
        data=table([head, *[s.label for s in series]], rows, title),
        points=count,
        kind="lines",
        size=size,
        slots="point",
        notes=told(notes, labels),
    )


def growth(
    ticks: Sequence[str],
    likely: Sequence[Number],
    low: Sequence[Number],
    high: Sequence[Number],
    *,
    title: str,
    summary: str,
    axis: Format,
    cell: Format | None = None,
    cap: Number | None = None,
    cap_label: str = "Requested cap",
    labels: Sequence[str] = (),
    head: str = "Month",
) -> SafeString:
    """A likely line inside its P10 to P90 band, against a cap."""
    cell = cell or axis
    labels = labels or ticks
    count = len(ticks)
    scale = nice(0, max([*high, cap or 0, 1]) * 1.03, 3)
    upper = [(_x(i, count), scale.y(v)) for i, v in enumerate(high)]
    lower = [(_x(i, count), scale.y(v)) for i, v in enumerate(low)]
    middle = [(_x(i, count), scale.y(v)) for i, v in enumerate(likely)]
    band = path([*upper, *reversed(lower)]) + "Z"
    plot = grid(scale) + stretched(
        f'<path class="band" d="{band}"/><path class="ln s1" d="{path(middle)}"/>'
    )
    if cap is not None:
        y = num(scale.y(cap))
        plot += (
            f'<line class="ref" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
            f'<text class="rl" x="0" dx="4" y="{y}%" dy="-5">'
            f"{esc(cap_label)} {esc(cell(cap))}</text>"
        )
    x, y_end = middle[-1]
    plot += f'<circle class="pt s1" cx="{num(x)}%" cy="{num(y_end)}%" r="3.5"/>{CROSSHAIR}'
    rows = [[label, cell(low[i]), cell(likely[i]), cell(high[i])] for i, label in enumerate(labels)]
    return figure(
        title=title,
        summary=summary,
        y_axis=y_labels(scale, axis),
        x_axis=x_labels(ticks, band=False, most=6),
        plot=plot,
        data=table([head, "Low (P10)", "Likely (P50)", "High (P90)"], rows, title),
        points=count,
        kind="grow",
        size="sm",
        slots="point",
    )
