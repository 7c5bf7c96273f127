"""The page of a unit shows what it and the units below it used, to whoever may see that."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from tests.factories.ledger import take, usage
from tests.factories.usage import spend

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 12, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def text(org, unit, role=Role.OWNER, at=None):
    url = org.url("organizations:unit", org.units[unit].id)
    answer = org.client(role, at).get(url)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def used(world):
    codes = {name: unit.code for name, unit in world.a.units.items()}
    with world.a.scope():
        spend(date(2026, 11, 10), 3_000_000_000, tokens=1_000_000, unit=codes["platform"])
        spend(date(2026, 11, 11), 2_000_000_000, tokens=500_000, unit=codes["core"])
        spend(date(2026, 11, 11), 9_000_000_000, unit=codes["claims"])
        spend(date(2026, 10, 1), 7_000_000_000, unit=codes["platform"])
    return world.a


def test_a_unit_shows_its_tokens_and_those_below_it(used):
    found = text(used, "platform")
    assert "With 1 unit below it" in found
    assert "Cost $5.00 Tokens 1.5 M 1.5 M in, 0% of it from cache; 0 out Requests 2" in found
    assert "Cost per M tokens $3.33" in found
    assert "Cost $2.00 Tokens 500" in text(used, "core")
    assert "Cost $14" in text(used, "root")


def test_usage_without_a_price_divides_nothing_and_uncounted_requests_are_missing(used):
    with used.scope():
        bucket = usage(
            occurred_at=datetime(2026, 11, 9, tzinfo=UTC),
            granularity="day",
            model="unheard-of",
            unit=used.units["apps"].code,
        )
        assert take([bucket]).errors == []
    found = text(used, "apps")
    assert "1,100 tokens have no price yet" in found or "1.1 K tokens have no price yet" in found
    assert "Requests – Cost per M tokens –" in found


def test_a_unit_without_usage_says_so(world):
    assert "No usage belongs to Core in these days." in text(world.a, "core")


def test_who_may_not_see_the_usage_of_a_unit_sees_the_unit_alone(used):
    assert "Tokens and cost" in text(used, "platform", Role.UNIT_LEAD, "platform")
    assert "Tokens and cost" not in text(used, "claims", Role.UNIT_LEAD, "platform")
    assert "Tokens and cost" not in text(used, "engineering", Role.UNIT_LEAD, "platform")
