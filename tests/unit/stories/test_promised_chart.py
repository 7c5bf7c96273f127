"""The chart of a story: building and running are two lines, never joined."""

import re

from apps.common.periods import Month
from apps.stories.selectors.progress import MonthLine, Progress
from apps.stories.web.detail_tabs import promised_chart


def test_the_month_of_building_is_not_joined_to_those_of_running():
    lines = [
        MonthLine(Month(2026, 1), cost_p50=900, cost_p90=950, cost_nanos=880, phases=("testing",)),
        MonthLine(Month(2026, 2), cost_p50=10, cost_p90=14, cost_nanos=9, phases=("production",)),
        MonthLine(Month(2026, 3), cost_p50=10, cost_p90=14, cost_nanos=11, phases=("production",)),
    ]
    chart = str(promised_chart(Progress(None, lines), "USD"))
    assert "Estimated to build" in chart
    assert "Measured while building" in chart
    # Three lines of two months each, and the two amounts of building as points.
    assert len(re.findall(r'<path class="ln ', chart)) == 3
    assert len(re.findall(r'<circle class="pt ', chart)) == 2


def test_a_story_that_builds_nothing_has_no_line_for_it():
    lines = [MonthLine(Month(2026, n), cost_p50=n, phases=("production",)) for n in (1, 2)]
    assert "to build" not in str(promised_chart(Progress(None, lines), "USD"))
