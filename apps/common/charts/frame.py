"""The figure around a plot: caption, legend, axes, description and the data as a table."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from apps.common.charts.svg import Number, Scale, esc, num

Format = Callable[[Number], str]
DASH = "–"
CROSSHAIR = '<line class="xh" x1="-9" x2="-9" y1="0" y2="100%"/>'


@dataclass(frozen=True, slots=True)
class Series:
    """One coloured series. `tone` is s1 to s6; None in `values` is missing, not 0."""

    label: str
    tone: str
    values: Sequence[Number | None] = field(default_factory=tuple)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A data table whose first column names the row."""
    cells = "".join(
        f'<th scope="col"{"" if i == 0 else " class=" + chr(34) + "num" + chr(34)}>{esc(c)}</th>'
        for i, c in enumerate(head)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{esc(c)}</th>' if i == 0 else f'<td class="num">{esc(c)}</td>'
            for i, c in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="t"><caption class="vh">{esc(caption)}</caption>'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    )


def key(items: Sequence[tuple[str, str]]) -> str:
    """Legend entries: (class, label)."""
    return "".join(f'<span class="k {css}">{esc(label)}</span>' for css, label in items)


def y_labels(scale: Scale, axis: Format) -> str:
    return "".join(
        f'<text x="100%" y="{num(scale.y(t))}%" dy=".32em" text-anchor="end">{esc(axis(t))}</text>'
        for t in scale.ticks
    )


def grid(scale: Scale) -> str:
    return "".join(
        f'<line class="g{" z" if abs(t) < 1e-9 else ""}" x1="0" x2="100%" '
        f'y1="{num(scale.y(t))}%" y2="{num(scale.y(t))}%"/>'
        for t in scale.ticks
    )


MOST_LABELS = 16


PIN = 6.5
"""A pin's width in percent of a narrow plot: pins that would meet stand below one another."""


def marked(notes: Sequence[tuple[float, str]]) -> str:
    """Notes at positions in percent, in order: a line and a numbered pin. `told` has the words."""
    drawn: list[str] = []
    ends: list[float] = []
    for number, (x, _) in enumerate(notes, 1):
        row = next((n for n, end in enumerate(ends) if end <= x), len(ends))
        ends[row : row + 1] = [x + PIN]
        y = 8 + 18 * row
        drawn.append(
            f'<line class="note" x1="{num(x)}%" x2="{num(x)}%" y1="0" y2="100%"/>'
            f'<circle class="pin" cx="{num(x)}%" cy="{y}" r="8"/>'
            f'<text class="pin" x="{num(x)}%" y="{y}" dy=".35em" text-anchor="middle">'
            f"{number}</text>"
        )
    return "".join(drawn)


def told(notes: Sequence[tuple[int, str]], labels: Sequence[str]) -> str:
    """The words of the pins, in their order, each with the place on the axis."""
    if not notes:
        return ""
    items = "".join(f"<li><b>{esc(labels[at])}</b> {esc(label)}</li>" for at, label in notes)
    return f'<ol class="cnotes">{items}</ol>'


def label_step(count: int, most: int = MOST_LABELS) -> int:
    """Every how many-th label is shown."""
    return max(1, -(-count // most))


def x_labels(ticks: Sequence[str], *, band: bool, most: int = MOST_LABELS) -> str:
    """Labels under the plot, thinned to `most`; on a narrow plot every second one is hidden."""
    count = len(ticks)
    if not count:
        return ""
    every = label_step(count, most)
    out = []
    for shown, index in enumerate(range(0, count, every)):
        if band or count == 1:
            x, anchor = (index + 0.5) / count * 100, "middle"
        else:
            x = index / (count - 1) * 100
            anchor = "start" if index == 0 else "end" if index == count - 1 else "middle"
        css = "b" if shown % 2 == 0 else "a"
        out.append(
            f'<text x="{num(x)}%" y="14" text-anchor="{anchor}" class="{css}">'
            f"{esc(ticks[index])}</text>"
        )
    return "".join(out)


def stretched(inner: str) -> str:
    """A 100 × 100 drawing stretched over the plot; strokes keep their width."""
    return (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%" '
        f'overflow="visible">{inner}</svg>'
    )


def figure(
    *,
    title: str,
    summary: str,
    plot: str,
    data: str,
    y_axis: str = "",
    x_axis: str = "",
    legend: str = "",
    points: int = 0,
    kind: str = "",
    size: str = "",
    slots: str = "band",
    notes: str = "",
) -> SafeString:
    """The whole figure. `summary` states the finding in a sentence; `data` is a `table(...)`.

    `slots` tells the read-out where the points are: `band` (bars) or `point` (lines).
    """
    digest = hashlib.sha256(f"{kind}|{title}|{summary}|{data}".encode()).hexdigest()[:10]
    ident = f"c{digest}"
    css = " ".join(part for part in ("chart", kind, size) if part)
    head = f'<div class="legend">{legend}</div>' if legend else ""
    return SafeString(
        f'<figure class="{css}" data-chart="{slots}" data-n="{points}">'
        f'<figcaption class="vh" id="{ident}t">{esc(title)}</figcaption>{head}'
        f'<div class="cg"><svg class="cy" aria-hidden="true">{y_axis}</svg>'
        f'<div class="cpw"><svg class="cp" role="img" aria-labelledby="{ident}t {ident}d">'
        f'<desc id="{ident}d">{esc(summary)}</desc>{plot}</svg></div>'
        f'<svg class="cx" aria-hidden="true">{x_axis}</svg></div>{notes}'
        '<details class="cdata"><summary>View data as a table</summary>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(title)}: data">'
        f"{data}</div></details></figure>"
    )
