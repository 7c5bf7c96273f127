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
    """Notes every hook; `failing` makes the decision hook raise, `used` forbids undoing."""

    subject_type = SUBJECT
    label = "Probe"

    def __init__(self) -> None:
        self.calls: list[tuple[str, UUID, Any]] = []
        self.failing = False
        self.used = ""

    def on_opened(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("opened", request.id, None))

    def on_decided(
        self, *, actor: Actor, request: ApprovalRequest, outcome: subjects.Outcome
    ) -> dict[str, Any]:
        self.calls.append(("decided", request.id, outcome))
        if self.failing:
            raise RuntimeError("the subject refuses")
        return {"was": "pending"}

    def undo_refused(self, *, request: ApprovalRequest) -> str:
        return self.used

    def on_undone(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("undone", request.id, request.memento))

    def on_withdrawn(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("withdrawn", request.id, None))

    def on_voided(self, *, actor: Actor, request: ApprovalRequest) -> None:
        self.calls.append(("voided", request.id, None))


probe = Probe()


def set_route(*steps: dict[str, Any], when: tuple[Any, ...] = ()) -> None:
    """Give the default route other steps, in the open scope."""
    policy = services.ensure_default_policy()
    services.change_policy(
        actor=system_actor("tests"),
        policy_id=policy.id,
        version=policy.current_version,
        document={"steps": list(steps), "when": list(when)},
        note="The test needs it.",
    )


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
