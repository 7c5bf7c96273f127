"""The bill: usage × dated list price, less the committed-use discount, exact in Decimal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tokenops.simulator.company.types import Workload
from tokenops.simulator.engine import SEARCHES, UsageModel
from tokenops.simulator.rates import DISCOUNTS, KINDS, WEB_SEARCH_USD, rates_of

MILLION = Decimal(1_000_000)


@dataclass(slots=True)
class Line:
    """Quantity and dollars of one kind of one workload on one UTC day."""

    work: Workload
    kind: str
    quantity: int
    dollars: Decimal


def bill(
    model: UsageModel, day: date, now: datetime, keep: Callable[[Workload], bool]
) -> list[Line]:
    """Lines of one UTC day for the workloads that pass the filter."""
    totals = model.visible(day, now).sum(axis=0)
    lines: list[Line] = []
    for index, work in enumerate(model.workloads):
        if not keep(work):
            continue
        payable = 1 - DISCOUNTS[work.provider]
        price = rates_of(work, day)
        for column, kind in enumerate(KINDS):
            quantity = int(totals[index, column])
            if quantity:
                dollars = quantity * price[column] / MILLION * payable
                lines.append(Line(work, kind, quantity, dollars))
        searches = int(totals[index, SEARCHES])
        if searches:
            lines.append(Line(work, "searches", searches, searches * WEB_SEARCH_USD * payable))
    return lines
