"""The demonstration's routes, deputy and requests come about through the services, once."""

from datetime import UTC, datetime

import pytest

from apps.access.roles import Role
from apps.approvals import selectors
from apps.approvals.models import ApprovalDelegation, ApprovalQuestion
from apps.asks.models import Ask
from apps.common import clock
from tests.factories.stories import make_prices, make_submitted
from tokenops.demo.approvals import ensure_approvals


class Stage:
    """Who the demonstration asks for, from the tests' world."""

    def __init__(self, side):
        self._side = side

    def role(self, role):
        return self._side.actor(role)


@pytest.mark.django_db
def test_twice_is_once(world):
    side, now = world.a, datetime(2026, 11, 23, 9, tzinfo=UTC)
    for role in (Role.CFO, Role.CTO, Role.TOKENOPS_LEAD, Role.UNIT_LEAD):
        side.person(role)
    with side.scope(), clock.at(now):
        make_prices()
        make_submitted(side.actor(Role.UNIT_LEAD), side.units["platform"].id)
        for _ in range(2):
            ensure_approvals(Stage(side), now)
        assert [p.name for p in selectors.policies()] == [
            "Small and low risk",
            "Personal data",
            "Standard route",
        ]
        counts = [m.objects.count() for m in (ApprovalDelegation, ApprovalQuestion, Ask)]
    assert counts == [1, 1, 1]
