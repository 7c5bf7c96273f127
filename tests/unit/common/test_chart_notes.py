"""Labels of notes on charts: in rows where they would meet."""

import re

from apps.common.charts.frame import marked


def rows(*notes):
    return re.findall(r'dy="([^"]+)em"', marked(notes))


def test_labels_that_would_meet_stand_in_rows_of_their_own():
    assert rows((5, "short"), (50, "short")) == [".9", ".9"]
    assert rows((5, "x" * 30), (20, "short"), (40, "short")) == [".9", "2.15", ".9"]
    # The last one is anchored at its end and reaches back over the first.
    assert rows((40, "x" * 30), (90, "x" * 40)) == [".9", "2.15"]


def test_words_are_escaped():
    assert "<b>" not in marked([(10, "<b>")])
