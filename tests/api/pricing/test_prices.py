"""Prices through the API."""

import pytest

from apps.access.permissions import P
from tests.factories.organizations import make_api_key
from tests.factories.pricing import load_prices, make_rate

pytestmark = pytest.mark.django_db
RATE = {
    "name": "Contract 7",
    "provider": "OpenAI",
    "kind": "discount",
    "discount_percent": "12.50",
    "starts_on": "2099-01-01",
}


@pytest.fixture
def api(world, client):
    load_prices()

    def call(method, path, data=None, headers=None, **extra):
        send = getattr(client, method)
        given = {**(headers or world.a.key_headers), **extra}
        url = f"/api/v1/{path}"
        if method in ("get", "delete"):
            return send(url, headers=given)
        return send(url, data, content_type="application/json", headers=given)

    return call


def test_models_carry_todays_prices(api):
    found = api("get", "models/?provider=openai&model=gpt-5").json()["results"]
    assert [(m["model"], m["input_price"], m["output_price"]) for m in found] == [
        ("gpt-5", "1.25", "10")
    ]
    assert api("get", "models/?q=claude%20opus").json()["results"]


def test_list_prices_are_dated_and_tiered(api):
    rows = api("get", "prices/?provider=openai&model=gpt-5&on=2026-11-20").json()["results"]
    by_tier = {row["tier"]: row["rates"]["input_uncached"] for row in rows}
    assert by_tier["standard"] == "1.25"
    assert by_tier["batch"] == "0.625"
    assert all(row["currency"] == "USD" for row in rows)


def test_a_use_is_priced(api):
    body = {
        "provider": "openai",
        "model": "gpt-5-2025-08-07",
        "tokens": {"input_uncached": 1104, "cache_read": 4096, "output": 930},
        "at": "2026-11-20T00:00:00Z",
    }
    found = api("post", "prices/estimate/", body).json()
    assert found["cost"] == {"nanos": 11_192_000, "currency": "USD", "amount": "0.011192000"}
    assert (found["status"], found["model"]) == ("exact", "gpt-5")
    unknown = api("post", "prices/estimate/", {**body, "model": "no-such"}).json()
    assert (unknown["cost"], unknown["status"]) == (None, "unpriced")
    assert unknown["reason"]
    wrong = api("post", "prices/estimate/", {**body, "tokens": {"output": -1}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "tokens.output"


def test_a_rate_is_added_changed_ended_and_withdrawn(api):
    made = api("post", "negotiated-rates/", RATE)
    assert made.status_code == 201
    rate = made.json()
    assert (rate["provider"], rate["discount_percent"]) == ("openai", "12.50")
    path = f"negotiated-rates/{rate['id']}/"
    changed = api("put", path, {**RATE, "discount_percent": "20", "version": rate["version"]})
    assert changed.json()["discount_percent"] == "20.00"
    stale = api("put", path, {**RATE, "version": rate["version"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_changed")
    ended = api("post", f"{path}end/", {"ends_on": "2099-06-01", "version": 2})
    assert ended.json()["ends_on"] == "2099-06-01"
    assert api("delete", path).status_code == 204
    assert api("get", path).status_code == 404


def test_fixed_prices_are_written_by_kind(api):
    body = {**RATE, "kind": "fixed", "discount_percent": None, "rates": {"output": "8.5"}}
    found = api("post", "negotiated-rates/", body).json()
    assert found["rates"]["output"] == "8.5"
    assert found["rates"]["input_uncached"] is None


def test_wrong_rates_name_the_field(api):
    answer = api("post", "negotiated-rates/", {**RATE, "discount_percent": "0"})
    assert answer.status_code == 422
    assert "discount_percent" in [e["field"] for e in answer.json()["errors"]]


def test_keys_without_the_permission_and_other_organizations_stay_outside(world, api):
    with world.a.scope():
        rate = make_rate()
        _, secret = make_api_key("Reader", scopes=[P.PRICE_VIEW])
    reader = {"Authorization": f"Bearer {secret}"}
    assert api("get", "models/", headers=reader).status_code == 200
    assert api("post", "negotiated-rates/", RATE, headers=reader).status_code == 403
    other = world.b.key_headers
    assert api("get", f"negotiated-rates/{rate.id}/", headers=other).status_code == 404
    assert api("delete", f"negotiated-rates/{rate.id}/", headers=other).status_code == 404
    assert api("get", "negotiated-rates/", headers=other).json()["results"] == []


def test_where_models_stand(world, api):
    body = {"provider": "openai", "model": "gpt-5", "standing": "standard"}
    made = api("post", "model-standings/", body)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert api("post", "model-standings/", {**body, "standing": "allowed"}).status_code == 409
    assert api("post", "model-standings/", {**body, "standing": "fine"}).status_code == 422
    found = api("get", "model-standings/?standing=standard").json()["results"]
    assert [(r["provider"], r["model"], r["changed_by_name"]) for r in found] == [
        ("openai", "gpt-5", world.a.key.name)
    ]
    (shown,) = api("get", "models/?provider=openai&model=gpt-5").json()["results"]
    assert shown["standing"] == "standard"
    other = api("get", "model-standings/", headers=world.b.key_headers).json()["results"]
    assert other == []
    with world.a.scope():
        _, secret = make_api_key("Reads", scopes=[P.PRICE_VIEW])
    headers = {"Authorization": f"Bearer {secret}"}
    assert api("post", "model-standings/", body, headers=headers).status_code == 403
