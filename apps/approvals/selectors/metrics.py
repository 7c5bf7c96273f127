"""How well approvals run: cycle times by step, what is overdue, lanes, reasons for declining.

Times are elapsed time, from the opening of a step to its end, in seconds. Everything is about the
units the actor sees.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.approvals.enums import Lane, RejectReason, RequestStatus, SampleStatus
from apps.approvals.models import ApprovalRequest
from apps.common import clock
from apps.tenancy.scope import require_organization_id


@dataclass(frozen=True, slots=True)
class StepTime:
    """One step, by its name: how often, how long, how often late."""

    name: str
    count: int
    median_seconds: int
    p90_seconds: int
    late: int

    @property
    def late_share(self) -> float:
        return self.late / self.count


@dataclass(frozen=True, slots=True)
class Overdue:
    """A step that waits past its due time: how many, and the oldest of them."""

    name: str
    count: int
    oldest_due: datetime


@dataclass(frozen=True, slots=True)
class LaneCount:
    lane: Lane
    approved: int
    rejected: int
    changes_requested: int
    median_seconds: int | None

    @property
    def total(self) -> int:
        return self.approved + self.rejected + self.changes_requested


@dataclass(frozen=True, slots=True)
class Metrics:
    """All figures of a window [start, end)."""

    start: datetime
    end: datetime
    steps: list[StepTime]
    overdue: list[Overdue]
    lanes: list[LaneCount]
    reasons: list[tuple[RejectReason, int]]
    open_requests: int
    sampled: int
    objected: int

    @property
    def overdue_count(self) -> int:
        return sum(each.count for each in self.overdue)


_STEPS = """
    SELECT s.name, count(*),
      percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM s.closed_at - s.opened_at)),
      percentile_cont(0.9) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM s.closed_at - s.opened_at)),
      count(*) FILTER (WHERE s.closed_at > s.due_at)
    FROM approvals_approvalstep s
    JOIN approvals_approvalrequest r
      ON r.organization_id = s.organization_id AND r.id = s.request_id
    WHERE s.organization_id = %(org)s AND s.closed_at >= %(start)s AND s.closed_at < %(end)s
      AND s.opened_at IS NOT NULL AND s.status IN ('approved', 'changes_requested', 'rejected')
      AND (%(all)s OR r.unit_id = ANY(%(units)s))
    GROUP BY s.name ORDER BY 3 DESC, s.name
"""

_OVERDUE = """
    SELECT s.name, count(*), min(s.due_at)
    FROM approvals_approvalstep s
    JOIN approvals_approvalrequest r
      ON r.organization_id = s.organization_id AND r.id = s.request_id
    WHERE s.organization_id = %(org)s AND s.status = 'active' AND s.due_at < %(now)s
      AND (%(all)s OR r.unit_id = ANY(%(units)s))
    GROUP BY s.name ORDER BY 3, s.name
"""

_LANES = """
    SELECT r.lane,
      count(*) FILTER (WHERE r.status = 'approved'),
      count(*) FILTER (WHERE r.status = 'rejected'),
      count(*) FILTER (WHERE r.status = 'changes_requested'),
      percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM r.closed_at - r.opened_at))
    FROM approvals_approvalrequest r
    WHERE r.organization_id = %(org)s AND r.closed_at >= %(start)s AND r.closed_at < %(end)s
      AND r.status IN ('approved', 'rejected', 'changes_requested')
      AND (%(all)s OR r.unit_id = ANY(%(units)s))
    GROUP BY r.lane
"""


def metrics(actor: Actor, *, start: datetime, end: datetime) -> Metrics:
    """The figures of what was closed from `start` to before `end`, and what is overdue now."""
    units = visible_unit_ids(actor, P.APPROVAL_VIEW)
    values = {
        "org": require_organization_id(),
        "start": start,
        "end": end,
        "now": clock.now(),
        "all": units is None,
        "units": sorted(units or ()),
    }
    seen = ApprovalRequest.objects.all() if units is None else _within(units)
    closed = seen.filter(closed_at__gte=start, closed_at__lt=end)
    reasons = (
        closed.filter(status=RequestStatus.REJECTED)
        .values("closed_reason")
        .annotate(n=Count("id"))
        .order_by("-n", "closed_reason")
    )
    sampled = closed.aggregate(
        sampled=Count("id", filter=~Q(sample_status=SampleStatus.NONE)),
        objected=Count("id", filter=Q(sample_status=SampleStatus.OBJECTED)),
    )
    lanes = {row[0]: row for row in _rows(_LANES, values)}
    return Metrics(
        start,
        end,
        [StepTime(n, c, round(m), round(p), late) for n, c, m, p, late in _rows(_STEPS, values)],
        [Overdue(*row) for row in _rows(_OVERDUE, values)],
        [_lane(lane, lanes.get(lane.value)) for lane in Lane],
        [(RejectReason(row["closed_reason"] or RejectReason.OTHER), row["n"]) for row in reasons],
        seen.filter(status=RequestStatus.PENDING).count(),
        sampled["sampled"],
        sampled["objected"],
    )


def _lane(lane: Lane, row: Any) -> LaneCount:
    if row is None:
        return LaneCount(lane, 0, 0, 0, None)
    return LaneCount(lane, row[1], row[2], row[3], round(row[4]))


def _within(units: frozenset[Any]) -> Any:
    return ApprovalRequest.objects.filter(unit_id__in=units)


def _rows(sql: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
