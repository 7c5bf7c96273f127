"""The demonstration's people: their records are taken as they are, once."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine

from apps.access.roles import Role
from apps.common import clock
from apps.ledger.models import UsageRecord
from tests.factories.pricing import load_prices
from tokenops.demo.people_use import push_people_use, records

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_people_are_seeded_once(world):
    load_prices()
    admin = world.a.person(Role.OWNER).actor
    units = {"DVX": world.a.units["core"].id, "FIN": world.a.units["claims"].id}
    demo = SimpleNamespace(
        organization=world.a.organization,
        role=lambda role: admin,
        units=units,
        lead_of=lambda _: admin,
    )
    with time_machine.travel(NOW, tick=False):
        every = list(records(clock.now()))
        for _ in range(2):
            push_people_use(demo, clock.now())
            with world.a.scope():
                assert UsageRecord.objects.count() == len(every) < 3_000
