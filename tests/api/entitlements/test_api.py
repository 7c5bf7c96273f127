"""Entitlements over the API: read, ended, use, context, tiers."""

from datetime import UTC, datetime

import pytest

from apps.access.permissions import P
from apps.access.roles import Role
from apps.entitlements.models import Entitlement, TierAssignment
from apps.organizations.services import create_api_key

pytestmark = pytest.mark.django_db
URL = "/api/v1/entitlements/"


def call(desk, client, method, path="", data=None):
    return getattr(client, method)(
        f"{URL}{path}", data, content_type="application/json", headers=desk.org.key_headers
    )


def test_listed_read_and_ended(desk, client):
    desk.answer(desk.ask())
    body = call(desk, client, "get").json()["results"]
    assert [(r["ref"], r["gives"], r["capability_id"], r["last"]) for r in body] == [
        ("EN-0001", "premium", str(desk.capability.id), "2026-12-31")
    ]
    assert call(desk, client, "get", "?state=ended").json()["results"] == []
    one = f"{body[0]['id']}/"
    assert call(desk, client, "get", one).json() == body[0]
    stale = call(desk, client, "post", f"{one}end/", {"version": 9, "reason": "x"})
    assert stale.status_code == 409
    with desk.org.scope():
        assert Entitlement.objects.get().ended_on is None
    ended = call(desk, client, "post", f"{one}end/", {"version": 1, "reason": "Over."})
    assert (ended.status_code, ended.json()["last"]) == (200, "2026-11-19")


def test_use_and_context(desk, client):
    desk.used(12)
    body = call(desk, client, "get", "use/").json()
    assert [(r["model"], r["outside"]) for r in body["lines"]] == [
        ("big", {"tokens": 1_100, "cost_nanos": 14_000_000})
    ]
    wrong = call(desk, client, "get", "use/?start=2026-11-02&end=2026-11-01")
    assert wrong.status_code == 422
    body = call(desk, client, "get", "context/").json()["results"]
    assert [(r["capability"], r["limit"], r["p95"], r["state"]) for r in body] == [
        ("Claims", 32_000, None, "unknown")
    ]


def test_tiers_in_force_and_set(desk, client):
    asked = {"user": "ada", "tier": "heavy", "version": 0}
    assert call(desk, client, "put", "tiers/", asked).json()["tier"] == "heavy"
    assert call(desk, client, "put", "tiers/", asked).status_code == 409
    assert call(desk, client, "put", "tiers/", {"tier": "heavy", "version": 0}).status_code == 422
    body = call(desk, client, "get", "tiers/").json()["results"]
    assert [(r["name"], r["why"], r["context_to"]) for r in body if r["holder"] == "user"] == [
        ("ada", "own", 200_000)
    ]
    with desk.org.scope():
        assert TierAssignment.objects.count() == 1


def test_a_key_without_the_permission_is_refused(desk, client):
    with desk.org.scope():
        _, secret = create_api_key(
            actor=desk.org.actor(Role.OWNER),
            name="Reader",
            scopes=[P.CAPABILITY_VIEW],
            expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        )
    headers = {"Authorization": f"Bearer {secret}"}
    refused = client.put(
        f"{URL}tiers/",
        {"user": "ada", "tier": "heavy", "version": 0},
        content_type="application/json",
        headers=headers,
    )
    assert refused.status_code == 403
    with desk.org.scope():
        assert not TierAssignment.objects.exists()
