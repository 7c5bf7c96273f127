"""The guardrail dial: a half circle whose needle follows the chosen radio button, by CSS alone."""

import math
from collections.abc import Sequence

from django.utils.safestring import SafeString

from apps.common.charts.svg import esc, num

_CENTRE = (140, 132)
_RADIUS = 104


def _point(angle: float, radius: float) -> tuple[float, float]:
    turn = math.radians(180 - angle)
    return _CENTRE[0] + radius * math.cos(turn), _CENTRE[1] - radius * math.sin(turn)


def dial(levels: Sequence[str]) -> SafeString:
    """One arc per level, numbered from 0. Decoration: the radio buttons say the same in words."""
    step = 180 / len(levels)
    out = []
    for index, name in enumerate(levels):
        (x0, y0), (x1, y1) = (
            _point(index * step + 1.6, _RADIUS),
            _point((index + 1) * step - 1.6, _RADIUS),
        )
        tx, ty = _point((index + 0.5) * step, _RADIUS + 19)
        out.append(
            f'<path class="arc l{index}" d="M{num(x0)} {num(y0)}A{_RADIUS} {_RADIUS} 0 0 1 '
            f'{num(x1)} {num(y1)}"><title>{esc(name)}</title></path>'
            f'<text class="al l{index}" x="{num(tx)}" y="{num(ty)}" dy=".35em" '
            f'text-anchor="middle">{index}</text>'
        )
    cx, cy = _CENTRE
    out.append(
        f'<g class="needle"><path d="M{cx} {cy - 5}L{cx - 86} {cy}L{cx} {cy + 5}Z"/></g>'
        f'<circle class="hub" cx="{cx}" cy="{cy}" r="11"/>'
        f'<circle class="hub2" cx="{cx}" cy="{cy}" r="4"/>'
    )
    return SafeString(
        f'<svg class="dialsvg" viewBox="0 -8 280 158" aria-hidden="true">{"".join(out)}</svg>'
    )
