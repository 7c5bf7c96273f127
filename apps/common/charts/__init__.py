"""Charts as SVG, drawn by the server.

No style attribute, no script: colours come from classes (s1 to s6, ok, warn, bad), positions are
percentages, so that text never scales. Every figure carries its data as a table: the alternative
for assistive technology and the only source of the read-out. One chart costs a few milliseconds.
"""

from apps.common.charts.bars import stacked_bars
from apps.common.charts.burndown import burndown
from apps.common.charts.drivers import Step, dumbbell, waterfall
from apps.common.charts.frame import Series, figure, label_step
from apps.common.charts.lines import growth, lines
from apps.common.charts.marks import bullet, meter, range_bar, sparkline
from apps.common.charts.shares import shares

__all__ = [
    "Series",
    "Step",
    "bullet",
    "burndown",
    "dumbbell",
    "figure",
    "growth",
    "label_step",
    "lines",
    "meter",
    "range_bar",
    "shares",
    "sparkline",
    "stacked_bars",
    "waterfall",
]
