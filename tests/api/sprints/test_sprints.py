"""Sprints over the API."""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.sprints.models import Sprint
from tests.factories.organizations import make_api_key
from tests.factories.stories import make_prices, make_submitted

URL = "/api/v1/sprints/"


@pytest.fixture
def side(world):
    a = world.a
    assert a.units
    assert a.key_headers
    with time_machine.travel(datetime(2026, 11, 21, 9, tzinfo=UTC), tick=False):
        yield a


def call(client, side, method, url, data=None, headers=None):
    return getattr(client, method)(
        url, data, content_type="application/json", headers=headers or side.key_headers
    )


def test_the_life_of_a_sprint(side, client):
    with side.scope():
        make_prices()
        story = make_submitted(side.key_actor, side.units["core"].id)
    one = {"name": "Sprint 1", "starts_on": "2027-02-01", "ends_on": "2027-02-14"}
    body = {"unit_id": str(side.units["core"].id), "sprints": [one]}
    made = call(client, side, "post", URL, body)
    assert made.status_code == 201, made.content
    again = call(client, side, "post", URL, body)
    assert again.status_code == 422
    url = f"{URL}{made.json()['results'][0]['id']}/"
    found = call(client, side, "get", url).json()
    assert [s["ref"] for s in found["stories"]] == [story.ref]
    assert found["forecast"]["nanos"] == 1_269_087_120_000
    assert found["used"] is None
    chosen = call(client, side, "put", f"{url}stories/{story.id}/", {"is_in": False}).json()
    assert (chosen["stories"], chosen["taken_out"]) == ([], [story.ref])
    changed = call(client, side, "put", url, one | {"version": 2, "goal": "Pilot"})
    assert (changed.json()["version"], changed.json()["goal"]) == (3, "Pilot")
    assert "# Sprint 1" in call(client, side, "get", f"{url}retro/").json()["markdown"]
    assert call(client, side, "delete", f"{url}?version=2").status_code == 409
    assert call(client, side, "delete", url).status_code == 422
    assert call(client, side, "delete", f"{url}?version=3").status_code == 204
    assert call(client, side, "get", URL).json()["results"] == []
    with side.scope():
        assert not Sprint.objects.exists()


def test_a_key_that_reads_adds_nothing(side, client):
    with side.scope():
        _, secret = make_api_key("Reader", scopes=["story.view"])
    one = {"name": "Sprint 1", "starts_on": "2027-02-01", "ends_on": "2027-02-14"}
    body = {"unit_id": str(side.units["core"].id), "sprints": [one]}
    headers = {"Authorization": f"Bearer {secret}"}
    assert call(client, side, "post", URL, body, headers).status_code == 403
    with side.scope():
        assert not Sprint.objects.exists()
