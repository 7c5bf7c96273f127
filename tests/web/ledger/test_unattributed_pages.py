"""The queue of usage without an owner, suggestions accepted in one click, and its coverage."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.access.roles import Role
from apps.attribution.models import AttributionRule
from apps.ledger.services import run_reattribution
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=1)


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        make_capability("Search", slug="search", unit_id=world.a.units["core"].id)
        owned = {"capability": "search", "project_id": "p1", "project": "Web"}
        take(
            [
                usage(occurred_at=NOW, api_key_id="k1", **owned),
                usage(occurred_at=NOW, api_key_id="k2", project_id="p1", project="Web"),
                usage(occurred_at=NOW, api_key_id="k3", api_key="Claims bot"),
                usage(occurred_at=NOW, api_key_id="k4", api_key="Key four", tags={"team": "apps"}),
                usage(occurred_at=NOW, api_key_id="k5", api_key="Mystery"),
            ]
        )
    return world.a


def rows(side, name, query=""):
    answer = side.client(Role.TOKENOPS_LEAD).get(side.url(f"ledger:{name}") + f"?format=csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return {next(iter(r.values())): r for r in csv.DictReader(io.StringIO(text))}


def test_each_orphan_has_its_likeliest_owner_and_why(side, client):
    found = rows(side, "unattributed")
    assert {key: row["Likely owner"] for key, row in found.items()} == {
        "k2": "Search",
        "Claims bot": "Claims",
        "Key four": "Apps",
        "Mystery": "",
    }
    assert set(rows(side, "unattributed", "&guess=no")) == {"Mystery"}
    page = side.client(Role.VIEWER).get(side.url("ledger:unattributed")).content.decode()
    assert "100% of the other use of Web belongs to it" in page
    assert "Give to" not in page
    answer = client.get("/api/v1/unattributed/", headers=side.key_headers).json()["results"]
    by_key = {row["api_key_id"]: row["suggestion"] for row in answer}
    assert by_key["k5"] is None
    assert (by_key["k2"]["kind"], by_key["k2"]["name"]) == ("capability", "Search")


def test_a_suggestion_becomes_a_rule_in_one_click(side, client):
    lead, url = side.client(Role.TOKENOPS_LEAD), side.url("ledger:accept_owner")
    assert "Give to Apps" in lead.get(side.url("ledger:unattributed")).content.decode()
    body = {
        "field": "api_key",
        "value": "k4",
        "label": "Key four",
        "kind": "unit",
        "owner": str(side.units["apps"].id),
    }
    assert side.client(Role.VIEWER).post(url, body).status_code == 403
    assert lead.get(url).status_code == 405
    assert lead.post(url, {**body, "owner": "x"}).status_code == 422
    assert lead.post(url, {**body, "field": "colour"}).status_code == 422
    with side.scope():
        assert not AttributionRule.objects.exists()
    assert lead.post(url, body)["Location"] == side.url("ledger:unattributed")
    run_reattribution(organization_id=side.id)
    assert "Key four" not in rows(side, "unattributed")
    page = lead.get(side.url("ledger:attribution")).content.decode()
    assert "1 combination got another owner, $0.00 moved" in page
    part = lead.get(side.url("ledger:attribution"), headers={"HX-Target": "reattribution"})
    assert "<html" not in part.content.decode()
    runs = client.get("/api/v1/reattributions/", headers=side.key_headers).json()["results"]
    assert (runs[0]["status"], runs[0]["changed"]) == ("done", 1)


def test_usage_without_a_key_stands_by_project_and_user(side, client):
    """Telemetry names services and people, no keys: each of them can be given away."""
    with side.scope():
        ana = {"user": "ana@acme.example"}
        take(
            [
                usage(occurred_at=NOW, project_id="web", capability="search", **ana),
                usage(occurred_at=NOW, project_id="gemini-cli", tags={"pod": "7"}, **ana),
                usage(occurred_at=NOW, project_id="checkout", tags={"team.id": "core"}),
                usage(occurred_at=NOW, project_id="audit", tags={"ring": "red"}),
                usage(occurred_at=NOW, api_key_id="k9", tags={"ring": "red"}, unit="claims"),
            ]
        )
    found = rows(side, "unattributed")
    assert {key: row["Likely owner"] for key, row in found.items() if "k" not in key[:1]} == {
        "Claims bot": "Claims",
        "Key four": "Apps",
        "Mystery": "",
        "ana@acme.example": "Search",
        "checkout": "Core",
        "audit": "Claims",
    }
    lead = side.client(Role.TOKENOPS_LEAD)
    page = lead.get(side.url("ledger:unattributed")).content.decode()
    assert "100% of the other use of ana@acme.example belongs to it" in page
    assert "100% of other use tagged ring=red belongs to it" in page
    assert "belongs to nobody</h1>" in page or "belong to nobody" in page
    url = side.url("ledger:accept_owner")
    body = {
        "field": "user",
        "value": "ana@acme.example",
        "label": "ana@acme.example",
        "kind": "unit",
        "owner": str(side.units["core"].id),
    }
    assert lead.post(url, body).status_code == 302
    run_reattribution(organization_id=side.id)
    assert "ana@acme.example" not in rows(side, "unattributed")
    answer = client.get("/api/v1/unattributed/", headers=side.key_headers).json()["results"]
    keyless = [(row["field"], row["value"]) for row in answer if row["api_key_id"] is None]
    assert sorted(keyless) == [("project", "audit"), ("project", "checkout")]


def test_how_much_has_an_owner(side):
    page = side.client(Role.VIEWER).get(side.url("ledger:attribution")).content.decode()
    assert "20.0% of the cost of the last 30 days has an owner" in page
    (source,) = rows(side, "attribution").values()
    assert (source["Has an owner"], source["Stated by the caller"], source["Nobody"]) == (
        "0.2",
        "0.2",
        "0.8",
    )
    projects = rows(side, "attribution", "&by=project")
    assert projects["Web"]["Has an owner"] == "0.5"


def test_groups_of_one_name_are_told_apart(side, client):
    """Two accounts, and two teams, that call a project or team the same."""
    with side.scope():
        owned = {"capability": "search", "project": "Bot", "account": "acme-eu"}
        take(
            [
                usage(occurred_at=NOW, project_id="p8", **owned),
                usage(occurred_at=NOW, project_id="p9", project="Bot", account="acme-us"),
                usage(occurred_at=NOW, project="Bot", account="third"),
            ]
        )
    lead = side.client(Role.TOKENOPS_LEAD)
    answer = lead.get(side.url("ledger:attribution") + "?by=project&format=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    found = [row for row in csv.DictReader(io.StringIO(text)) if row["Project"] == "Bot"]
    assert {(row["Id"], row["Account"], row["Has an owner"]) for row in found} == {
        ("p8", "acme-eu", "1.0"),
        ("p9", "acme-us", "0.0"),
        ("Bot", "third", "0.0"),
    }
    page = lead.get(side.url("ledger:attribution") + "?by=project").content.decode()
    assert "acme-eu, p8" in page
    told = client.get("/api/v1/usage/owners/?by=project", headers=side.key_headers).json()
    bots = {row["key"]: row for row in told["results"] if row["name"] == "Bot"}
    assert set(bots) == {"p8", "p9", "Bot"}
    assert (bots["p8"]["ways"]["direct"], bots["p9"]["owned"]) == (1.0, 0.0)
    assert (bots["p8"]["account"], bots["p8"]["cost"]["nanos"]) == ("acme-eu", 2_800_000)
    refused = client.get("/api/v1/usage/owners/?by=colour", headers=side.key_headers)
    assert refused.status_code == 422
    assert client.get("/api/v1/usage/owners/").status_code == 401
