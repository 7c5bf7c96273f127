"""Capabilities over the API."""

from apps.access.roles import Role
from apps.portfolio.models import Capability
from tests.factories.portfolio import make_capability

URL = "/api/v1/capabilities/"


def call(client, side, method, url, data=None):
    return getattr(client, method)(
        url, data, content_type="application/json", headers=side.key_headers
    )


def test_add_read_change_retire(world, client):
    side = world.a
    unit = side.units["core"]
    made = call(
        client,
        side,
        "post",
        URL,
        {"name": "Claims triage", "kind": "production", "unit_id": str(unit.id)},
    )
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["slug"], body["stage"], body["tier"], body["version"]) == (
        "claims-triage",
        "experiment",
        "",
        1,
    )
    one = f"{URL}{body['id']}/"
    assert call(client, side, "get", one).json() == body
    changed = call(client, side, "patch", one, {"version": 1, "stage": "pilot"})
    assert (changed.json()["stage"], changed.json()["version"]) == ("pilot", 2)
    stale = call(client, side, "patch", one, {"version": 1, "stage": "production"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    retired = call(client, side, "post", f"{one}retire/", {"version": 2, "reason": "Done."})
    assert (retired.json()["stage"], retired.json()["retired_at"] is None) == ("retired", False)
    assert call(client, side, "post", f"{one}retire/", {"version": 3}).status_code == 409
    listed = call(client, side, "get", f"{URL}?slug=claims-triage").json()
    assert [row["id"] for row in listed["results"]] == [body["id"]]
    assert call(client, side, "get", f"{URL}?stage=pilot").json()["results"] == []


def test_refusals(world, client):
    side = world.a
    unit = str(side.units["core"].id)
    values = {"name": "x", "kind": "production", "unit_id": unit}
    for change, status, field in (
        ({"kind": "toy"}, 422, "kind"),
        ({"name": ""}, 422, "name"),
        ({"slug": "No Spaces"}, 422, "slug"),
        ({"stage": "retired"}, 422, "stage"),
    ):
        refused = call(client, side, "post", URL, {**values, **change})
        assert refused.status_code == status
        assert [e["field"] for e in refused.json()["errors"]] == [field]
    assert (
        call(client, side, "post", URL, {**values, "unit_id": str(world.b.id)}).status_code == 404
    )
    call(client, side, "post", URL, {**values, "slug": "taken"})
    assert call(client, side, "post", URL, {**values, "slug": "taken"}).status_code == 409
    with side.scope():
        assert Capability.objects.count() == 1


def test_the_other_organization(world, client):
    with world.b.scope():
        theirs = make_capability()
    assert call(client, world.a, "get", f"{URL}{theirs.id}/").status_code == 404
    patched = call(client, world.a, "patch", f"{URL}{theirs.id}/", {"version": 1, "name": "Mine"})
    assert patched.status_code == 404
    assert call(client, world.a, "get", URL).json()["results"] == []


def test_a_viewer_reads_and_a_stranger_does_not(world):
    side = world.a
    with side.scope():
        make_capability()
    browser = side.client(Role.VIEWER)
    header = {"X-TokenOps-Organization": side.organization.slug}
    assert len(browser.get(URL, headers=header).json()["results"]) == 1
    refused = browser.post(URL, {}, content_type="application/json", headers=header)
    assert refused.status_code == 403
    from django.test import Client

    assert Client().get(URL).status_code == 401


def test_production_without_guardrails_is_refused(world, client):
    side = world.a
    with side.scope():
        capability = make_capability()
    one = f"{URL}{capability.id}/"
    refused = call(client, side, "patch", one, {"version": 1, "stage": "production"})
    assert (refused.status_code, refused.json()["code"]) == (422, "guardrails_missing")
    (error,) = refused.json()["errors"]
    assert error["field"] == "stage"
    assert "no budget of its own" in error["message"]
    assert "budget with a limit, thresholds and an owner" in error["fix"]
    with side.scope():
        assert (Capability.objects.get().stage, Capability.objects.get().version) == (
            capability.stage, 1,
        )  # fmt: skip
