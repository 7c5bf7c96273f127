"""The trail over the API: read by those who may, changed by none."""

import pytest

from apps.access.roles import Role
from apps.trail.models import TrailEvent
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
URL = "/api/v1/trail/"


@pytest.fixture
def org(world):
    world.a.key  # noqa: B018 -- making it is an event too
    with world.a.scope():
        make_capability(unit_id=world.a.units["platform"].id, slug="assist", name="Assist")
    return world.a


def test_events_are_filtered_and_shown_whole(org, client):
    found = client.get(URL, {"object_type": "capability"}, headers=org.key_headers).json()[
        "results"
    ]
    assert [event["action"] for event in found] == ["capability.added"]
    one = client.get(f"{URL}{found[0]['id']}/", headers=org.key_headers).json()
    assert one == found[0]
    assert client.get(URL, {"action": "x.y"}, headers=org.key_headers).json()["results"] == []


def test_the_chain_is_verified_on_demand_and_that_is_recorded(org, client):
    answer = client.post(f"{URL}seal/", headers=org.key_headers)
    assert answer.status_code == 200, answer.content
    assert answer.json()["holds"] is True
    with org.scope():
        assert TrailEvent.objects.filter(action="trail.verified").count() == 1


def test_without_the_permission_there_is_no_trail(org):
    headers = {"X-TokenOps-Organization": org.slug}
    assert org.client(Role.MEMBER).get(URL, headers=headers).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_method_changes_it(org, client, method):
    with org.scope():
        before = TrailEvent.objects.count()
    answer = getattr(client, method)(URL, headers=org.key_headers)
    assert answer.status_code == 405
    with org.scope():
        assert TrailEvent.objects.count() == before
