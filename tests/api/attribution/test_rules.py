"""Attribution rules through the API."""

import pytest

from apps.access.permissions import P
from tests.factories.attribution import make_rule
from tests.factories.organizations import make_api_key

pytestmark = pytest.mark.django_db
URL = "/api/v1/attribution-rules/"
CONDITION = {"field": "api_key", "operator": "in", "values": ["bot", "bot-2"]}


@pytest.fixture
def api(world, client):
    def call(method, path="", data=None, headers=None):
        send = getattr(client, method)
        given = headers or world.a.key_headers
        if method in ("get", "delete"):
            return send(f"{URL}{path}", headers=given)
        return send(f"{URL}{path}", data, content_type="application/json", headers=given)

    return call


def test_rules_are_made_ordered_changed_and_retired(world, api):
    unit = str(world.a.units["apps"].id)
    made = api("post", "", {"name": "Bots", "conditions": [CONDITION], "unit_id": unit})
    assert made.status_code == 201
    rule = made.json()
    assert rule["conditions"][0]["values"] == ["bot", "bot-2"]
    first = api("post", "", {"name": "First", "phase": "testing", "position": 1}).json()
    assert first["position"] == 1
    order = api("put", "order/", {"rule_ids": [rule["id"], first["id"]]})
    assert order.status_code == 204
    stale = api("put", "order/", {"rule_ids": [rule["id"]]})
    assert (stale.status_code, stale.json()["code"]) == (409, "rules_changed")
    changed = api(
        "put",
        f"{rule['id']}/",
        {"name": "Bots", "phase": "production", "version": 1, "position": 2},
    ).json()
    assert (changed["position"], changed["phase"]) == (2, "production")
    assert api("delete", f"{rule['id']}/").status_code == 204
    assert api("get", f"{rule['id']}/").json()["status"] == "retired"
    assert len(api("get", "?status=active").json()["results"]) == 1


def test_the_rules_answer_whom_usage_belongs_to(world, api):
    unit = str(world.a.units["apps"].id)
    rule = api("post", "", {"name": "Bots", "conditions": [CONDITION], "unit_id": unit}).json()
    found = api("post", "ask/", {"api_key": "BOT", "tags": {"a": "b"}}).json()
    assert (found["unit_id"], found["confidence"], found["rule_id"]) == (unit, "rule", rule["id"])
    assert api("post", "ask/", {}).json()["confidence"] == "none"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "unit"),
        ({"name": "x", "phase": "later"}, "phase"),
        ({"name": "x", "phase": "testing", "conditions": [{**CONDITION, "field": "y"}]}, "cond"),
        ({"name": "x", "phase": "testing", "conditions": [{**CONDITION, "field": "tag"}]}, "cond"),
        ({"phase": "testing"}, "name"),
    ],
)
def test_wrong_rules_name_the_field(api, body, field):
    answer = api("post", "", body)
    assert answer.status_code == 422
    assert any(error["field"].startswith(field) for error in answer.json()["errors"])


def test_keys_without_the_permission_and_other_organizations_stay_outside(world, api):
    with world.a.scope():
        rule = make_rule()
        _, secret = make_api_key("Reader", scopes=[P.ATTRIBUTION_VIEW])
    reader = {"Authorization": f"Bearer {secret}"}
    assert api("get", "", headers=reader).status_code == 200
    assert api("delete", f"{rule.id}/", headers=reader).status_code == 403
    other = world.b.key_headers
    assert api("get", f"{rule.id}/", headers=other).status_code == 404
    assert api("delete", f"{rule.id}/", headers=other).status_code == 404
    assert api("get", "", headers=other).json()["results"] == []
