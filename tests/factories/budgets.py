"""Budgets, made by the services."""

import itertools
from datetime import date
from typing import Any
from uuid import UUID

from apps.access.actors import Actor, system_actor
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.budgets.models import Budget
from apps.budgets.services import create_budget
from tests.factories.approvals import make_request

_numbers = itertools.count(1)


def make_budget(name: str = "", **fields: Any) -> Budget:
    """The organization's budget in the open scope: 1,000 a month from 1 November 2026."""
    values: dict[str, Any] = {
        "scope": "organization",
        "starts_on": date(2026, 11, 1),
        "amount_nanos": 1_000_000_000_000,
    }
    return create_budget(
        actor=system_actor("tests"), name=name or f"Budget {next(_numbers)}", **values | fields
    )


def make_approved_request(
    approver: Actor, *, amount_nanos: int | None = 4_000_000_000_000, unit_id: UUID | None = None
) -> ApprovalRequest:
    """A request that the approver has just approved."""
    request = make_request(amount_nanos=amount_nanos, unit_id=unit_id)
    return approvals.decide(
        actor=approver, request_id=request.id, version=1, decision="approve"
    ).request
