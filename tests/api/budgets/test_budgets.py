"""Budgets over the API: exact amounts, versions, status."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets.models import Budget
from tests.factories.budgets import make_budget
from tests.factories.usage import spend

URL = "/api/v1/budgets/"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    a = world.a
    assert a.units
    assert a.key_headers
    with time_machine.travel(NOW, tick=False):
        yield a


def call(client, side, method, url, data=None):
    return getattr(client, method)(
        url, data, content_type="application/json", headers=side.key_headers
    )


VALUES = {
    "name": "AI spend",
    "scope": "organization",
    "amount": "2500.000000001",
    "starts_on": "2026-11-01",
}


def test_the_life_of_a_budget(side, client):
    made = call(client, side, "post", URL, VALUES)
    assert made.status_code == 201, made.content
    one = f"{URL}{made.json()['id']}/"
    assert made.json()["timezone"] == "UTC"
    steps = [
        (
            "revise/",
            {"version": 1, "effective_on": "2026-12-01", "amount": None, "note": "Open."},
        ),
        ("grant/", {"version": 2, "on": "2026-11-30", "amount": "0.5", "note": "Launch."}),
    ]
    for path, body in steps:
        done = call(client, side, "post", one + path, body)
        assert done.status_code == 200, done.content
    entries = call(client, side, "get", f"{one}entries/").json()["results"]
    assert [(e["kind"], e["amount"] and e["amount"]["nanos"]) for e in entries] == [
        ("grant", 500_000_000),
        ("revision", None),
        ("initial", 2_500_000_000_001),
    ]
    november = call(client, side, "get", f"{one}status/").json()
    assert november["money"]["limit"] == 2_500_500_000_001
    december = call(client, side, "get", f"{one}status/?on=2026-12-05").json()
    assert (december["money"]["limit"], december["period_start"]) == (None, "2026-12-01")
    details = {
        "version": 3,
        "name": "Renamed",
        "owner_membership_id": None,
        "thresholds": [{"basis": "actual", "percent": 75}],
    }
    assert call(client, side, "patch", one, details).json()["name"] == "Renamed"
    assert call(client, side, "patch", one, details).status_code == 409
    closed = call(client, side, "post", f"{one}close/", {"version": 4, "note": "Done."})
    assert closed.json()["status"] == "closed"
    again = call(client, side, "post", f"{one}close/", {"version": 5, "note": "Done."})
    assert again.status_code == 409


def test_status_is_the_ledgers_to_the_nano(side, client):
    with side.scope():
        budget = make_budget(amount_nanos=2_500)
        for n in range(1, 21):
            spend(date(2026, 11, n), 100)
    body = call(client, side, "get", f"{URL}{budget.id}/status/").json()
    money = body["money"]
    assert (money["used"], money["remaining"], money["run_out_on"], money["health"]) == (
        2_000,
        500,
        "2026-11-25",
        "runs_out",
    )
    assert money["forecast"] == {"p10": 3_000, "p50": 3_000, "p90": 3_000}
    assert [t["percent"] for t in money["thresholds"] if t["crossed"]] == [50, 80, 100]
    assert (body["period_start_at"], body["period_end_at"]) == (
        "2026-11-01T00:00:00Z",
        "2026-12-01T00:00:00Z",
    )
    assert body["tokens"]["used"] == 2_000
    assert body["committed"]["nanos"] == 0


def test_money_moves_between_budgets(side, client):
    with side.scope():
        source, target = make_budget(amount_nanos=1_000_000_000), make_budget(amount_nanos=0)
    body = {
        "version": 1,
        "to": str(target.id),
        "on": "2026-11-21",
        "amount": "0.4",
        "note": "Shift.",
    }
    assert call(client, side, "post", f"{URL}{source.id}/move/", body).status_code == 200
    limits = [
        call(client, side, "get", f"{URL}{b.id}/status/").json()["money"]["limit"]
        for b in (source, target)
    ]
    assert limits == [600_000_000, 400_000_000]
    body |= {"version": 2, "amount": "0.7"}
    assert call(client, side, "post", f"{URL}{source.id}/move/", body).status_code == 422


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 12.5}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"scope": "story"}, "scope"),
        ({"starts_on": "tomorrow"}, "starts_on"),
        ({"ends_on": "2026-10-01"}, "ends_on"),
        ({"period_kind": "custom"}, "ends_on"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"amount_tokens": -1}, "amount_tokens"),
        ({"scope": "unit"}, "unit"),
    ],
)
def test_wrong_input_names_its_field(side, client, change, field):
    refused = call(client, side, "post", URL, VALUES | change)
    assert refused.status_code == 422
    assert [e["field"] for e in refused.json()["errors"]] == [field]
    with side.scope():
        assert Budget.objects.count() == 0


def test_a_wrong_day_is_refused(side, client):
    with side.scope():
        budget = make_budget()
    refused = call(client, side, "get", f"{URL}{budget.id}/status/?on=soon")
    assert refused.status_code == 422


def test_the_other_organization(world, side, client):
    with world.b.scope():
        theirs = make_budget()
    one = f"{URL}{theirs.id}/"
    for method, path, body in (
        ("get", one, None),
        ("get", f"{one}status/", None),
        ("get", f"{one}entries/", None),
        ("post", f"{one}close/", {"version": 1, "note": "x"}),
        (
            "post",
            f"{one}revise/",
            {"version": 1, "effective_on": "2026-12-01", "amount": "1", "note": "x"},
        ),
    ):
        assert call(client, side, method, path, body).status_code == 404, path
    assert call(client, side, "get", URL).json()["results"] == []


def test_a_viewer_reads_only(side):
    with side.scope():
        make_budget()
    browser = side.client(Role.VIEWER)
    header = {"X-TokenOps-Organization": side.organization.slug}
    assert len(browser.get(URL, headers=header).json()["results"]) == 1
    refused = browser.post(URL, VALUES, content_type="application/json", headers=header)
    assert refused.status_code == 403
