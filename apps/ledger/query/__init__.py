"""**The** query service: every chart, table, export, budget, alert and audit reads here."""

from apps.ledger.query import labels
from apps.ledger.query.change import Change, compare, why
from apps.ledger.query.limit import TooSlow, time_limit
from apps.ledger.query.people import People, Use, counting_sources, people
from apps.ledger.query.plan import period_of
from apps.ledger.query.reported import Reported
from apps.ledger.query.service import (
    Costs,
    costs,
    costs_by,
    crossed,
    keyed,
    over_time,
    run,
    shares,
    side_by_side,
    side_by_side_by,
    values,
)
from apps.ledger.query.types import (
    AXES,
    GROUPINGS,
    NOT_COUNTED,
    PARTLY_COUNTED,
    Grain,
    Query,
    Result,
    Row,
)
from apps.ledger.query.used import used
from apps.ledger.selectors.coverage import Coverage, SourceCoverage

__all__ = [
    "AXES",
    "GROUPINGS",
    "NOT_COUNTED",
    "PARTLY_COUNTED",
    "Change",
    "Costs",
    "Coverage",
    "Grain",
    "People",
    "Query",
    "Reported",
    "Result",
    "Row",
    "SourceCoverage",
    "TooSlow",
    "Use",
    "compare",
    "costs",
    "costs_by",
    "counting_sources",
    "crossed",
    "keyed",
    "labels",
    "over_time",
    "people",
    "period_of",
    "run",
    "shares",
    "side_by_side",
    "side_by_side_by",
    "time_limit",
    "used",
    "values",
    "why",
]
