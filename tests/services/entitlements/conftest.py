"""People, prices and a capability to hold entitlements."""

from datetime import UTC, date, datetime

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.asks import services as asks
from apps.asks.models import Ask
from apps.asks.services import AskInput, EntitlementInput
from apps.common import clock
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Desk:
    """One organization: asks, answers, usage. m1 is a standard model, big a frontier one."""

    def __init__(self, org):
        self.org = org
        self.team = org.units["platform"].id
        with org.scope():
            self.capability = make_capability("Claims", unit_id=self.team)
            price()
            price("big", input_per_mtok="10", output_per_mtok="40")

    def ask(self, role=Role.UNIT_LEAD, gives="premium", **values):
        to = {"gives": gives}
        if gives == "premium":
            to["reach"] = "frontier"
        else:
            to |= {"context_tokens": 200_000, "evidence": "300 policies, 94% against 71%."}
        to |= values.pop("to", {})
        if "user" not in to:
            to.setdefault("capability_id", self.capability.id)
        asked = {
            "kind": "entitlement",
            "title": "Harder claims",
            "reason": "The standard model misreads seals.",
            "starts_on": date(2026, 11, 10),
            "ends_on": date(2026, 12, 31),
            "unit_id": self.team,
            **values,
        }
        with self.org.scope():
            return asks.file_ask(
                actor=self.org.actor(role),
                asked=AskInput(**asked, entitlement=EntitlementInput(**to)),
            )

    def answer(self, row, decision="approve", role=Role.CFO):
        with self.org.scope():
            request = ApprovalRequest.objects.get(id=Ask.objects.get(id=row.id).request_id)
            note = "" if decision == "approve" else "Why now?"
            approvals.decide(
                actor=self.org.actor(role),
                request_id=request.id,
                version=request.version,
                decision=decision,
                note=note,
            )
            return Ask.objects.get(id=row.id)

    def undo(self, row, role=Role.CFO):
        with self.org.scope():
            request = ApprovalRequest.objects.get(id=Ask.objects.get(id=row.id).request_id)
            approvals.undo_decision(
                actor=self.org.actor(role), request_id=request.id, version=request.version
            )

    def used(self, day, model="big", **fields):
        """1,000 tokens in, 100 out at noon of a day of November."""
        fields.setdefault("capability", self.capability.slug)
        with self.org.scope():
            result = take(
                [usage(occurred_at=datetime(2026, 11, day, 12, tzinfo=UTC), model=model, **fields)]
            )
        assert (result.new, result.errors) == (1, [])


@pytest.fixture
def desk(world):
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.EA, Role.VIEWER, Role.MEMBER):
        world.a.person(role)
    with clock.at(NOW):
        yield Desk(world.a)
