"""Every settings page: who may open it, what it shows, what its buttons do."""

import re

import pytest
from django.test import Client

from apps.access.roles import Role
from apps.organizations import selectors, services
from apps.organizations.models import ApiKey, Invitation, Membership, RoleBinding, Unit
from apps.trail.models import TrailEvent
from tests.factories.accounts import PASSWORD, make_user

ALL = frozenset(
    {
        Role.OWNER,
        Role.ADMIN,
        Role.CIO,
        Role.CTO,
        Role.CFO,
        Role.CDO,
        Role.EA,
        Role.TOKENOPS_LEAD,
        Role.TOKENOPS_ANALYST,
        Role.UNIT_LEAD,
        Role.MEMBER,
        Role.AUDITOR,
        Role.VIEWER,
    }
)
SEES_PEOPLE = ALL - {Role.MEMBER, Role.VIEWER}
MANAGES_PEOPLE = {Role.OWNER, Role.ADMIN, Role.CIO, Role.UNIT_LEAD}
MANAGES_UNITS = {Role.OWNER, Role.ADMIN, Role.CIO, Role.CFO, Role.UNIT_LEAD}
SEES_KEYS = {
    Role.OWNER,
    Role.ADMIN,
    Role.CIO,
    Role.CTO,
    Role.TOKENOPS_LEAD,
    Role.UNIT_LEAD,
    Role.AUDITOR,
}
MANAGES_KEYS = {Role.OWNER, Role.ADMIN, Role.TOKENOPS_LEAD}
SEES_TRAIL = ALL - {Role.UNIT_LEAD, Role.MEMBER, Role.VIEWER}

PAGES = {
    "settings": ALL,
    "roles": ALL,
    "units": ALL,
    "unit_new": MANAGES_UNITS,
    "people": SEES_PEOPLE,
    "invitations": SEES_PEOPLE,
    "invitation_new": MANAGES_PEOPLE,
    "keys": SEES_KEYS,
    "key_new": MANAGES_KEYS,
    "support": SEES_TRAIL,
}


@pytest.mark.parametrize("page", PAGES)
def test_who_may_open_a_page(world, page):
    url = world.a.url(f"organizations:{page}")
    found = {
        role: persona.client().get(url).status_code for role, persona in world.a.everyone().items()
    }
    assert found == {role: 200 if role in PAGES[page] else 403 for role in ALL}


def test_anonymous_people_and_other_organizations(world):
    url = world.a.url("organizations:settings")
    answer = Client().get(url)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/account/login/?next={url.replace('/', '%2F')}",
    )
    assert world.b.client().get(url).status_code == 404


def test_pages_have_one_heading_and_no_inline_style_or_script(world):
    client = world.a.client()
    unit, person = world.a.units["core"], world.a.person(Role.MEMBER)
    with world.a.scope():
        invitation = services.invite_person(
            actor=world.a.actor(Role.OWNER), email="n@example.com", role=Role.MEMBER
        )
    urls = [world.a.url(f"organizations:{page}") for page in PAGES]
    urls += [
        world.a.url("organizations:unit", unit.id),
        world.a.url("organizations:unit_move", unit.id),
        world.a.url("organizations:unit_retire", unit.id),
        world.a.url("organizations:person", person.membership.id),
        world.a.url("organizations:person_suspend", person.membership.id),
        world.a.url("organizations:invitation", invitation.id),
        world.a.url("organizations:invitation_revoke", invitation.id),
        world.a.url("organizations:key", world.a.key.id),
        world.a.url("organizations:key_rotate", world.a.key.id),
        world.a.url("organizations:key_revoke", world.a.key.id),
    ]
    for url in urls:
        answer = client.get(url)
        text = answer.content.decode()
        assert answer.status_code == 200, url
        assert len(re.findall(r"<h1[ >]", text)) == 1, url
        assert not re.search(r"<[^>]+ (style|on[a-z]+)=", text), url
        assert not re.search(r"<script(?![^>]*src)", text), url
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids)), url


def test_settings_are_saved_or_come_back_with_the_error(world):
    client, url = world.a.client(Role.ADMIN), world.a.url("organizations:settings")
    values = {"name": "Acme AG", "currency": "EUR", "timezone": "Mars/X", "fiscal_year_start": "4"}
    answer = client.post(url, values)
    assert answer.status_code == 422
    assert b"IANA name" in answer.content
    assert b"Mars/X" in answer.content
    assert client.post(url, values | {"timezone": "Europe/Zurich"}).status_code == 302
    with world.a.scope():
        organization = selectors.organization()
        assert (organization.name, organization.timezone) == ("Acme AG", "Europe/Zurich")


def test_who_may_not_change_settings_sees_a_sheet_and_is_refused(world):
    client, url = world.a.client(Role.VIEWER), world.a.url("organizations:settings")
    assert b'<form class="card formcard"' not in client.get(url).content
    values = {"name": "X", "currency": "EUR", "timezone": "UTC", "fiscal_year_start": "1"}
    assert client.post(url, values).status_code == 403
    with world.a.scope():
        assert selectors.organization().name == "Acme"


def test_the_life_of_a_unit(world):
    client, units = world.a.client(Role.UNIT_LEAD), world.a.units
    new = world.a.url("organizations:unit_new")
    assert b"Claims" not in client.get(new).content
    values = {"name": "Data", "parent": str(units["platform"].id), "kind": "team"}
    assert client.post(new, values).status_code == 302
    answer = client.post(new, values)
    assert answer.status_code == 409
    assert b"Another unit has this code" in answer.content
    with world.a.scope():
        unit = Unit.objects.get(code="data")
    owner = world.a.client()
    assert (
        owner.post(
            world.a.url("organizations:unit", unit.id),
            {"name": "Data science", "kind": "team", "cost_centre": "CC-7"},
        ).status_code
        == 302
    )
    moved = owner.post(
        world.a.url("organizations:unit_move", unit.id), {"parent": str(units["claims"].id)}
    )
    assert moved.status_code == 302
    assert client.get(world.a.url("organizations:unit_move", unit.id)).status_code == 200
    refused = client.post(
        world.a.url("organizations:unit_move", unit.id), {"parent": str(units["core"].id)}
    )
    assert refused.status_code == 403
    retire = world.a.url("organizations:unit_retire", unit.id)
    assert owner.post(retire, {"reason": "Merged"}).status_code == 302
    restore = world.a.url("organizations:unit_restore", unit.id)
    assert owner.post(restore, {}).status_code == 302
    with world.a.scope():
        unit.refresh_from_db()
        assert (unit.name, unit.parent_id, unit.is_active) == (
            "Data science",
            units["claims"].id,
            True,
        )


def test_units_of_another_organization_are_404(world):
    client, foreign = world.a.client(), world.b.units["core"]
    for name in ("unit", "unit_move", "unit_retire", "unit_restore"):
        url = world.a.url(f"organizations:{name}", foreign.id)
        assert client.get(url).status_code == 404, name


def test_units_export(world):
    world.a.units  # noqa: B018 -- created on first use
    answer = world.a.client().get(world.a.url("organizations:units") + "?format=csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Unit,Kind,Code,Cost centre,Level,State"
    assert lines[-1] == "Core,Team,core,CC-111,3,Active"


def test_roles_are_given_and_taken(world):
    admin, person = world.a.client(Role.ADMIN), world.a.person(Role.MEMBER)
    url = world.a.url("organizations:person", person.membership.id)
    values = {"role": "cfo", "unit": str(world.a.units["claims"].id)}
    assert admin.post(url, values).status_code == 302
    again = admin.post(url, values)
    assert again.status_code == 409
    assert b"holds this role already" in again.content
    page = admin.get(url).content.decode()
    assert "CFO" in page
    assert "Claims and all units below" in page
    with world.a.scope():
        binding = RoleBinding.objects.get(role="cfo")
    take = world.a.url("organizations:role_take", person.membership.id, binding.id)
    assert admin.post(take, {"reason": "Wrong person"}).status_code == 302
    with world.a.scope():
        assert not RoleBinding.objects.filter(role="cfo").exists()
        assert TrailEvent.objects.latest("id").reason == "Wrong person"


def test_an_administrator_is_offered_no_owner_role_and_cannot_give_it(world):
    admin, person = world.a.client(Role.ADMIN), world.a.person(Role.MEMBER)
    url = world.a.url("organizations:person", person.membership.id)
    assert b'value="owner"' not in admin.get(url).content
    assert admin.post(url, {"role": "owner", "unit": ""}).status_code == 422
    with world.a.scope():
        assert RoleBinding.objects.filter(role="owner").count() == 1


def test_the_last_owner_is_kept_with_409(world):
    owner = world.a.person(Role.OWNER)
    with world.a.scope():
        binding = RoleBinding.objects.get(role="owner")
    url = world.a.url("organizations:role_take", owner.membership.id, binding.id)
    answer = owner.client().post(url, {})
    assert answer.status_code == 409
    assert b"only owner" in answer.content


def test_suspended_and_back(world):
    admin, person = world.a.client(Role.ADMIN), world.a.person(Role.CFO)
    browser = person.client()
    suspend = world.a.url("organizations:person_suspend", person.membership.id)
    assert admin.post(suspend, {"reason": "Left"}).status_code == 302
    assert browser.get(world.a.url("organizations:settings")).status_code == 404
    restore = world.a.url("organizations:person_restore", person.membership.id)
    assert admin.post(restore, {}).status_code == 302
    assert browser.get(world.a.url("organizations:settings")).status_code == 200


def test_people_filters_and_export(world):
    world.a.everyone()
    client, url = world.a.client(Role.AUDITOR), world.a.url("organizations:people")
    page = client.get(url + "?role=cfo").content.decode()
    assert "cfo@acme.example" in page
    assert "cto@acme.example" not in page
    export = b"".join(client.get(url + "?q=UNIT_&format=csv").streaming_content)
    lines = export.decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,E-mail,Roles,Joined,State"
    assert len(lines) == 2
    assert "Unit lead (Platform)" in lines[1]


def test_people_of_another_organization_are_404(world):
    client, foreign = world.a.client(), world.b.person(Role.MEMBER)
    for name in ("person", "person_suspend", "person_restore"):
        url = world.a.url(f"organizations:{name}", foreign.membership.id)
        assert client.get(url).status_code == 404, name


def test_a_unit_lead_finds_only_the_people_of_the_unit(world):
    lead, outside = world.a.client(Role.UNIT_LEAD), world.a.person(Role.MEMBER, "claims")
    page = lead.get(world.a.url("organizations:people")).content.decode()
    assert outside.user.email not in page
    url = world.a.url("organizations:person", outside.membership.id)
    assert lead.get(url).status_code == 404


def test_inviting(world):
    client, url = world.a.client(Role.ADMIN), world.a.url("organizations:invitation_new")
    values = {"email": "new@acme.example", "role": "auditor", "unit": ""}
    answer = client.post(url, values)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    with world.a.scope():
        invitation = Invitation.objects.get()
    link = f"/invitations/{services.invitation_link_token(invitation)}/"
    assert link in page
    assert client.post(url, values).status_code == 409
    assert link not in world.a.client(Role.AUDITOR).get(answer["Location"]).content.decode()
    assert world.a.client(Role.AUDITOR).post(answer["Location"], {}).status_code == 403
    assert client.post(answer["Location"], {}).status_code == 302
    with world.a.scope():
        assert Invitation.objects.get().generation == 2
    revoke = world.a.url("organizations:invitation_revoke", invitation.id)
    assert client.post(revoke, {}).status_code == 302
    assert Client().get(link).status_code == 410


def invited(world, email="new@acme.example"):
    actor = world.a.actor(Role.ADMIN)
    with world.a.scope():
        invitation = services.invite_person(actor=actor, email=email, role=Role.CFO)
    return f"/invitations/{services.invitation_link_token(invitation)}/"


def test_a_new_person_joins_from_the_link(world):
    link, browser = invited(world), Client()
    page = browser.get(link)
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert b"Join Acme" in page.content
    weak = browser.post(link, {"name": "Nora", "password": "123"})
    assert weak.status_code == 422
    done = browser.post(link, {"name": "Nora New", "password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, "/o/acme/")
    assert browser.get(world.a.url("organizations:settings")).status_code == 200
    assert Client().get(link).status_code == 410


def test_a_known_person_signs_in_first(world):
    link = invited(world, "mallory@borealis.example")
    mallory = world.b.person(Role.OWNER)
    anonymous = Client()
    page = anonymous.get(link).content.decode()
    assert f"/account/login/?next={link}" in page
    assert "<input" not in page.split("plain-card")[1].replace('type="hidden"', "")
    anonymous.post(link, {"name": "Imposter", "password": PASSWORD})
    with world.a.scope():
        assert not Membership.objects.filter(user=mallory.user).exists()
    assert mallory.client().post(link)["Location"] == "/o/acme/"
    with world.a.scope():
        assert Membership.objects.filter(user=mallory.user).exists()


def test_another_person_cannot_use_the_link(world):
    link, stranger = invited(world), Client()
    stranger.force_login(make_user("stranger@example.com"))
    assert b"You are signed in as stranger@example.com" in stranger.get(link).content
    assert stranger.post(link).status_code == 403


def test_a_key_is_shown_once(world):
    client, url = world.a.client(Role.TOKENOPS_LEAD), world.a.url("organizations:key_new")
    values = {"name": "Gateway", "scopes": ["usage.write"], "unit": "", "days": "90"}
    answer = client.post(url, values)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    (secret,) = re.findall(r"tok_[\w-]{43}", answer.content.decode())
    with world.a.scope():
        key = ApiKey.objects.get()
    page = world.a.url("organizations:key", key.id)
    assert secret not in client.get(page).content.decode()
    assert world.a.client(Role.AUDITOR).get(page).status_code == 200
    rotated = client.post(world.a.url("organizations:key_rotate", key.id))
    assert rotated.status_code == 200
    assert secret not in rotated.content.decode()
    assert client.post(world.a.url("organizations:key_revoke", key.id), {}).status_code == 302
    assert client.post(world.a.url("organizations:key_rotate", key.id)).status_code == 409


def test_a_key_form_comes_back_with_its_errors(world):
    client, url = world.a.client(Role.OWNER), world.a.url("organizations:key_new")
    values = {
        "name": "Gateway",
        "scopes": ["usage.write"],
        "unit": str(world.a.units["core"].id),
        "days": "90",
    }
    answer = client.post(url, values)
    assert answer.status_code == 422
    assert b"These concern the whole organization: usage.write" in answer.content


def test_keys_of_another_organization_are_404(world):
    client, foreign = world.a.client(), world.b.key
    for name in ("key", "key_rotate", "key_revoke"):
        assert client.get(world.a.url(f"organizations:{name}", foreign.id)).status_code == 404


def test_the_first_run(db):
    browser = Client()
    assert browser.get("/setup/").status_code == 200
    values = {
        "organization_name": "Acme",
        "slug": "acme",
        "currency": "EUR",
        "timezone": "Europe/Zurich",
        "owner_name": "Alice",
        "email": "alice@acme.example",
        "password": "short",
    }
    assert browser.post("/setup/", values).status_code == 422
    done = browser.post("/setup/", values | {"password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, "/o/acme/")
    assert browser.get("/o/acme/settings/").status_code == 200
    assert Client().get("/setup/").status_code == 409
    assert Client().post("/setup/", values | {"slug": "two"}).status_code == 409


def test_support_enters_with_a_reason_and_the_organization_ends_it(world):
    staff = make_user("sam@host.example", "Sam", is_staff=True)
    browser = Client()
    browser.force_login(staff)
    settings = world.a.url("organizations:settings")
    assert browser.get(settings).status_code == 404
    assert (
        browser.post("/support/", {"slug": "acme", "reason": "x", "hours": "1"}).status_code == 422
    )
    values = {"slug": "acme", "reason": "Ticket 812: missing figures", "hours": "1"}
    assert browser.post("/support/", values)["Location"] == "/o/acme/"
    assert browser.get(settings).status_code == 200
    assert browser.get(world.a.url("organizations:invitation_new")).status_code == 403
    admin = world.a.client(Role.ADMIN)
    page = admin.get(world.a.url("organizations:support")).content.decode()
    assert "Ticket 812: missing figures" in page
    (end,) = re.findall(r'href="([^"]+/end/)"', page)
    assert world.a.client(Role.AUDITOR).post(end).status_code == 403
    assert admin.post(end).status_code == 302
    assert browser.get(settings).status_code == 404


def test_only_staff_enter_as_support(world):
    assert world.a.client().get("/support/").status_code == 403
    assert Client().get("/support/").status_code == 302


def test_the_matrix_page_shows_what_is_in_force(world):
    page = world.a.client(Role.VIEWER).get(world.a.url("organizations:roles")).content.decode()
    assert "approval.decide" in page
    assert "yours" in page


def test_few_queries(world, django_assert_max_num_queries):
    world.a.everyone()
    client = world.a.client()
    for page in ("settings", "units", "people", "keys", "invitations"):
        with django_assert_max_num_queries(15):
            client.get(world.a.url(f"organizations:{page}"))
