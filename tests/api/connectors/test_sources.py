"""Sources over the API: shapes, refusals, permissions, and that no credential comes out."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from apps.access.roles import Role
from apps.connectors.models import Source
from apps.connectors.providers.base import UnitLine
from apps.connectors.services import pull_source
from apps.connectors.services.alarms import raise_alarms
from apps.connectors.services.compare import store_comparison
from apps.connectors.services.store import store_units
from apps.ledger.schema import UsageIn
from tests.factories.connectors import NOW, Provider, make_source
from tests.factories.organizations import make_api_key

pytestmark = pytest.mark.django_db
NEW = {
    "kind": "openai",
    "name": "OpenAI main",
    "credential": "sk-admin-never-seen-0042",
    "schedule_minutes": 60,
}


def api_of(org):
    return Client(headers=org.key_headers)


@pytest.fixture
def org(world):
    return world.a


@pytest.fixture
def source(org):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source("openai", name="OpenAI", history_from=date(2026, 11, 22))


def test_create_read_change(org):
    api = api_of(org)
    made = api.post("/api/v1/sources/", NEW, content_type="application/json")
    assert made.status_code == 201
    body = made.json()
    assert (body["status"], body["health"], body["progress"]) == ("active", "waiting", 0.0)
    assert body["credential_hint"] == "…0042"
    assert "never-seen" not in made.text
    url = f"/api/v1/sources/{body['id']}/"
    assert api.get(url).json()["name"] == "OpenAI main"
    changed = api.patch(url, {"version": 1, "name": "Renamed"}, content_type="application/json")
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = api.patch(url, {"version": 1, "name": "x"}, content_type="application/json")
    assert (stale.status_code, stale.json()["code"]) == (409, "version_changed")
    listed = api.get("/api/v1/sources/?kind=openai").json()["results"]
    assert [row["name"] for row in listed] == ["Renamed"]
    assert "never-seen" not in api.get("/api/v1/sources/").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"credential": "short"}, "credential"),
        ({"credential": None}, "credential"),
        ({"base_url": "http://10.0.0.1"}, "base_url"),
        ({"schedule_minutes": 0}, "schedule_minutes"),
        ({"schedule_minutes": "often"}, "schedule_minutes"),
        ({"history_from": "2001-01-01"}, "history_from"),
        ({"history_from": "yesterday"}, "history_from"),
        ({"kind": "csv"}, "kind"),
        ({"name": "  "}, "name"),
        ({"secret": 1}, "secret"),
    ],
)
def test_wrong_input_names_the_field(org, change, field):
    answer = api_of(org).post("/api/v1/sources/", NEW | change, content_type="application/json")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    with org.scope():
        assert not Source.objects.exists()


def test_operating_a_source(org, source):
    api, url = api_of(org), f"/api/v1/sources/{source.id}/"
    assert api.post(f"{url}pull/", {}, content_type="application/json").status_code == 202
    assert api.post(f"{url}check/", {}, content_type="application/json").status_code == 202
    paused = api.post(f"{url}pause/", {"version": 1}, content_type="application/json")
    assert paused.json()["status"] == "paused"
    refused = api.post(f"{url}pull/", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "source_not_active")
    resumed = api.post(f"{url}resume/", {"version": 2}, content_type="application/json")
    assert resumed.json()["status"] == "active"
    replaced = api.put(
        f"{url}credential/",
        {"version": 3, "credential": "sk-admin-other-7777"},
        content_type="application/json",
    )
    assert replaced.json()["credential_hint"] == "…7777"


def test_runs(org, source):
    with time_machine.travel(NOW, tick=False):
        pull_source(organization_id=org.organization.id, source_id=source.id, transport=Provider())
    api = api_of(org)
    (run,) = api.get(f"/api/v1/sources/{source.id}/runs/").json()["results"]
    assert (run["status"], run["kind"], run["error"]) == ("succeeded", "backfill", "")
    assert run["rows_new"] == run["rows_read"] > 100
    assert (run["restated"]["nanos"], run["restated"]["currency"]) == (0, "USD")
    assert api.get(f"/api/v1/sources/runs/{run['id']}/").json() == run
    assert api.get(f"/api/v1/sources/{source.id}/runs/?status=failed").json()["results"] == []


def test_a_key_without_the_scope_is_refused(org, source):
    headers = {"X-TokenOps-Organization": org.slug}
    answer = org.client(Role.VIEWER).post(
        "/api/v1/sources/", NEW, content_type="application/json", headers=headers
    )
    assert answer.status_code == 403
    with org.scope():
        _, secret = make_api_key("Reader", ["source.view"])
    reader = Client(headers={"Authorization": f"Bearer {secret}"})
    assert reader.get("/api/v1/sources/").status_code == 200
    answer = reader.post("/api/v1/sources/", NEW, content_type="application/json")
    assert answer.status_code == 403


def test_another_organizations_source_does_not_exist(world, source):
    api, url = api_of(world.b), f"/api/v1/sources/{source.id}/"
    assert api.get(url).status_code == 404
    assert api.get(f"{url}runs/").status_code == 404
    for action in ("pull", "check"):
        answer = api.post(f"{url}{action}/", {}, content_type="application/json")
        assert answer.status_code == 404
    assert api.get("/api/v1/sources/").json()["results"] == []


def test_alarms_other_usage_and_comparison(org, source):
    day = datetime(2026, 11, 20, tzinfo=UTC)
    usage = UsageIn(
        occurred_at=day, provider="openai", model="gpt-5", granularity="day", input_uncached=7,
        cost=Decimal("0.5"),
    )  # fmt: skip
    with org.scope():
        raise_alarms(source, {"/v1/x": {("data[].colour", "missing")}}, NOW)
        end = day + timedelta(days=1)
        store_units(source, [UnitLine(day.date(), "images", "images", 5)], day, end, day)
        store_comparison(source, [usage], window=(day, end), observed_at=day)
    api, url = api_of(org), f"/api/v1/sources/{source.id}/"
    assert api.get(url).json()["open_alarms"] == 1
    [alarm] = api.get(f"{url}alarms/").json()["results"]
    assert (alarm["field"], alarm["change"]) == ("data[].colour", "missing")
    acknowledge = f"{url}alarms/{alarm['id']}/acknowledge/"
    body = {"note": "Seen"}
    with org.scope():
        _, secret = make_api_key("Reader", ["source.view"])
    reader = Client(headers={"Authorization": f"Bearer {secret}"})
    assert reader.post(acknowledge, body, content_type="application/json").status_code == 403
    assert api.get(url).json()["open_alarms"] == 1
    done = api.post(acknowledge, body, content_type="application/json")
    assert (done.status_code, done.json()["note"]) == (200, "Seen")
    assert api.post(acknowledge, body, content_type="application/json").status_code == 409
    [unit] = api.get(f"{url}other-usage/").json()["results"]
    assert (unit["what"], unit["quantity"]) == ("images", 5)
    [line] = api.get(f"{url}comparison/").json()["results"]
    assert (line["model"], line["input_uncached"]) == ("gpt-5", 7)
    assert line["cost"]["nanos"] == 500_000_000


def test_role_and_days_over_the_api(org, source):
    api, url = api_of(org), f"/api/v1/sources/{source.id}/"
    changed = api.patch(url, {"version": 1, "role": "both"}, content_type="application/json")
    assert changed.status_code == 422
    changed = api.patch(url, {"version": 1, "role": "comparison"}, content_type="application/json")
    assert changed.json()["role"] == "comparison"
    days = {"from_day": "2026-11-02", "to_day": "2026-11-01"}
    answer = api.post(f"{url}pull/", days, content_type="application/json")
    assert answer.status_code == 422


def test_the_role_of_a_handed_in_source(org, source):
    api, viewer = api_of(org), org.client(Role.AUDITOR)
    with time_machine.travel(NOW, tick=False):
        with org.scope():
            csv = make_source("csv", name="Export")
        url = f"/api/v1/sources/{csv.id}/role/"
        body = {"version": 1, "role": "comparison", "since": "2026-11-20", "reason": "Twice."}
        wrong = api.post(url, {**body, "since": "2026-11-30"}, content_type="application/json")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "since")
        assert viewer.post(url, body, content_type="application/json").status_code in {401, 403}
        made = api.post(url, body, content_type="application/json")
        assert (made.status_code, made.json()["role"]) == (200, "comparison")
        [row] = api.get(url).json()["results"]
        assert (row["role"], row["reason"]) == ("comparison", "Twice.")
        again = api.post(url, {**body, "version": 2}, content_type="application/json")
        assert (again.status_code, again.json()["code"]) == (409, "same_role")
        pulled = f"/api/v1/sources/{source.id}/role/"
        refused = api.post(pulled, body, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (409, "source_is_pulled")
