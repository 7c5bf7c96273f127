"""The queue as a file, and what a receipt says."""

from collections.abc import Sequence
from typing import Any

from apps.approvals import services
from apps.approvals.enums import Lane, RejectReason, RequestStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.web import present
from apps.common.money import from_nanos

CSV_HEAD = (
    "Reference",
    "Revision",
    "Title",
    "Subject",
    "Team",
    "Status",
    "Amount asked",
    "Amount in force",
    "Currency",
    "Per",
    "Asked by",
    "Asked at",
    "Due at",
    "Closed at",
    "Closed by",
    "Lane",
    "Reason",
    "Note",
)


def csv_row(row: ApprovalRequest) -> Sequence[Any]:
    def amount(nanos: int | None) -> Any:
        return None if nanos is None else from_nanos(nanos)

    return (
        row.subject_ref,
        row.revision_number,
        row.title,
        row.subject_type,
        row.unit.name if row.unit else None,
        RequestStatus(row.status).label,
        amount(row.amount_nanos),
        amount(row.approved_nanos),
        row.currency,
        row.amount_period,
        row.requester_name,
        row.opened_at,
        row.due_at,
        row.closed_at,
        row.closed_by_name,
        Lane(row.lane).label,
        RejectReason(row.closed_reason).label if row.closed_reason else None,
        row.closed_note,
    )


def receipt_words(receipt: services.Receipt) -> str:
    request, outcome = receipt.request, receipt.outcome
    if not outcome.final:
        return f"Your approval of {request.title} is recorded. Others decide next."
    if outcome.status is RequestStatus.APPROVED:
        amount = present.amount_words(outcome.approved_nanos, request)
        return f"You approved {request.title}{f' at {amount}' if amount else ''}."
    reader = request.requester_name if request.requester_id else "The author"
    if outcome.status is RequestStatus.REJECTED:
        return f"You declined {request.title}. {reader} sees your note."
    return f"You sent {request.title} back. {reader} sees your note."
