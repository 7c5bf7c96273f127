"""Approval requests about a subject that only the tests know."""

import itertools
from typing import Any
from uuid import UUID

from apps.access.actors import Actor, system_actor
from apps.approvals import services, subjects
from apps.approvals.models import ApprovalRequest
from apps.common.ids import uuid7

SUBJECT = "probe"
_numbers = itertools.count(1)


class Probe(subjects.SubjectHandler):
    """Notes every hook; `failing` makes the decision hook raise."""

    subject_type = SUBJECT
    label = "Probe"

    def __init__(self) -> None:
        self.calls: list[tuple[str, UUID, Any]] = []
        self.failing = False

    def on_opened(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("opened", request.id, None))

    def on_decided(
        self, *, actor: Actor, request: ApprovalRequest, outcome: subjects.Outcome
    ) -> None:
        self.calls.append(("decided", request.id, outcome))
        if self.failing:
            raise RuntimeError("the subject refuses")

    def on_withdrawn(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("withdrawn", request.id, None))

    def on_voided(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("voided", request.id, None))


probe = Probe()
subjects.register(SUBJECT, probe)


def make_request(
    *,
    actor: Actor | None = None,
    requester_id: UUID | None = None,
    unit_id: UUID | None = None,
    **fields: Any,
) -> ApprovalRequest:
    """A pending request in the open scope: 4,000 a month unless told otherwise."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "subject_type": SUBJECT,
        "subject_id": uuid7(),
        "revision_id": uuid7(),
        "title": f"Probe {number}",
        "amount_nanos": 4_000_000_000_000,
        "currency": "USD",
        "context": {},
        "subject_ref": f"PB-{number:04d}",
    }
    values |= fields
    return services.open_request(
        actor=actor or system_actor("tests"),
        unit_id=unit_id,
        requester_id=requester_id,
        **values,
    )
