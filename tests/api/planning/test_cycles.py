"""Planning over the API: keys ask and read; opening, allocating and locking stay with people."""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.planning.models import Envelope, PlanningCycle
from tests.factories.planning import envelope_of, make_cycle

URL = "/api/v1/planning-cycles/"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    a = world.a
    assert a.units
    assert a.key_headers
    a.person(Role.CFO)
    with time_machine.travel(NOW, tick=False):
        yield a


def call(client, side, method, url, data=None):
    return getattr(client, method)(
        url, data, content_type="application/json", headers=side.key_headers
    )


def test_a_key_reads_and_asks(side, client):
    with side.scope():
        cycle = make_cycle(side.units["claims"].id)
        row = envelope_of(cycle, side.units["claims"].id)
    listed = call(client, side, "get", URL + "?status=open").json()["results"]
    assert [(c["name"], c["ends_on"], c["version"]) for c in listed] == [
        ("2027 Q2", "2027-06-30", 1)
    ]
    body = {"version": 1, "amount": "250.5", "note": "A pilot"}
    done = call(client, side, "put", f"/api/v1/envelopes/{row.id}/request/", body)
    assert done.status_code == 200, done.content
    assert done.json()["requested"]["nanos"] == 250_500_000_000
    again = call(client, side, "put", f"/api/v1/envelopes/{row.id}/request/", body)
    assert (again.status_code, again.json()["code"]) == (409, "stale_version")
    rows = call(client, side, "get", f"{URL}{cycle.id}/envelopes/").json()
    assert [
        (r["unit_name"], r["requested"]["amount"], r["allocated"], r["spent"]) for r in rows
    ] == [("Claims", "250.500000000", None, None)]
    assert call(client, side, "get", f"{URL}{cycle.id}/envelopes/?round=1").status_code == 404
    assert call(client, side, "get", f"{URL}{cycle.id}/envelopes/?round=x").status_code == 422
    rounds = call(client, side, "get", f"{URL}{cycle.id}/rounds/").json()
    assert [(r["number"], r["name"]) for r in rounds] == [(0, "Draft")]
    assert call(client, side, "get", f"{URL}{cycle.id}/").json()["round_number"] == 0


def test_decisions_stay_with_people(side, client):
    with side.scope():
        cycle = make_cycle(side.units["claims"].id)
        row = envelope_of(cycle, side.units["claims"].id)
    opened = {
        "name": "2028",
        "kind": "year",
        "starts_on": "2028-01-01",
        "unit_ids": [str(side.units["claims"].id)],
    }
    for method, url, body in (
        ("post", URL, opened),
        ("post", f"{URL}{cycle.id}/rounds/", {"version": 1}),
        ("post", f"{URL}{cycle.id}/lock/", {"version": 1}),
        ("post", f"{URL}{cycle.id}/envelopes/", {"unit_id": str(side.units["core"].id)}),
        ("put", f"/api/v1/envelopes/{row.id}/allocation/", {"version": 1, "amount": "1"}),
    ):
        assert call(client, side, method, url, body).status_code == 403, url
    with side.scope():
        assert list(PlanningCycle.objects.values_list("version", "status")) == [(1, "open")]
        assert list(Envelope.objects.values_list("version", "allocated_nanos")) == [(1, None)]


def test_a_person_runs_a_cycle(side):
    client = side.client(Role.CFO)

    def send(method, url, body=None):
        response = getattr(client, method)(
            url,
            body,
            content_type="application/json",
            headers={"X-TokenOps-Organization": side.slug},
        )
        assert response.status_code < 300, response.content
        return response.json()

    cycle = send(
        "post",
        URL,
        {
            "name": "2027 Q1",
            "kind": "quarter",
            "starts_on": "2027-01-01",
            "unit_ids": [str(side.units["claims"].id)],
        },
    )
    one = f"{URL}{cycle['id']}/"
    send("post", one + "envelopes/", {"unit_id": str(side.units["core"].id)})
    assert send("post", one + "rounds/", {"version": 1})["name"] == "Round 1"
    rows = send("get", one + "envelopes/")
    for row in rows:
        body = {"version": row["version"], "amount": "100"}
        send("put", f"/api/v1/envelopes/{row['id']}/allocation/", body)
    locked = send("post", one + "lock/", {"version": 2, "note": "Board"})
    assert (locked["status"], locked["lock_note"]) == ("locked", "Board")
    budget = send("post", f"/api/v1/envelopes/{rows[0]['id']}/budget/")
    assert budget["name"] == "Claims, 2027 Q1"
