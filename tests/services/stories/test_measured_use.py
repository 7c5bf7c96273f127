"""A new story filled in from what its capability was measured to use."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from apps.access.roles import Role
from apps.stories.selectors.profile import measured_use
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def capability(world):
    with world.a.scope():
        price()
        price("m2")
        return make_capability("Summaries", unit_id=world.a.units["platform"].id)


def used(world, capability, **fields):
    """1,000 tokens in and 100 out of m1, unless told otherwise."""
    with world.a.scope():
        take([usage(occurred_at=datetime(2026, 11, 18, 12, tzinfo=UTC), capability=capability.slug,
                    **fields)])  # fmt: skip


def test_counted_requests_tell_the_size_of_a_call(world, capability):
    used(world, capability, model="m1", requests=4, service_tier="standard")
    used(world, capability, model="m2", requests=1, service_tier="batch")
    with world.a.scope():
        found = measured_use(capability.id)
    assert (found.requests, found.tokens) == (5, 2_200)
    assert found.production.interactions.likely == 5
    assert found.production.parts.asked == 400
    assert found.production.batch_share.likely == 50
    assert [(m.model, m.share) for m in found.production.mix] == [("m1", 80), ("m2", 20)]


def test_uncounted_requests_leave_how_often_to_the_author(world, capability):
    used(world, capability, model="m1", granularity="day", requests=None)
    with world.a.scope():
        found = measured_use(capability.id)
    assert (found.requests, found.tokens) == (None, 1_100)
    assert found.production.interactions.likely == Decimal(0)
    assert [(m.model, m.share) for m in found.production.mix] == [("m1", 100)]
    url = world.a.url("stories:new") + f"?capability={capability.id}"
    html = world.a.client(Role.UNIT_LEAD).get(url).content.decode()
    assert "count no requests: say how often it runs" in html


def test_nothing_measured_is_said(world, capability):
    with world.a.scope():
        assert measured_use(capability.id) is None
    url = world.a.url("stories:new") + f"?capability={capability.id}"
    assert "Nothing was measured" in world.a.client(Role.UNIT_LEAD).get(url).content.decode()
