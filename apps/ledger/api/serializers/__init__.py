"""The ledger as JSON. Money as nanos, currency and exact amount; missing is null, never 0."""

from apps.ledger.api.serializers.figures import (
    UNCOUNTED,
    ConversionSerializer,
    CoverageSerializer,
    MoneySerializer,
    QuerySerializer,
    ResultSerializer,
    RowSerializer,
    SourceCoverageSerializer,
    TokensSerializer,
    result_json,
    row_json,
)
from apps.ledger.api.serializers.owners import (
    ReattributionSerializer,
    SuggestionSerializer,
    UnattributedSerializer,
    orphan_json,
)
from apps.ledger.api.serializers.periods import (
    AdjustmentSerializer,
    CheckSerializer,
    OnePeriodSerializer,
    PeriodSerializer,
    StepSerializer,
    VerifySerializer,
)
from apps.ledger.api.serializers.records import (
    GroupSerializer,
    RecordSerializer,
    RestatedGroupSerializer,
    RestatementSerializer,
)
from apps.ledger.api.serializers.recost import (
    AskRecostSerializer,
    DayCostSerializer,
    RecostJobSerializer,
    RecostSerializer,
    UnpricedSerializer,
    recost_job_json,
    recost_json,
)
from apps.ledger.api.serializers.retention import (
    KeepSerializer,
    MonthKeptSerializer,
    RetentionAnswerSerializer,
    RetentionSerializer,
)

__all__ = [
    "UNCOUNTED",
    "AdjustmentSerializer",
    "AskRecostSerializer",
    "CheckSerializer",
    "ConversionSerializer",
    "CoverageSerializer",
    "DayCostSerializer",
    "GroupSerializer",
    "KeepSerializer",
    "MoneySerializer",
    "MonthKeptSerializer",
    "OnePeriodSerializer",
    "PeriodSerializer",
    "QuerySerializer",
    "ReattributionSerializer",
    "RecordSerializer",
    "RecostJobSerializer",
    "RecostSerializer",
    "RestatedGroupSerializer",
    "RestatementSerializer",
    "ResultSerializer",
    "RetentionAnswerSerializer",
    "RetentionSerializer",
    "RowSerializer",
    "SourceCoverageSerializer",
    "StepSerializer",
    "SuggestionSerializer",
    "TokensSerializer",
    "UnattributedSerializer",
    "UnpricedSerializer",
    "VerifySerializer",
    "orphan_json",
    "recost_job_json",
    "recost_json",
    "result_json",
    "row_json",
]
