"""The ledger in the API: the query service, records, restatements, periods."""

from apps.ledger.api.views.figures import UsageQueryView
from apps.ledger.api.views.owners import OwnerCoverageView, ReattributionView, UnattributedView
from apps.ledger.api.views.periods import AdjustmentListView, PeriodListView, PeriodView
from apps.ledger.api.views.records import (
    RecordListView,
    RestatementListView,
    RestatementSummaryView,
)
from apps.ledger.api.views.recost import RecostJobView, RecostView, UnpricedView
from apps.ledger.api.views.retention import RetentionView

__all__ = [
    "AdjustmentListView",
    "OwnerCoverageView",
    "PeriodListView",
    "PeriodView",
    "ReattributionView",
    "RecordListView",
    "RecostJobView",
    "RecostView",
    "RestatementListView",
    "RestatementSummaryView",
    "RetentionView",
    "UnattributedView",
    "UnpricedView",
    "UsageQueryView",
]
