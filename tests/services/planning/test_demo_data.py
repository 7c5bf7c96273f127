"""The demonstration's planning cycles come about through the services, once."""

from datetime import UTC, date, datetime

from apps.access.roles import Role
from apps.common import clock
from apps.planning.models import Envelope, PlanningCycle
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend
from tests.services.approvals.test_demo_data import Stage
from tokenops.demo.planning import ensure_planning


def test_twice_is_once(world):
    side, now = world.a, datetime(2026, 11, 15, 9, tzinfo=UTC)
    for role in (Role.CFO, Role.CIO, Role.CTO):
        side.person(role)
    with side.scope(), clock.at(now):
        capability = make_capability(unit_id=side.units["claims"].id)
        spend(date(2026, 11, 3), 4_600 * 10**9, capability=capability.slug)
        for _ in range(2):
            ensure_planning(Stage(side), now)
        cycles = PlanningCycle.objects.order_by("starts_on")
        assert [(c.name, c.status, c.round_number) for c in cycles] == [
            ("2026 Q4", "locked", 0),
            ("2027 Q1", "open", 1),
        ]
        claims = Envelope.objects.get(round__cycle=cycles[0], unit=side.units["claims"])
    assert claims.requested_nanos == 11_000 * 10**9
    assert claims.allocated_nanos == 10_500 * 10**9
