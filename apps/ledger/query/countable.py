"""The part of an answer whose sources count requests, beside the whole.

A provider's report may count tokens and no requests. Where only some sources of a group count
them their sum is a lower bound, and only their own tokens and cost may be divided by it.
"""

from apps.common.memo import kept
from apps.ledger.enums import Axis
from apps.ledger.models import MEASURES
from apps.ledger.query.people import counting_sources
from apps.ledger.query.plan import Plan, narrowed
from apps.ledger.query.read import Key, Measures, Period, Sum, read

WIDTH = len(MEASURES)
_NONE = (0,) * WIDTH


def with_countable(plan: Plan, found: list[Sum]) -> list[Sum]:
    """Each sum of every measure followed by the measures of its part that counts requests."""
    counting, silent = _sources(plan)
    if not silent:
        return [(period, keys, measures + measures) for period, keys, measures in found]
    part: dict[tuple[Period, tuple[Key, ...]], Measures] = {}
    if counting and Axis.SOURCE in plan.axes:
        place, told = plan.axes.index(Axis.SOURCE), set(counting)
        part = {(period, keys): sums for period, keys, sums in found if keys[place] in told}
    elif counting:
        one = narrowed(plan, Axis.SOURCE, counting)
        part = {(period, keys): sums for period, keys, sums in read(one)}
    return [
        (period, keys, measures + part.get((period, keys), _NONE))
        for period, keys, measures in found
    ]


def _sources(plan: Plan) -> tuple[list[str], list[str]]:
    days = (plan.query.start, plan.query.end)
    known = kept("counting sources")
    if days not in known:
        known[days] = counting_sources(plan.query)
    found: tuple[list[str], list[str]] = known[days]
    return found
