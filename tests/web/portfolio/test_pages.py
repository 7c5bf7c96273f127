"""Capability pages: list, detail with usage and budgets, forms."""

import csv
import io
from datetime import timedelta

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.portfolio.models import Capability
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend


@pytest.fixture
def side(world):
    for role in (Role.EA, Role.VIEWER, Role.UNIT_LEAD):
        world.a.person(role)
    return world.a


def html(side, role, name, *args, query=""):
    response = side.client(role).get(side.url(name, *args) + query)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def form(side, **values):
    return {
        "name": "Claims triage",
        "slug": "",
        "kind": "production",
        "unit": str(side.units["core"].id),
        "stage": "pilot",
        "tier": "heavy",
        "data_class": "personal",
        "owner": "",
        "description": "Reads claims.",
        **values,
    }


def test_list_filters_search_csv_and_cost(side):
    with side.scope():
        search = make_capability("Search", unit_id=side.units["core"].id, kind="pipeline")
        make_capability("Claims")
        gone = make_capability("Gone")
        from apps.access.actors import system_actor
        from apps.portfolio.services import retire_capability

        retire_capability(actor=system_actor("tests"), capability_id=gone.id, version=1)
        spend(clock.today() - timedelta(days=1), 12_000_000_000, capability=search.slug)
    page = html(side, Role.EA, "portfolio:list")
    assert ">Search</a>" in page
    assert ">Gone</a>" not in page
    assert "$12" in page
    assert ">Gone</a>" in html(side, Role.EA, "portfolio:list", query="?stage=retired")
    assert ">Claims</a>" not in html(side, Role.EA, "portfolio:list", query="?kind=pipeline")
    assert ">Claims</a>" in html(side, Role.EA, "portfolio:list", query="?q=CLAI")
    response = side.client(Role.EA).get(side.url("portfolio:list") + "?format=csv")
    rows = list(
        csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    )
    assert [(r["Code"], r["Cost, 30 days (USD)"]) for r in rows] == [
        ("claims", ""),
        ("search", "12.000000000"),
    ]


def test_detail_shows_usage_and_budgets(side):
    with side.scope():
        capability = make_capability("Search", unit_id=side.units["core"].id)
        make_budget("Search budget", scope="capability", capability_id=capability.id)
        spend(clock.today() - timedelta(days=1), 12_340_000_000, capability="search", tokens=9_000)
    page = html(side, Role.EA, "portfolio:detail", capability.id)
    for text in ("Tokens and cost, 30 days", "$12", "9.0\u00a0K", "Search budget", "search"):
        assert text in page, text


def test_a_capability_without_usage_says_so(side):
    with side.scope():
        capability = make_capability()
    page = html(side, Role.EA, "portfolio:detail", capability.id)
    assert "No usage belongs to" in page
    assert "No budget yet" in page


def test_add_edit_retire_and_bring_back(side):
    browser = side.client(Role.EA)
    assert browser.get(side.url("portfolio:create") + "?name=New+one").status_code == 200
    made = browser.post(side.url("portfolio:create"), form(side))
    with side.scope():
        capability = Capability.objects.get()
    url = side.url("portfolio:detail", capability.id)
    assert made["Location"] == url
    assert (capability.slug, capability.tier, capability.data_class) == (
        "claims-triage",
        "heavy",
        "personal",
    )
    edit, retire = (
        side.url("portfolio:edit", capability.id),
        side.url("portfolio:retire", capability.id),
    )
    assert browser.get(edit).status_code == 200
    assert browser.post(edit, form(side, version=1, name="Renamed")).status_code == 302
    assert browser.post(edit, form(side, version=1, name="Stale")).status_code == 409
    assert browser.get(retire).status_code == 200
    assert browser.post(retire, {"version": 2, "reason": "Done."}).status_code == 302
    assert browser.get(retire).status_code == 409
    assert browser.post(edit, form(side, version=3, name="Renamed")).status_code == 302
    with side.scope():
        capability.refresh_from_db()
        actions = list(
            TrailEvent.objects.filter(object_type="capability")
            .order_by("id")
            .values_list("action", flat=True)
        )
    assert (capability.name, capability.stage, capability.retired_at) == (
        "Renamed",
        "pilot",
        None,
    )
    assert actions == [
        "capability.added",
        "capability.changed",
        "capability.retired",
        "capability.restored",
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"slug": "Not a code"}, "The code has characters that a code cannot have."),
        ({"kind": "toy"}, "Select a valid choice."),
        ({"stage": "retired"}, "Select a valid choice."),
    ],
)
def test_wrong_input_comes_back_on_the_form(side, values, words):
    response = side.client(Role.EA).post(side.url("portfolio:create"), form(side, **values))
    assert response.status_code == 422
    assert words in response.content.decode()
    with side.scope():
        assert Capability.objects.count() == 0


def test_a_lead_adds_in_the_own_unit_only(side):
    lead = side.client(Role.UNIT_LEAD)
    assert lead.post(side.url("portfolio:create"), form(side)).status_code == 302
    elsewhere = form(side, name="Other", unit=str(side.units["claims"].id))
    assert lead.post(side.url("portfolio:create"), elsewhere).status_code == 422


def test_a_viewer_reads(side):
    with side.scope():
        capability = make_capability()
    page = html(side, Role.VIEWER, "portfolio:detail", capability.id)
    assert "Edit" not in page.split("<main")[1]
    for name in ("edit", "retire"):
        url = side.url(f"portfolio:{name}", capability.id)
        assert side.client(Role.VIEWER).get(url).status_code == 403


def test_the_other_organization_finds_nothing(world, side):
    with side.scope():
        capability = make_capability()
    for name in ("detail", "edit", "retire"):
        url = world.b.url(f"portfolio:{name}", capability.id)
        assert world.b.client(Role.OWNER).get(url).status_code == 404


def test_the_empty_list_teaches(side):
    assert "No capability yet" in html(side, Role.EA, "portfolio:list")
