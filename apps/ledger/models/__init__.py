"""Tables of the ledger, by job."""

from apps.ledger.models.dimensions import (
    AttributionSpan,
    DimensionSet,
    DimensionValue,
    PriceSnapshot,
)
from apps.ledger.models.intake import IngestBatch, SourceCoverage
from apps.ledger.models.measures import MEASURES
from apps.ledger.models.periods import AccountingPeriod, LedgerState
from apps.ledger.models.records import UsageAdjustment, UsageRecord, UsageRestatement
from apps.ledger.models.rollups import RollupAxis, RollupFine, RollupSlice

__all__ = [
    "MEASURES",
    "AccountingPeriod",
    "AttributionSpan",
    "DimensionSet",
    "DimensionValue",
    "IngestBatch",
    "LedgerState",
    "PriceSnapshot",
    "RollupAxis",
    "RollupFine",
    "RollupSlice",
    "SourceCoverage",
    "UsageAdjustment",
    "UsageRecord",
    "UsageRestatement",
]
