"""The filters of Inform and Explore."""

from datetime import date

from apps.common.web.filters import Control
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors.slices import Slice, choices


def control(axis: str, chosen: Slice, start: date, end: date) -> Control:
    """The filter of one axis, offering what was used in the days [start, end)."""
    value = list(chosen.chosen.get(axis, ()))
    return Control(
        "multi", axis, AXIS_LABELS[axis], value, tuple(choices(axis, chosen, start, end))
    )
