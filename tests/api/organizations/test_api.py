"""The organization through the API: with a key, and with a browser's session."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from apps.access.roles import Role
from apps.common import clock
from apps.organizations import services
from apps.organizations.models import ApiKey, Invitation, RoleBinding, Unit
from apps.trail.models import TrailEvent

BASE = "/api/v1"


def call(side, method: str, path: str, body=None, *, as_role: Role | None = None, **headers):
    """With the world's key, or as a person in a browser."""
    if as_role is None:
        client, auth = Client(), side.key_headers
    else:
        client, auth = side.client(as_role), {"X-TokenOps-Organization": side.organization.slug}
    return client.generic(
        method,
        BASE + path,
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers=auth | headers,
    )


def test_who_am_i(world):
    mine = call(world.a, "GET", "/me/").json()
    assert (mine["kind"], mine["id"], mine["organization"]) == (
        "service",
        str(world.a.key.id),
        "acme",
    )
    assert "usage.write" in mine["permissions"]
    assert "approval.decide" not in mine["permissions"]
    person = call(world.a, "GET", "/me/", as_role=Role.CFO).json()
    assert (person["kind"], person["roles"]) == ("user", ["cfo"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer tok_wrong"}])
def test_without_a_valid_key_401(world, headers):
    world.a.organization  # noqa: B018 -- created on first use
    answer = Client().get(BASE + "/me/", headers=headers)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("end", ["expired", "revoked"])
def test_a_dead_key_401(world, end):
    headers = world.a.key_headers
    past = clock.now() - timedelta(minutes=5)
    with world.a.scope():
        ApiKey.objects.update(**{"expires_at" if end == "expired" else "revoked_at": past})
    assert Client().get(BASE + "/me/", headers=headers).status_code == 401


def test_a_session_needs_its_csrf_token_to_write(world):
    person = world.a.person(Role.OWNER)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person.user)
    headers = {"X-TokenOps-Organization": "acme"}
    body = json.dumps({"name": "X"})
    url = BASE + "/organization/"
    assert strict.get(url, headers=headers).status_code == 200
    refused = strict.patch(url, body, content_type="application/json", headers=headers)
    assert refused.status_code == 403
    key = Client(enforce_csrf_checks=True).get(url, headers=world.a.key_headers)
    assert key.status_code == 200


def test_a_session_of_another_organization_401(world):
    browser = world.b.client()
    answer = browser.get(BASE + "/me/", headers={"X-TokenOps-Organization": "acme"})
    assert answer.status_code == 401


def test_the_last_use_of_a_key_is_recorded(world):
    assert world.a.key.last_used_at is None
    call(world.a, "GET", "/me/")
    with world.a.scope():
        assert clock.now() - ApiKey.objects.get().last_used_at < timedelta(seconds=10)


def test_settings(world):
    assert call(world.a, "GET", "/organization/").json()["slug"] == "acme"
    assert call(world.a, "PATCH", "/organization/", {"name": "X"}).status_code == 403
    changed = call(world.a, "PATCH", "/organization/", {"currency": "EUR"}, as_role=Role.ADMIN)
    assert (changed.json()["name"], changed.json()["currency"]) == ("Acme", "EUR")
    bad = call(world.a, "PATCH", "/organization/", {"timezone": "Mars/X"}, as_role=Role.ADMIN)
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"] == "timezone"


def test_units(world):
    units = world.a.units
    body = {"name": "Data", "parent_id": str(units["claims"].id), "cost_centre": "CC-3"}
    made = call(world.a, "POST", "/units/", body)
    assert made.status_code == 201
    unit = f"/units/{made.json()['id']}/"
    assert call(world.a, "POST", "/units/", body).status_code == 409
    changed = call(world.a, "PATCH", unit, {"name": "Data science"}).json()
    assert (changed["name"], changed["cost_centre"]) == ("Data science", "CC-3")
    moved = call(world.a, "POST", f"{unit}move/", {"parent_id": str(units["apps"].id)})
    assert moved.json()["parent_id"] == str(units["apps"].id)
    assert call(world.a, "POST", f"{unit}retire/", {}).json()["is_active"] is False
    assert call(world.a, "POST", f"{unit}restore/").json()["is_active"] is True
    found = call(world.a, "GET", f"/units/?parent_id={units['apps'].id}").json()["results"]
    assert [row["code"] for row in found] == ["data"]
    assert len(call(world.a, "GET", "/units/").json()["results"]) == 7


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "X"}, "parent_id"),
        ({"name": "", "parent_id": str(uuid4())}, "name"),
        ({"name": "X", "parent_id": "nowhere"}, "parent_id"),
        ({"name": "X", "parent_id": str(uuid4()), "kind": "galaxy"}, "kind"),
    ],
)
def test_bad_units(world, body, field):
    answer = call(world.a, "POST", "/units/", body)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_foreign_objects_are_404_everywhere(world):
    side, other = world.a, world.b
    unit, person, key = other.units["core"].id, other.person(Role.MEMBER), other.key.id
    with other.scope():
        binding = RoleBinding.objects.get(membership_id=person.membership.id).id
        invitation = services.invite_person(
            actor=other.actor(Role.OWNER), email="x@example.com", role=Role.MEMBER
        ).id
    member = person.membership.id
    calls = [
        ("GET", f"/units/{unit}/", None),
        ("PATCH", f"/units/{unit}/", {"name": "X"}),
        ("POST", f"/units/{unit}/move/", {"parent_id": str(side.units["core"].id)}),
        ("POST", f"/units/{unit}/retire/", {}),
        ("POST", f"/units/{unit}/restore/", {}),
        ("GET", f"/people/{member}/", None),
        ("POST", f"/people/{member}/roles/", {"role": "viewer"}),
        ("DELETE", f"/people/{member}/roles/{binding}/", None),
        ("POST", f"/people/{member}/suspend/", {}),
        ("POST", f"/people/{member}/restore/", {}),
        ("GET", f"/invitations/{invitation}/", None),
        ("DELETE", f"/invitations/{invitation}/", None),
        ("POST", f"/invitations/{invitation}/resend/", None),
        ("GET", f"/api-keys/{key}/", None),
        ("DELETE", f"/api-keys/{key}/", None),
        ("POST", f"/api-keys/{key}/rotate/", None),
    ]
    for method, path, body in calls:
        answer = call(side, method, path, body, as_role=Role.OWNER)
        assert answer.status_code == 404, (method, path, answer.content)
    with other.scope():
        assert RoleBinding.objects.filter(id=binding).exists()
        assert Invitation.objects.get().state().value == "open"


def test_people_and_roles(world):
    person = world.a.person(Role.MEMBER)
    path = f"/people/{person.membership.id}/"
    listed = call(world.a, "GET", "/people/").json()["results"]
    assert {row["email"] for row in listed} == {"alice@acme.example", person.user.email}
    given = call(world.a, "POST", f"{path}roles/", {"role": "cfo"}, as_role=Role.ADMIN)
    assert given.status_code == 201
    again = call(world.a, "POST", f"{path}roles/", {"role": "cfo"}, as_role=Role.ADMIN)
    assert again.status_code == 409
    assert call(world.a, "POST", f"{path}roles/", {"role": "cfo"}).status_code == 403
    roles = {row["role"] for row in call(world.a, "GET", path).json()["roles"]}
    assert roles == {"member", "cfo"}
    taken = call(world.a, "DELETE", f"{path}roles/{given.json()['id']}/", as_role=Role.ADMIN)
    assert taken.status_code == 204
    suspended = call(world.a, "POST", f"{path}suspend/", {"reason": "Left"}, as_role=Role.ADMIN)
    assert suspended.json()["is_active"] is False
    restored = call(world.a, "POST", f"{path}restore/", {}, as_role=Role.ADMIN)
    assert restored.json()["is_active"] is True


def test_a_refused_call_leaves_nothing(world):
    person = world.a.person(Role.CFO)
    viewer = world.a.person(Role.VIEWER)
    with world.a.scope():
        before = TrailEvent.objects.count()
    path = f"/people/{person.membership.id}/suspend/"
    assert call(world.a, "POST", path, {}, as_role=Role.VIEWER).status_code == 403
    assert viewer.actor.roles == {Role.VIEWER}
    with world.a.scope():
        assert TrailEvent.objects.count() == before


def test_invitations(world):
    body = {"email": "new@acme.example", "role": "auditor"}
    made = call(world.a, "POST", "/invitations/", body, as_role=Role.ADMIN)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    path = f"/invitations/{made.json()['id']}/"
    assert call(world.a, "POST", "/invitations/", body, as_role=Role.ADMIN).status_code == 409
    assert call(world.a, "POST", f"{path}resend/", as_role=Role.ADMIN).status_code == 200
    assert call(world.a, "DELETE", path, as_role=Role.ADMIN).status_code == 204
    assert call(world.a, "GET", path, as_role=Role.AUDITOR).json()["state"] == "revoked"


def test_a_key_may_not_invite_because_it_may_not_give_roles(world):
    body = {"email": "new@acme.example", "role": "auditor"}
    assert call(world.a, "POST", "/invitations/", body).status_code == 403


def test_keys(world):
    body = {"name": "Gateway", "scopes": ["usage.write"]}
    made = call(world.a, "POST", "/api-keys/", body, as_role=Role.TOKENOPS_LEAD)
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    secret = made.json()["secret"]
    works = Client().get(BASE + "/units/", headers={"Authorization": f"Bearer {secret}"})
    assert works.status_code == 403
    path = f"/api-keys/{made.json()['id']}/"
    assert "secret" not in call(world.a, "GET", path, as_role=Role.TOKENOPS_LEAD).json()
    rotated = call(world.a, "POST", f"{path}rotate/", as_role=Role.TOKENOPS_LEAD)
    assert rotated.json()["replaces_id"] == made.json()["id"]
    assert call(world.a, "DELETE", path, as_role=Role.TOKENOPS_LEAD).status_code == 204
    again = call(world.a, "POST", f"{path}rotate/", as_role=Role.TOKENOPS_LEAD)
    assert again.status_code == 409
    assert call(world.a, "POST", "/api-keys/", body).status_code == 403


def test_a_repeated_call_makes_one_key_and_shows_no_secret_again(world):
    body = {"name": "Gateway", "scopes": ["usage.write"]}
    headers = {"Idempotency-Key": str(uuid4())}
    first = call(world.a, "POST", "/api-keys/", body, as_role=Role.OWNER, **headers)
    second = call(world.a, "POST", "/api-keys/", body, as_role=Role.OWNER, **headers)
    assert first.json()["secret"].startswith("tok_")
    assert second.json() == first.json() | {"secret": None}
    with world.a.scope():
        assert ApiKey.objects.count() == 1


def test_pages_follow_each_other(world):
    world.a.units  # noqa: B018 -- created on first use
    with world.a.scope():
        expected = set(map(str, Unit.objects.values_list("id", flat=True)))
    seen, url = set(), "/units/?page_size=2"
    while url:
        page = call(world.a, "GET", url).json()
        assert len(page["results"]) <= 2
        seen |= {row["id"] for row in page["results"]}
        url = page["next"] and page["next"].split(BASE, 1)[1]
    assert seen == expected


def test_a_key_costs_few_queries(world, django_assert_max_num_queries):
    headers = world.a.key_headers
    Client().get(BASE + "/me/", headers=headers)
    with django_assert_max_num_queries(8):
        Client().get(BASE + "/me/", headers=headers)
