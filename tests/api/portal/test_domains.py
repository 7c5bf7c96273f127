"""Consumption domains over the API: the pages' figures, exact, and the refused paths."""

import pytest
import time_machine
from django.test import Client

from apps.access.permissions import P
from tests.factories.ledger import price
from tests.factories.organizations import make_api_key
from tests.web.portal.test_domains import NOW, PEOPLE, askers, capability, developers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        helper = capability(world.a, "Code helper", "development")
        asked = capability(world.a, "Ask", "analytics")
        developers(world.a, helper)
        askers(world.a, asked)
    return world.a


def get(side, path, secret="", **params):
    headers = {"Authorization": f"Bearer {secret}"} if secret else side.key_headers
    return Client().get(f"/api/v1/domains/{path}", params, headers=headers)


def test_development_as_numbers(side):
    data = get(side, "development/").json()
    assert (data["start"], data["end"], data["tokens"]) == ("2026-10-13", "2026-11-12", 1_200_000)
    assert data["cost"]["nanos"] == 2_400_000_000
    people = data["people"]
    assert (people["count"], people["unnamed_tokens"], people["adoption"]) == (10, 100_000, None)
    assert people["tokens_a_day"] == {"p10": 10_000, "p50": 50_000, "p90": 90_000, "p95": 100_000}
    assert [tool["tool"] for tool in people["tools"]] == ["Keys and gateways"]
    assert data["coverage"]["sources"]


def test_nobody_counts_what_is_not_there(side):
    data = get(side, "production/").json()
    assert (data["tokens"], data["cost"], data["interactions"], data["capabilities"]) == (
        None, None, None, [],
    )  # fmt: skip


def test_people_by_name_only_with_the_permission(side):
    data = get(side, "analytics/people/").json()
    assert (data["named"], data["count"]) == (True, 6)
    assert data["people"][0] | {"cost": None} == {
        "person": PEOPLE[0], "calls": 10, "days": 1, "tokens": 91_000, "tokens_per_call": 9_100,
        "share": data["people"][0]["share"], "cost": None,
    }  # fmt: skip
    with side.scope():
        _, secret = make_api_key("Figures", scopes=[P.USAGE_VIEW, P.CAPABILITY_VIEW])
    other = get(side, "analytics/people/", secret).json()
    assert other["named"] is False
    assert [p["tokens"] for p in other["people"]] == [p["tokens"] for p in data["people"]]
    assert not any(user in str(other) for user in PEOPLE)


def test_a_year_and_what_is_refused(side):
    data = get(side, "development/estimate/", headcount=500, adoption=70).json()
    assert (data["tokens_low"], data["tokens_high"]) == (4_200_000_000, 16_800_000_000)
    assert data["cost_low"]["nanos"] == 8_400 * 10**9
    assert (
        get(side, "development/estimate/", adoption=101).json()["errors"][0]["field"] == "adoption"
    )
    assert get(side, "development/", period="ever").status_code == 422
    assert get(side, "elsewhere/").status_code == 404
    with side.scope():
        _, secret = make_api_key("Other", scopes=[P.ORG_VIEW])
    assert get(side, "analytics/people/", secret).status_code == 403
