"""Trends over the API: the page's figures, to the nano, within what the key may see."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.permissions import P
from apps.budgets.enums import Scope
from apps.common.ids import uuid7
from tests.factories.budgets import make_budget
from tests.factories.ledger import price, take
from tests.factories.organizations import make_api_key
from tests.factories.portfolio import make_capability
from tests.factories.runs import call

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
DAYS = {"start": "2026-09-01", "end": "2026-11-12"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        capability = make_capability("Claims", slug="claims", unit_id=world.a.units["core"].id)
        batch, day = [], date(2026, 9, 1)
        while day < NOW.date():
            at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            batch += [
                call(f"{day}-{n}", start=at, capability="claims", retry=n == 1)
                for n in range(1 if day.month == 9 else 2)
            ]
            day += timedelta(days=1)
        assert take(batch, uuid7()).errors == []
        make_budget(
            "Claims",
            scope=Scope.CAPABILITY,
            capability_id=capability.id,
            starts_on=date(2026, 8, 1),
        )
    return world.a


@pytest.fixture
def get(side, client):
    def send(name, status=200, headers=None, **params):
        answer = client.get(f"/api/v1/trends/{name}/", params, headers=headers or side.key_headers)
        assert answer.status_code == status, answer.content[:500]
        return answer.json()

    return send


def test_growth_and_variability(get):
    data = get("growth", measure="requests", **DAYS)
    assert [period["start"] for period in data["periods"]] == ["2026-09-01", "2026-10-01"]
    (group,) = data["groups"]
    assert (group["name"], group["sums"]) == ("Claims", [30, 62])
    assert (group["growth"], group["compound"]) == ("1.000000", "1.0000")
    assert group["doubling_periods"] == "1.00"
    assert (group["variability"]["days"], group["variability"]["median"]) == (72, 2)


def test_prices_and_variance(get):
    data = get("prices", **DAYS)
    first, second = data["points"]
    assert (first["price_index"], second["price_index"]) == ("100.000000", "100.000000")
    assert (second["volume_index"], second["bill_index"]) == ("200.000000", "200.000000")
    # The price never moved: nothing can be said about how volume answers it.
    assert data["elasticity"] is None
    assert data["rebounds"] is False
    for step in data["variance"]:
        parts = sum(part["nanos"] for part in step["parts"].values())
        assert parts == step["change"]["nanos"]
    assert [step["running"] for step in data["variance"]] == [False, True]


def test_sensitivity_and_what_is_repeated(get):
    data = get("sensitivity", extra="100", end="2026-11-12")
    (line,) = data["capabilities"]
    assert (line["counts"], line["runs_a_year"]) == ("runs", "730.000000")
    double = get("sensitivity", extra="200", end="2026-11-12")["capabilities"][0]
    assert double["extra_cost"]["nanos"] == 2 * line["extra_cost"]["nanos"] > 0
    retries = [one for one in data["inefficiencies"] if one["kind"] == "retries"]
    # Half of the 60 calls of 30 days.
    assert [(one["before"], one["now"]) for one in retries] == [(30, 60)]


def test_budgets(get):
    (budget,) = get("budgets")["budgets"]
    assert budget["name"] == "Claims"
    assert [(p["start"], p["requests"]) for p in budget["periods"]] == [
        ("2026-08-01", 0),
        ("2026-09-01", 30),
        ("2026-10-01", 62),
    ]
    assert budget["demand"] is None


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"start": "2026-11-02", "end": "2026-11-02"}, "end"),
        ({"start": "2020-01-01", "end": "2026-11-02"}, "start"),
        ({**DAYS, "grain": "hour"}, "grain"),
        ({**DAYS, "capability": "claims"}, "capability"),
    ],
)
def test_what_makes_no_sense_names_its_field(get, params, field):
    assert field in str(get("prices", status=422, **params))


def test_a_key_without_the_permission_is_refused(side, get):
    with side.scope():
        _, secret = make_api_key("Reader", scopes=[P.STORY_VIEW])
    headers = {"Authorization": f"Bearer {secret}"}
    get("growth", status=403, headers=headers, **DAYS)
    get("budgets", status=403, headers=headers)
