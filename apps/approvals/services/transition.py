"""The only place that moves a request: one conditional update, and its Conflict."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.approvals.enums import Act, RequestStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.rules.transitions import is_open, next_status
from apps.approvals.subjects import handler_for
from apps.common import clock
from apps.common.errors import Conflict


def move(
    request: ApprovalRequest, act: Act, *, version: int, by: str, note: str = "", **values: Any
) -> RequestStatus:
    """Apply an act to the version the actor saw, or raise Conflict; the new status.

    `UPDATE ... WHERE status = ? AND version = ?`: of any number of racing acts on one version
    exactly one finds the row. The loser waits for the winner's commit and then finds nothing.
    """
    status = RequestStatus(request.status)
    after = next_status(status, act)
    if after is None:
        raise closed_conflict(request)
    if act is not Act.CHANGE_PEOPLE:
        handler_for(request.subject_type).lock(request.subject_id)
    values |= {"status": after, "version": F("version") + 1}
    if is_open(after):
        values |= {"closed_at": None, "closed_by_name": "", "closed_note": "", "closed_reason": ""}
    else:
        values |= {"closed_at": clock.now(), "closed_by_name": by[:200], "closed_note": note}
    try:
        with transaction.atomic():
            changed = ApprovalRequest.objects.filter(
                id=request.id, status=status, version=version
            ).update(**values)
    except IntegrityError as error:
        if "approvalrequest_one_open" not in str(error):
            raise
        raise Conflict(
            "A newer request for this is open.",
            code="already_requested",
            fix="Answer the newer one.",
        ) from error
    if not changed:
        raise stale_conflict()
    request.refresh_from_db()
    return after


def stale_conflict() -> Conflict:
    return Conflict(
        "This request has changed since you opened it.",
        code="stale_version",
        fix="Look at what changed and decide again.",
    )


def closed_conflict(request: ApprovalRequest) -> Conflict:
    label = RequestStatus(request.status).label.lower()
    return Conflict(
        f"This request is closed: {label}.",
        code="request_closed",
        fix="Nothing is left to decide here.",
    )
