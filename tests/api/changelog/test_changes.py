"""Changes over the API: what a pipeline does."""

from apps.ledger.changelog.models import CapabilityChange
from tests.factories.organizations import make_api_key
from tests.factories.portfolio import make_capability

URL = "/api/v1/changes/"
RELEASE = {"capability": "claims", "kind": "release", "title": "2.3", "reference": "build-81"}


def call(client, side, method, url, data=None, headers=None):
    return getattr(client, method)(
        url, data, content_type="application/json", headers=headers or side.key_headers
    )


def test_a_pipeline_records_a_release_and_repeats_itself(world, client):
    side = world.a
    with side.scope():
        make_capability("Claims", unit_id=side.units["core"].id)
    made = call(client, side, "post", URL, RELEASE)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["capability"], body["origin"], body["version"]) == ("claims", "api", 1)
    again = call(client, side, "post", URL, RELEASE)
    assert (again.status_code, again.json()) == (200, body)
    other = call(client, side, "post", URL, RELEASE | {"title": "2.4"})
    assert (other.status_code, other.json()["code"]) == (409, "reference_taken")
    one = f"{URL}{body['id']}/"
    assert call(client, side, "get", one).json() == body
    changed = call(client, side, "patch", one, {"version": 1, "link": "https://ci.example/81"})
    assert (changed.json()["link"], changed.json()["version"]) == ("https://ci.example/81", 2)
    assert call(client, side, "patch", one, {"version": 1, "title": "x"}).status_code == 409
    gone = call(client, side, "post", f"{one}withdraw/", {"version": 2, "reason": "Not out."})
    assert gone.json()["withdrawn_reason"] == "Not out."
    listed = call(client, side, "get", f"{URL}?capability=claims&withdrawn=true").json()
    assert [row["id"] for row in listed["results"]] == [body["id"]]
    assert call(client, side, "get", f"{URL}?withdrawn=false").json()["results"] == []
    assert call(client, side, "get", f"{URL}?day_to=2020-01-01").json()["results"] == []


def test_refusals_write_nothing(world, client):
    side = world.a
    with side.scope():
        make_capability("Claims", unit_id=side.units["core"].id)
        _, secret = make_api_key("Reader", scopes=["capability.view"])
    for words, field in (
        ({"capability": "nothing"}, "capability"),
        ({"kind": "toy"}, "kind"),
        ({"title": ""}, "title"),
        ({"link": "ftp://x"}, "link"),
    ):
        refused = call(client, side, "post", URL, RELEASE | words)
        assert refused.status_code == 422, words
        assert [e["field"] for e in refused.json()["errors"]] == [field]
    reader = {"Authorization": f"Bearer {secret}"}
    assert call(client, side, "post", URL, RELEASE, reader).status_code == 403
    assert call(client, side, "get", URL, headers=reader).status_code == 200
    assert call(client, world.b, "post", URL, RELEASE).status_code == 422
    with side.scope():
        assert CapabilityChange.objects.count() == 0
