"""Tables of the ledger, by job."""

from apps.ledger.models.dimensions import (
    AttributionSpan,
    DimensionSet,
    DimensionValue,
    PriceSnapshot,
)
from apps.ledger.models.intake import IngestBatch, SourceCoverage
from apps.ledger.models.jobs import Reattribution, RecostJob
from apps.ledger.models.measures import MEASURES
from apps.ledger.models.periods import AccountingPeriod, LedgerState
from apps.ledger.models.records import UsageAdjustment, UsageRecord, UsageRestatement
from apps.ledger.models.rollups import RollupAxis, RollupFine, RollupSlice
from apps.ledger.models.runs import (
    PART_COLUMNS,
    RUN_SUMS,
    RollupRun,
    RunBands,
    RunWord,
    UsageRun,
    UsageRunDetail,
)

__all__ = [
    "MEASURES",
    "PART_COLUMNS",
    "RUN_SUMS",
    "AccountingPeriod",
    "AttributionSpan",
    "DimensionSet",
    "DimensionValue",
    "IngestBatch",
    "LedgerState",
    "PriceSnapshot",
    "Reattribution",
    "RecostJob",
    "RollupAxis",
    "RollupFine",
    "RollupRun",
    "RollupSlice",
    "RunBands",
    "RunWord",
    "SourceCoverage",
    "UsageAdjustment",
    "UsageRecord",
    "UsageRestatement",
    "UsageRun",
    "UsageRunDetail",
]
