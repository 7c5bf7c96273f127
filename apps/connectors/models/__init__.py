"""Tables of the connectors, by job."""

from apps.connectors.models.accounts import ProviderAccount
from apps.connectors.models.alarms import SchemaAlarm
from apps.connectors.models.comparison import ComparisonUsage
from apps.connectors.models.costs import ProviderCost
from apps.connectors.models.directory import DirectoryEntry
from apps.connectors.models.limits import ReconciliationLimits
from apps.connectors.models.reviews import KeyReview
from apps.connectors.models.roles import ComparedRecord, RoleChange
from apps.connectors.models.runs import PullRun
from apps.connectors.models.source import Source
from apps.connectors.models.units import UnitUsage

__all__ = [
    "ComparedRecord",
    "ComparisonUsage",
    "DirectoryEntry",
    "KeyReview",
    "ProviderAccount",
    "ProviderCost",
    "PullRun",
    "ReconciliationLimits",
    "RoleChange",
    "SchemaAlarm",
    "Source",
    "UnitUsage",
]
