"""Restatements taken together: by source, by day of usage, by model."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import TruncDate

from apps.ledger.enums import Axis
from apps.ledger.models import DimensionSet, UsageRestatement
from apps.ledger.query import labels
from apps.ledger.selectors.state import ledger_settings

GROUPS = {"source": "Source", "day": "Day of usage", "model": "Model", "reason": "Reason"}


@dataclass(frozen=True, slots=True)
class RestatedGroup:
    """What changed in one group. Costs are sums of the known ones; `unknown_before` versions had
    none."""

    key: str
    label: str
    count: int
    old_tokens: int
    new_tokens: int
    old_cost_nanos: int
    new_cost_nanos: int
    difference_nanos: int
    unknown_before: int

    @property
    def token_difference(self) -> int:
        return self.new_tokens - self.old_tokens


def grouped(found: QuerySet[UsageRestatement], by: str) -> list[RestatedGroup]:
    """Restatements summed, the largest difference of money first."""
    rows = list(
        _keyed(found, by)
        .order_by()
        .values("group")
        .annotate(
            count=Count("id"),
            old_tokens_sum=Sum("old_tokens"),
            new_tokens_sum=Sum("new_tokens"),
            old_cost=Sum("old_cost_nanos"),
            new_cost=Sum("new_cost_nanos"),
            difference=Sum("difference_nanos"),
            unknown=Count("id", filter=Q(old_cost_nanos=None)),
        )
    )
    names = _names(by, [row["group"] for row in rows])
    result = [
        RestatedGroup(
            key=str(row["group"] or ""),
            label=names.get(row["group"]) or str(row["group"] or "Not stated"),
            count=row["count"],
            old_tokens=row["old_tokens_sum"],
            new_tokens=row["new_tokens_sum"],
            old_cost_nanos=row["old_cost"] or 0,
            new_cost_nanos=row["new_cost"] or 0,
            difference_nanos=row["difference"] or 0,
            unknown_before=row["unknown"],
        )
        for row in rows
    ]
    return sorted(result, key=lambda group: (-abs(group.difference_nanos), group.label))


def _keyed(found: QuerySet[UsageRestatement], by: str) -> QuerySet[Any]:
    if by == "day":
        zone = ZoneInfo(ledger_settings().timezone)
        return found.annotate(group=TruncDate("occurred_at", tzinfo=zone))
    if by == "model":
        named = DimensionSet.objects.filter(id=OuterRef("new_dimset_id")).values("model_name")
        return found.annotate(group=Subquery(named[:1]))
    return found.annotate(group=F("reason" if by == "reason" else "source_id"))


def _names(by: str, keys: list[Any]) -> dict[Any, str]:
    if by == "source":
        return {key: label for key, (_, label) in labels.names_of(Axis.SOURCE, keys).items()}
    if by == "reason":
        return dict(UsageRestatement._meta.get_field("reason").flatchoices)
    return {}
