"""The shell: menu by rights, theme, organizations, error pages."""

import pytest
from django.test import Client

from apps.access.roles import Role
from apps.portal import nav

pytestmark = pytest.mark.django_db


def menu(client, world):
    html = client.get(world.a.url("portal:home")).content.decode()
    return {item.label for item in (*nav.ITEMS, *nav.FOOT) if f">{item.label}<" in html}


def test_the_menu_holds_what_the_person_may_open(world):
    owner, member = menu(world.a.client(), world), menu(world.a.client(Role.MEMBER), world)
    assert {"Home", "Token Stories", "Budgets", "Audits", "Sources", "Settings"} <= owner
    assert "Sources" not in member
    assert member < owner


def test_every_menu_item_leads_to_a_page(world):
    client = world.a.client()
    for item in (*nav.ITEMS, *nav.FOOT):
        assert client.get(world.a.url(item.url_name)).status_code == 200, item.url_name


def test_the_current_page_is_marked_once_in_each_menu(world):
    html = world.a.client().get(world.a.url("portal:explore")).content.decode()
    address = world.a.url("portal:explore")
    assert html.count(f'<a href="{address}" aria-current="page">') == 2


def test_the_theme_is_kept_with_the_person(world):
    person = world.a.person(Role.CFO)
    client = person.client()
    home = world.a.url("portal:home")
    answer = client.post("/preferences/theme/", {"theme": "dark", "next": home})
    assert (answer.status_code, answer["Location"]) == (302, home)
    person.user.refresh_from_db()
    assert person.user.theme == "dark"
    assert 'data-theme="dark"' in person.client().get(home).content.decode()


def test_the_theme_works_before_login_and_never_leads_elsewhere():
    client = Client()
    answer = client.post("/preferences/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/account/login/").content.decode()
    assert client.post("/preferences/theme/", {"theme": "pink"}).status_code == 422


def test_pages_carry_the_policy_and_the_nonce(world):
    answer = world.a.client().get(world.a.url("portal:home"))
    policy = answer["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert "default-src 'none'" in policy
    assert answer.content.decode().count(f'nonce="{nonce}"') == 3


@pytest.mark.parametrize("path", ["/o/acme/nowhere/", "/o/borealis/", "/o/none/"])
def test_what_is_not_there_and_what_is_not_yours_look_the_same(world, path):
    world.a.organization  # noqa: B018
    world.b.organization  # noqa: B018
    answer = world.a.client().get(path)
    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()


def test_a_page_without_the_right_says_which_is_missing(world):
    answer = world.a.client(Role.MEMBER).get(world.a.url("connectors:list"))
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "None of your roles includes “See sources and their runs”." in html
    assert "Token Stories" in html


def test_htmx_gets_a_fragment_of_an_error():
    client = Client(headers={"HX-Request": "true"})
    html = client.post("/preferences/theme/", {"theme": "pink"}).content.decode()
    assert 'role="alert"' in html
    assert "<html" not in html


def test_an_unknown_api_address_answers_in_json(world):
    answer = world.a.client().get("/api/v1/nothing-here/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_a_form_that_is_too_old_says_so(world):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/preferences/theme/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_the_entry_leads_where_there_is_one_way(world):
    assert Client().get("/")["Location"] == "/setup/"
    world.a.organization  # noqa: B018
    assert Client().get("/")["Location"].startswith("/account/login/")
    assert world.a.client().get("/")["Location"] == "/o/acme/"


def test_several_organizations_are_offered(world):
    from tests.factories.organizations import make_member

    person = world.a.person(Role.VIEWER)
    with world.b.scope():
        make_member(Role.VIEWER, None, person.user)
    html = person.client().get("/").content.decode()
    assert "/o/acme/" in html
    assert "/o/borealis/" in html
    home = person.client().get(world.b.url("portal:home")).content.decode()
    assert "/o/acme/" in home


def test_somebody_without_an_organization_is_told_what_to_do(world):
    from tests.factories.accounts import make_user

    world.a.organization  # noqa: B018
    client = Client()
    client.force_login(make_user())
    assert "You belong to no organization yet" in client.get("/").content.decode()
