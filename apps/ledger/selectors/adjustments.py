"""Changes that reached closed months: what, from which day, and where they count instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.periods import month_of
from apps.common.tokens import KINDS
from apps.ledger.enums import NO_KEY, Axis
from apps.ledger.models import RollupSlice, UsageAdjustment
from apps.ledger.query import labels

SHOWN = (Axis.UNIT, Axis.CAPABILITY, Axis.MODEL, Axis.SOURCE)
_NOBODY = UUID(NO_KEY)


@dataclass(frozen=True, slots=True)
class Posted:
    """Adjustments taken together."""

    rows: int
    cost_nanos: int
    tokens: int


def adjustments(actor: Actor) -> QuerySet[UsageAdjustment]:
    """Adjustments the actor may see, the latest first."""
    found = UsageAdjustment.objects.order_by("-created_at", "-id")
    units = visible_unit_ids(actor, P.USAGE_VIEW)
    if units is not None:
        found = found.filter(slice_id__in=RollupSlice.objects.filter(unit__in=units).values("id"))
    return found


def from_month(found: QuerySet[UsageAdjustment], month: date) -> QuerySet[UsageAdjustment]:
    """Those that changed a month after its close."""
    return found.filter(origin_day__gte=month, origin_day__lt=month_of(month).end)


def posted_in(found: QuerySet[UsageAdjustment], month: date) -> QuerySet[UsageAdjustment]:
    """Those that count in a month although they belong to an earlier one."""
    return found.filter(posted_on__gte=month, posted_on__lt=month_of(month).end)


def together(found: QuerySet[UsageAdjustment]) -> Posted:
    """Their sums."""
    sums = found.aggregate(
        rows=Count("id", filter=Q()), cost=Sum("cost_nanos"), **{kind: Sum(kind) for kind in KINDS}
    )
    return Posted(sums["rows"], sums["cost"] or 0, sum(sums[kind] or 0 for kind in KINDS))


class SliceWords:
    """The names behind slices, read a page at a time and remembered."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[Axis, UUID]] = {}
        self._names: dict[tuple[Axis, UUID], str] = {}

    def load(self, ids: Iterable[int]) -> None:
        """Read the slices of a page in one go."""
        missing = set(ids) - self._rows.keys()
        if not missing:
            return
        for row in RollupSlice.objects.filter(id__in=missing):
            self._rows[row.id] = {axis: getattr(row, axis.name.lower()) for axis in SHOWN}
        for axis in SHOWN:
            keys = {row[axis] for row in self._rows.values()} - {_NOBODY}
            wanted = [key for key in keys if (axis, key) not in self._names]
            if wanted:
                for key, (_, label) in labels.names_of(axis, wanted).items():
                    self._names[axis, key] = label

    def of(self, slice_id: int, axis: Axis) -> str:
        """The name of a slice's unit, capability, model or source."""
        self.load([slice_id])
        key = self._rows[slice_id][axis]
        return labels.missing(axis) if key == _NOBODY else self._names.get((axis, key), str(key))
