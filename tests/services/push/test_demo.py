"""The demonstration's telemetry goes in once, and each of its calls counts once."""

from types import SimpleNamespace

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.ledger.models import UsageRecord
from apps.ledger.selectors.verify import verify_rollups
from tests.api.push.conftest import tally
from tests.factories.pricing import load_prices
from tokenops.demo.telemetry import push_telemetry

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_week_of_telemetry_is_seeded_once(world):
    load_prices()
    admin = world.a.person(Role.OWNER).actor
    demo = SimpleNamespace(
        organization=world.a.organization,
        units={"PLT": world.a.units["platform"].id, "DVX": world.a.units["core"].id},
        role=lambda role: admin,
        lead_of=lambda team: admin,
    )
    push_telemetry(demo, clock.now())
    with world.a.scope():
        records = UsageRecord.objects.count()
        assert verify_rollups().ok
    kinds = tally(world)
    counted = {key[0]: items for key, items in kinds.items() if key[2] == "counted"}
    assert sum(counted.values()) == records
    assert set(counted) == {"genai", "gemini_cli"}
    assert kinds["gemini_cli", "metric", "superseded"] == 21
    assert kinds["genai", "span", "no_model"] >= 7
    push_telemetry(demo, clock.now())
    with world.a.scope():
        assert UsageRecord.objects.count() == records
