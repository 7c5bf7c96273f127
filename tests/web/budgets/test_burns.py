"""Burn alerts and the page that says what can be done, on pages and over the API."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets.models import BudgetBurn
from apps.budgets.services import watch
from tests.factories.budgets import make_budget
from tests.factories.usage import spend

NOW = datetime(2026, 11, 11, 9, tzinfo=UTC)
UNIT = 10**9


@pytest.fixture
def side(world):
    a = world.a
    a.units  # noqa: B018 -- made before time stands still
    for role in (Role.CFO, Role.VIEWER):
        a.person(role)
    assert a.key_headers
    with time_machine.travel(NOW, tick=False):
        with a.scope():
            a.budget = make_budget("AI spend", amount_nanos=3_000 * UNIT)
            for n in range(1, 11):
                spend(date(2026, 11, n), 100 * UNIT)
            spend(NOW, 620 * UNIT, api_key="night-batch")
            watch()
            a.burn = BudgetBurn.objects.get()
        yield a


def text(client, url, **query):
    response = client.get(url, query)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def test_alert_runbook_and_taking_it_on(side, world):
    cfo, viewer = side.client(Role.CFO), side.client(Role.VIEWER)
    words = "AI spend burns 6.2 times its pace: used up on about 14 Nov"
    page = text(cfo, side.url("budgets:detail", budget_id=side.budget.id))
    assert words in page
    assert side.url("budgets:stop", budget_id=side.budget.id) in page
    stop = text(cfo, side.url("budgets:stop", budget_id=side.budget.id))
    for said in (words, "night-batch", "$620", "Tighten the thresholds", "Ask for an exception"):
        assert said in stop, said
    less = text(viewer, side.url("budgets:stop", budget_id=side.budget.id))
    assert "Tighten the thresholds" not in less
    assert "Take it on" not in less
    take = side.url("budgets:burn_take", burn_id=side.burn.id)
    assert viewer.get(take).status_code == 403
    assert viewer.post(take, {"version": 1}).status_code == 403
    text(cfo, take)
    assert cfo.post(take, {"version": 1, "note": "On it"}).status_code == 302
    assert cfo.post(take, {"version": 1, "note": "On it"}).status_code == 409
    listed = text(viewer, side.url("budgets:burns"))
    assert "1 budget burns" in listed
    assert "6.2×" in listed
    assert "Nothing matches" in text(viewer, side.url("budgets:burns"), state="eased")
    url = side.url("budgets:burns")
    exported = b"".join(viewer.get(url, {"format": "csv"}).streaming_content).decode()
    assert "6.2" in exported
    assert "On it" in exported
    empty = text(world.b.client(Role.CFO), world.b.url("budgets:burns"))
    assert "No budget burns" in empty


def test_burns_over_the_api(side, client):
    headers, url = side.key_headers, "/api/v1/budgets/burns/"
    (row,) = client.get(url, {"state": "burning"}, headers=headers).json()["results"]
    assert (row["budget"], row["rate_percent"], row["runs_out_on"]) == (
        "AI spend",
        620,
        "2026-11-14",
    )
    one = f"{url}{row['id']}/"
    assert client.get(one, headers=headers).json() == row

    def take(version):
        return client.post(
            f"{one}take/", {"version": version}, content_type="application/json", headers=headers
        )

    assert take(0).status_code == 422
    assert take(1).json()["version"] == 2
    assert take(1).status_code == 409
