"""Stacked bars over time: a total and its parts, per day, week or month."""

from collections.abc import Mapping, Sequence

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
    table,
    told,
    x_labels,
    y_labels,
)
from apps.common.charts.svg import Number, Scale, nice, num


def _column(index: int, width: float, parts: Sequence[tuple[str, Number]], scale: Scale) -> str:
    below: Number = 0
    rects = []
    x, w = num(index * width + width * 0.14), num(width * 0.72)
    for tone, value in parts:
        if value:
            top, bottom = scale.y(below + value), scale.y(below)
            rects.append(
                f'<rect class="{tone}" x="{x}%" width="{w}%" y="{num(top)}%" '
                f'height="{num(max(0, bottom - top))}%"/>'
            )
        below += value
    return f'<g class="col">{"".join(rects)}</g>'


def stacked_bars(
    ticks: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    summary: str,
    axis: Format,
    cell: Format | None = None,
    labels: Sequence[str] = (),
    head: str = "Day",
    forecast: Sequence[Number] = (),
    reference: tuple[Number, str] | None = None,
    notes: Sequence[tuple[int, str]] = (),
    gaps: Mapping[int, str] | None = None,
    size: str = "",
) -> SafeString:
    """Bars of `series` over `ticks`, then the forecast bars for the ticks that are left.

    `labels` are the long forms of the ticks for table and read-out. `gaps` maps an index to why
    nothing is known there: it is hatched and says so, never drawn as 0.
    """
    cell = cell or axis
    labels = labels or ticks
    gaps = gaps or {}
    actual = len(ticks) - len(forecast)
    totals = [sum(s.values[i] or 0 for s in series) for i in range(actual)]
    marks = [reference[0]] if reference else []
    scale = nice(0, max([*totals, *forecast, *marks, 0]) * 1.04 or 1, 5)
    width = 100 / max(1, len(ticks))

    plot = [grid(scale)]
    for index in range(actual):
        if index in gaps:
            plot.append(
                f'<rect class="gap" x="{num(index * width)}%" width="{num(width)}%" '
                'y="0" height="100%"/>'
            )
        plot.append(_column(index, width, [(s.tone, s.values[index] or 0) for s in series], scale))
    for offset, value in enumerate(forecast):
        x = (actual + offset) * width + width * 0.14
        plot.append(
            f'<rect class="fcb" x="{num(x)}%" width="{num(width * 0.72)}%" '
            f'y="{num(scale.y(value))}%" height="{num(100 - scale.y(value))}%"/>'
        )
    if reference:
        y = num(scale.y(reference[0]))
        plot.append(f'<line class="ref" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>')
    plot.append(marked([(index * width + width / 2, label) for index, label in notes]))
    plot.append(CROSSHAIR)

    legend = [(s.tone, s.label) for s in series]
    if forecast:
        legend.append(("fck", "Forecast"))
    if reference:
        legend.append(("refk", reference[1]))
    if gaps:
        legend.append(("gapk", "No data"))
    return figure(
        title=title,
        summary=summary,
        y_axis=y_labels(scale, axis),
        x_axis=x_labels(ticks, band=True),
        plot="".join(plot),
        legend=key(legend),
        data=_data(title, head, labels, series, totals, forecast, gaps, cell),
        points=len(ticks),
        kind="bars",
        size=size,
        notes=told(notes, labels),
    )


def _data(
    title: str,
    head: str,
    labels: Sequence[str],
    series: Sequence[Series],
    totals: Sequence[Number],
    forecast: Sequence[Number],
    gaps: Mapping[int, str],
    cell: Format,
) -> str:
    rows = []
    for index, label in enumerate(labels):
        if index >= len(totals):
            ahead = forecast[index - len(totals)]
            rows.append([label, *[DASH] * len(series), f"{cell(ahead)} forecast"])
            continue
        values = [DASH if (value := s.values[index]) is None else cell(value) for s in series]
        rows.append([label, *values, gaps.get(index) or cell(totals[index])])
    return table([head, *[s.label for s in series], "Total"], rows, title)
