"""The filters of Inform and Explore."""

from collections.abc import Sequence
from datetime import date

from apps.common.web.filters import Control
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors.slices import Slice, choices

PEOPLE_HIDDEN = "You may not see the people behind usage: the filter by user was left out."


def controls(axes: Sequence[str], chosen: Slice, start: date, end: date) -> list[Control]:
    """The filters of some axes, offering what was used in the days [start, end).

    Of people there is none for those who may not see them."""
    offered = choices(axes, chosen, start, end)
    axes = [axis for axis in axes if axis in offered]
    return [
        Control(
            "multi",
            axis,
            AXIS_LABELS[axis],
            list(chosen.chosen.get(axis, ())),
            tuple(offered[axis]),
        )
        for axis in axes
    ]
