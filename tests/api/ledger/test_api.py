"""Figures, records, restatements and periods over the API."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.access.roles import Role
from apps.common.ids import uuid7
from tests.factories.ledger import AT, price, take, usage

pytestmark = pytest.mark.django_db
BASE = "/api/v1/"


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        source = uuid7()
        take(
            [usage(event_id=f"a{n}", occurred_at=AT + timedelta(hours=n)) for n in range(3)], source
        )
        take([usage(event_id="a0", output=600)], source)
        take([usage(event_id="z", model="m9")], source)
    return world.a


@pytest.fixture
def get(client, side):
    def call(path, **params):
        return client.get(BASE + path, params, headers=side.key_headers)

    return call


def test_figures_with_coverage_and_money(get):
    answer = get(
        "usage/query/", start="2026-11-01", end="2026-12-01", group_by="model", grain="month"
    )
    assert answer.status_code == 200, answer.content
    body = answer.json()
    first, second = body["rows"]
    assert (first["keys"], first["period"]) == (["m1"], "2026-11-01")
    assert first["cost"] == {"nanos": 12_400_000, "currency": "USD", "amount": "0.012400000"}
    assert first["tokens"]["total"] == 3_800
    assert (second["keys"], second["cost"], second["unpriced_tokens"]) == (["m9"], None, 1_100)
    assert body["total"]["requests"] == 4
    assert set(body) >= {"data_as_of", "coverage", "confidence", "timezone", "currency"}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"start": "2026-11-01", "end": "2026-12-01", "group_by": "colour"},
        {"start": "2026-11-01", "end": "2026-12-01", "group_by": "unit,model,user"},
        {"start": "yesterday", "end": "2026-12-01"},
        {"start": "2026-11-01", "end": "2026-12-01", "unit": "x"},
        {"start": "2026-11-01", "end": "2026-12-01", "limit": "0"},
    ],
)
def test_a_wrong_question_is_a_problem_with_its_field(get, params):
    answer = get("usage/query/", **params)
    assert answer.status_code in (400, 422), answer.content
    assert answer.json()["errors"]


def test_filters_repeat(get):
    both = get("usage/query/", start="2026-11-01", end="2026-12-01", model=["m1", "m9"]).json()
    one = get("usage/query/", start="2026-11-01", end="2026-12-01", model="m9").json()
    assert (both["total"]["requests"], one["total"]["requests"]) == (4, 1)


def test_records_page_by_cursor(get, client, side):
    first = get("records/", page_size=3).json()
    assert len(first["results"]) == 3
    rest = client.get(first["next"], headers=side.key_headers).json()
    found = [*first["results"], *rest["results"]]
    assert len({row["record_key"] for row in found}) == 4
    assert found[0]["occurred_at"] >= found[-1]["occurred_at"]
    unpriced = next(row for row in found if row["model"] == "m9")
    assert (unpriced["cost"], unpriced["cost_status"]) == (None, "No price")
    assert get("records/", start="2027-01-01").json()["results"] == []
    assert get("records/", start="soon").status_code == 422


def test_restatements_and_periods(get, client, side):
    row = get("restatements/").json()["results"][0]
    assert (row["old_tokens"], row["new_tokens"], row["reason"]) == (1_100, 1_600, "restated")
    assert row["difference"]["nanos"] == 4_000_000
    months = get("periods/").json()["results"]
    assert "2026-11" in [month["month"] for month in months]
    one = get("periods/2026-11/").json()
    assert (one["status"], one["version"]) == ("open", 0)
    assert get("periods/1999-01/").status_code == 404


def test_steps_need_the_permission_and_the_version(side):
    owner, viewer = side.client(Role.OWNER), side.client(Role.VIEWER)
    url = f"{BASE}periods/2026-11/"
    head = {"X-TokenOps-Organization": side.organization.slug}

    def step(client, **data):
        return client.post(url, data, content_type="application/json", headers=head)

    assert step(viewer, step="settle", version=0).status_code == 403
    done = step(owner, step="settle", version=0)
    assert (done.status_code, done.json()["status"]) == (200, "settling"), done.content
    assert step(owner, step="settle", version=0).status_code == 409
    assert step(owner, step="reopen", version=1).status_code == 422


def test_no_key_no_figures(client, side):
    assert client.get(f"{BASE}usage/query/?start=2026-11-01&end=2026-12-01").status_code == 401


def test_usage_without_a_price_is_listed_previewed_and_priced(get, client, side):
    (row,) = get("unpriced/").json()["results"]
    assert (row["model"], row["records"], row["tokens"]) == ("m9", 1, 1_100)
    with side.scope():
        price("m9")
    seen = get("recosts/").json()
    assert (seen["records"], seen["cost"]["nanos"]) == (1, 2_800_000)
    assert [(d["day"], d["records"]) for d in seen["by_day"]] == [("2026-11-03", 1)]
    started = client.post(f"{BASE}recosts/", {}, "application/json", headers=side.key_headers)
    assert (started.status_code, started.json()["status"]) == (202, "requested")
    again = client.post(f"{BASE}recosts/", {}, "application/json", headers=side.key_headers)
    assert again.status_code == 409
    assert get(f"recosts/{started.json()['id']}/").json()["total"] == 1


def test_requests_that_no_source_counts_are_null(get, side):
    day = {"granularity": "day", "occurred_at": datetime(2026, 9, 3, tzinfo=UTC)}
    with side.scope():
        take([usage(**day)], uuid7())
    days = {"start": "2026-09-01", "end": "2026-10-01"}
    assert get("usage/query/", **days).json()["total"]["requests"] is None
    empty = get("usage/query/", start="2026-08-01", end="2026-09-01").json()
    assert empty["total"]["requests"] == 0
