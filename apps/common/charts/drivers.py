"""Tables with a drawn column: what changed a total, and two figures held side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from apps.common import fmt
from apps.common.charts.frame import Format
from apps.common.charts.svg import Number, esc, num

_MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Step:
    """One driver: its effect on the total and why."""

    label: str
    value: Number
    hint: str = ""


def waterfall(steps: Sequence[Step], *, title: str, summary: str, cell: Format) -> SafeString:
    """One row per driver with a bar to either side of zero. Up and down are not good and bad."""
    largest = max((abs(step.value) for step in steps), default=0) * 1.02 or 1
    rows = []
    for step in steps:
        width = abs(step.value) / largest * 50
        x = 50 if step.value > 0 else 50 - width
        tone = "up" if step.value > 0 else "down"
        sign = "+" if step.value > 0 else _MINUS if step.value < 0 else ""
        hint = f"<small>{esc(step.hint)}</small>" if step.hint else ""
        rows.append(
            f'<tr><th scope="row">{esc(step.label)}{hint}</th>'
            '<td class="wfb"><svg class="wf" aria-hidden="true">'
            '<line class="ax" x1="50%" x2="50%" y1="0" y2="100%"/>'
            f'<rect class="{tone}" x="{num(x)}%" width="{num(width)}%" y="3" height="14" rx="2"/>'
            "</svg></td>"
            f'<td class="num {tone}">{sign}{esc(cell(abs(step.value)))}</td></tr>'
        )
    return SafeString(
        f'<table class="t drivers"><caption class="vh">{esc(title)}. {esc(summary)}</caption>'
        '<thead class="vh"><tr><th scope="col">Driver</th><th scope="col">Direction</th>'
        f'<th scope="col">Effect</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def dumbbell(
    rows: Sequence[tuple[str, Number | None, Number, str]],
    *,
    title: str,
    summary: str,
    cell: Format,
    head: str = "Category",
    declared_label: str = "Declared",
    measured_label: str = "Measured",
    minimum: Number = 0,
) -> SafeString:
    """Two figures per row and their gap: (label, declared or None, measured, note).

    Against less than `minimum` declared the gap says "new": a multiple of next to nothing is noise.
    """
    largest = max((max(d or 0, m) for _, d, m, _ in rows), default=0) * 1.1 or 1
    body = "".join(
        _pair(row, largest, cell, declared_label, measured_label, minimum) for row in rows
    )
    return SafeString(
        '<table class="t dumb cards" role="table">'
        f'<caption class="vh">{esc(title)}. {esc(summary)}</caption><thead role="rowgroup">'
        f'<tr role="row"><th role="columnheader" scope="col">{esc(head)}</th>'
        f'<th role="columnheader" scope="col" class="num">{esc(declared_label)}</th>'
        f'<th role="columnheader" scope="col" class="num">{esc(measured_label)}</th>'
        '<th role="columnheader" scope="col" class="dbc"><span class="vh">Gap, drawn</span></th>'
        '<th role="columnheader" scope="col" class="num">Gap</th></tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


def _pair(
    row: tuple[str, Number | None, Number, str],
    largest: Number,
    cell: Format,
    declared_label: str,
    measured_label: str,
    minimum: Number,
) -> str:
    label, declared, measured, note = row
    right = measured / largest * 100
    left = (declared or 0) / largest * 100
    over = measured / declared - 1 if declared else None
    tone = "bad" if over is None or over > 0.25 else "warn" if over > 0.05 else "ok"
    gap = "not declared"
    if over is not None:
        gap = fmt.delta(None if (declared or 0) < minimum else over, 0)
    ring = f'<circle class="dd" cx="{num(left)}%" cy="50%" r="5"/>' if declared else ""
    small = f"<small>{esc(note)}</small>" if note else ""
    return (
        f'<tr role="row"><th role="rowheader" scope="row">{esc(label)}{small}</th>'
        f'<td role="cell" class="num" data-l="{esc(declared_label)}">'
        f"{esc(cell(declared)) if declared else '–'}</td>"
        f'<td role="cell" class="num" data-l="{esc(measured_label)}">{esc(cell(measured))}</td>'
        '<td role="cell" class="dbc"><svg class="db" aria-hidden="true">'
        '<line class="tr" x1="0" x2="100%" y1="50%" y2="50%"/>'
        f'<line class="cn {tone}" x1="{num(min(left, right))}%" x2="{num(max(left, right))}%" '
        f'y1="50%" y2="50%"/>{ring}'
        f'<circle class="dm {tone}" cx="{num(right)}%" cy="50%" r="5.5"/></svg></td>'
        f'<td role="cell" class="num gap"><span class="chip {tone}">{esc(gap)}</span></td></tr>'
    )
