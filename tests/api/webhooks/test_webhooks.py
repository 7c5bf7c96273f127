"""Webhooks over the API."""

import pytest

from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.factories.webhooks import ADDRESS

pytestmark = pytest.mark.django_db
URL = "/api/v1/webhooks/"
NEW = {"name": "Finance", "address": ADDRESS, "actions": ["budget.*"]}


@pytest.fixture
def call(world, client):
    headers = world.a.key_headers

    def send(method, url, data=None, **more):
        return getattr(client, method)(
            url, data, content_type="application/json", headers={**headers, **more}
        )

    return send


def test_the_life_of_a_webhook(world, call):
    made = call("post", URL, NEW)
    assert made.status_code == 201, made.content
    body = made.json()
    one = f"{URL}{body['id']}/"
    assert body["secret"].startswith("whsec_")
    assert (body["host"], body["form"], body["status"]) == ("hooks.example.com", "signed", "active")
    assert "secret" not in call("get", one).json()
    sent = call("post", f"{one}test/")
    assert (sent.status_code, sent.json()["status"]) == (202, "waiting")
    again = call("post", f"{one}deliveries/{sent.json()['id']}/repeat/")
    assert (again.status_code, again.json()["code"]) == (409, "delivery_waiting")
    assert [d["action"] for d in call("get", f"{one}deliveries/").json()["results"]] == [
        "webhook.test"
    ]
    rotated = call("post", f"{one}rotate/", {"version": 1}).json()
    assert rotated["secret"] != body["secret"]
    assert call("post", f"{one}pause/", {"version": 1, "reason": "x"}).status_code == 409
    paused = call("post", f"{one}pause/", {"version": 2, "reason": "x"}).json()
    assert (paused["status"], paused["version"]) == ("paused", 3)
    assert call("post", f"{one}resume/", {"version": 3}).json()["status"] == "active"
    changed = call("put", one, {"version": 4, "name": "Books", "actions": []}).json()
    assert (changed["name"], changed["actions"], changed["host"]) == (
        "Books",
        [],
        "hooks.example.com",
    )
    assert call("delete", one, {"version": 5}).status_code == 204
    assert call("get", one).status_code == 404
    with world.a.scope():
        assert WebhookDelivery.objects.count() == 1


def test_bad_input_is_a_problem_and_writes_nothing(world, call):
    for change, field in (
        ({"address": "ftp://x"}, "address"),
        ({"actions": ["nothing.like.it"]}, "actions"),
        ({"name": ""}, "name"),
        ({"form": "fax"}, "form"),
    ):
        refused = call("post", URL, NEW | change)
        assert refused.status_code == 422
        assert [e["field"] for e in refused.json()["errors"]] == [field]
    with world.a.scope():
        assert WebhookEndpoint.objects.count() == 0


def test_a_repeated_call_adds_one(world, call):
    first, second = (call("post", URL, NEW, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json()["secret"].startswith("whsec_")
    assert second.json() == {**first.json(), "secret": None}
    with world.a.scope():
        assert WebhookEndpoint.objects.count() == 1
