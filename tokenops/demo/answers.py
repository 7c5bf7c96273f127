"""Answering a request as its people would: step by step, at work, some of them late.

How long a step takes follows from its name and the number of the story, so that the demonstration
is the same every time and its figures by step differ.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.approvals.enums import AssignmentVia, RequestStatus
from apps.approvals.models import ApprovalAssignment, ApprovalRequest
from apps.approvals.services import Asked, decide
from apps.approvals.services.steps import refresh_step
from apps.common import clock
from apps.organizations.selectors import actor_for_membership, membership_by_id
from tokenops.simulator.company import COMPANY

ZONE = ZoneInfo(COMPANY.timezone)
MORNING, EVENING = 9, 17
MOST_ANSWERS = 8
HOURS: Mapping[str, Sequence[int]] = {
    "Architecture": (6, 27, 20, 74, 3, 22, 48),
    "Architecture and data": (22, 30, 46),
    "TokenOps": (3, 23, 5, 26, 8),
    "Finance": (28, 72, 49, 100, 25, 76),
    "Large amounts": (50, 26),
}
"""Hours a step takes, in turn; a due time is two or three working days."""
WORDS: Mapping[str, Sequence[str]] = {
    "Architecture": (
        "Fits the platform: the gateway, a model of the standard, the prompt cached.",
        "Fine. The context is cut before it is sent, not after.",
        "Agreed in the board. Batches where nobody waits.",
    ),
    "Architecture and data": (
        "What leaves the region is pseudonymised; agreed with data protection.",
        "The data class is right, and retention is thirty days at the provider.",
    ),
    "TokenOps": (
        "The estimate fits what is measured. Key and rule are there.",
        "Within the band of its pattern. I watch the first month.",
        "Checked against three similar stories.",
    ),
    "Finance": (
        "Worth it. True up after a quarter.",
        "Covered by the division's envelope.",
        "The return is plausible; I want it measured.",
    ),
    "Large amounts": ("Agreed. Tell the board in the quarterly review.",),
}


@dataclass(frozen=True, slots=True)
class Last:
    """The answer that ends a walk early: `after` so many approvals, with `decision`, or none."""

    after: int
    decision: str = ""
    note: str = ""
    reason: str = ""


def answer(
    request: ApprovalRequest,
    start: dt.datetime,
    now: dt.datetime,
    *,
    number: int,
    last: Last | None = None,
    conditions: Mapping[str, Sequence[Asked]] | None = None,
    lower_to: int | None = None,
) -> dt.datetime:
    """Answer step after step from `start`, never after `now`; the moment of the last answer.

    `conditions` of a step go with its approval; `lower_to` is the cap the CFO's step leaves.
    """
    moment = start
    for given in range(MOST_ANSWERS):
        place = _next_place(request.id)
        if place is None or (last is not None and given == last.after and not last.decision):
            return moment
        step = place.step.name
        hours, words = HOURS.get(step, (24,)), WORDS.get(step, ("Agreed.",))
        moment = min(at_work(moment + dt.timedelta(hours=hours[number % len(hours)])), now)
        turned = last if last is not None and given == last.after else None
        request = ApprovalRequest.objects.get(id=request.id)
        with clock.at(moment):
            if place.via == AssignmentVia.DELEGATED:
                refresh_step(place.step_id)
                place = _next_place(request.id) or place
            decide(
                actor=actor_for_membership(membership_by_id(place.membership_id)),
                request_id=request.id,
                version=request.version,
                decision=turned.decision if turned else "approve",
                note=turned.note if turned else words[(number + given) % len(words)],
                reason=turned.reason if turned else "",
                conditions=() if turned else (conditions or {}).get(step, ()),
                cap_nanos=lower_to if step == "Finance" and not turned else None,
            )
        if turned:
            return moment
    return moment


def at_work(moment: dt.datetime) -> dt.datetime:
    """The moment, or the next one at which somebody is at work: weekdays, nine to five."""
    local = moment.astimezone(ZONE)
    if local.hour >= EVENING:
        local = (local + dt.timedelta(days=1)).replace(hour=MORNING)
    elif local.hour < MORNING:
        local = local.replace(hour=MORNING)
    while local.weekday() >= 5:
        local += dt.timedelta(days=1)
    return local.astimezone(dt.UTC)


def _next_place(request_id: UUID) -> ApprovalAssignment | None:
    """Who answers the step that waits: a deputy where there is one."""
    rows = (
        ApprovalAssignment.objects.filter(
            request_id=request_id, request__status=RequestStatus.PENDING, is_open=True
        )
        .select_related("step")
        .order_by("name")
    )
    found = sorted(rows, key=lambda a: a.via != AssignmentVia.DELEGATED)
    return found[0] if found else None
