"""One month: checklist, proof, adjustments; and restatements taken together."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.models import AccountingPeriod, RollupAxis
from apps.ledger.services import mark_coverage
from apps.trail.models import TrailEvent
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 14, 9, tzinfo=UTC)
BASE = "/api/v1/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def source():
    return uuid7()


@pytest.fixture
def side(world, source):
    with world.a.scope():
        price("m1")
        take([usage(occurred_at=OCTOBER, event_id="a", observed_at=OCTOBER)], source)
        mark_coverage(source_id=source, name="Gateway", complete_through=OCTOBER)
    return world.a


def page(side, role=Role.CFO, query="", name="period", **kwargs):
    kwargs = kwargs or {"month": "2026-10"}
    return side.client(role).get(side.url(f"ledger:{name}", **kwargs) + query).content.decode()


def test_a_month_with_open_points_is_closed_only_with_a_reason(side, source):
    url, client = side.url("ledger:period_close", month="2026-10"), side.client(Role.CFO)
    with side.scope():
        services.settle_period(
            actor=side.actor(Role.CFO), month=OCTOBER.date().replace(day=1), version=0
        )
        take([usage(model="m9", occurred_at=OCTOBER)], source)
    shown = page(side)
    assert "Not everything is ready" in shown
    assert "1 source not complete through the month" in shown
    assert "1 record without a price" in shown
    assert "Close" not in page(side, Role.VIEWER).split("<main")[1].split("<dl")[0]
    refused = client.post(url, {"version": "1", "note": ""})
    assert refused.status_code == 422
    assert "Say in the note why" in client.get(url).content.decode()
    with side.scope():
        assert AccountingPeriod.objects.get().status == "settling"
    assert client.post(url, {"version": "1", "note": "Agreed with audit"}).status_code == 302
    with side.scope():
        event = TrailEvent.objects.get(action="period.closed")
        assert event.reason == "Agreed with audit"
        assert len(event.after["open_points"]) == 2


def test_a_closed_month_shows_its_proof_and_what_came_later(side, source, client):
    cfo = side.actor(Role.CFO)
    month = OCTOBER.date().replace(day=1)
    with side.scope():
        mark_coverage(source_id=source, name="Gateway", complete_through=NOW)
        services.settle_period(actor=cfo, month=month, version=0)
        services.close_period(actor=cfo, month=month, version=1)
        take([usage(occurred_at=OCTOBER, event_id="a", output=600, observed_at=NOW)], source)
    shown = page(side)
    assert "Closed by CFO Acme" in shown
    assert "1 adjustment" in shown
    assert "Unchanged: the figures are those of the close" in page(side, query="?verify=1")
    november = page(side, month="2026-11")
    assert "+$0.0040" in november
    listed = side.client(Role.VIEWER).get(
        side.url("ledger:adjustments") + "?month=2026-10&format=csv"
    )
    (row,) = csv.DictReader(io.StringIO(b"".join(listed.streaming_content).decode("utf-8-sig")))
    assert (row["Usage of"], row["Counts on"], row["Model"], row["Cost (USD)"]) == (
        "2026-10-14",
        "2026-11-20",
        "m1",
        "0.004000000",
    )
    headers = side.key_headers
    (found,) = client.get(f"{BASE}adjustments/", {"month": "2026-10"}, headers=headers).json()[
        "results"
    ]
    assert (found["origin_day"], found["source"], found["cost"]["nanos"]) == (
        "2026-10-14",
        "Gateway",
        4_000_000,
    )
    one = client.get(f"{BASE}periods/2026-10/", {"verify": "true"}, headers=headers).json()
    assert (one["unchanged"], one["checklist"]) == (True, [])
    with side.scope():
        RollupAxis.objects.filter(day=OCTOBER.date()).update(output=1)
    assert "not those of the close" in page(side, query="?verify=1")


def test_an_open_month_says_what_is_ready_over_the_api(side, client):
    body = client.get(f"{BASE}periods/2026-10/", headers=side.key_headers).json()
    states = {check["key"]: check["state"] for check in body["checklist"]}
    assert states == {
        "over": "ok",
        "coverage": "bad",
        "inbox": "ok",
        "unpriced": "ok",
        "attributed": "warn",
        "still": "ok",
        "quality": "ok",
    }
    assert body["unchanged"] is None
    assert client.get(f"{BASE}periods/2031-01/", headers=side.key_headers).status_code == 404


def test_restatements_are_taken_together(side, source, client):
    with side.scope():
        take([usage(occurred_at=OCTOBER, event_id="a", output=600, observed_at=NOW)], source)
    for by, label in (
        ("source", "Gateway"),
        ("day", "2026-10-14"),
        ("model", "m1"),
        ("reason", "Restated"),
    ):
        listed = side.client(Role.CFO).get(
            side.url("ledger:restatement_groups") + f"?by={by}&format=csv"
        )
        (row,) = csv.DictReader(io.StringIO(b"".join(listed.streaming_content).decode("utf-8-sig")))
        assert label in next(iter(row.values()))
        assert row["Difference (USD)"] == "0.004000000"
        assert (row["Tokens before"], row["Tokens now"]) == ("1100", "1600")
    shown = side.client(Role.CFO).get(side.url("ledger:restatement_groups") + "?by=model")
    assert "restatements/?model=m1" in shown.content.decode()
    none = side.client(Role.CFO).get(side.url("ledger:restatement_groups") + "?reason=withdrawn")
    assert "Nothing matches" in none.content.decode()
    body = client.get(
        f"{BASE}restatements/summary/", {"by": "model"}, headers=side.key_headers
    ).json()
    assert body["results"][0]["difference"]["nanos"] == 4_000_000
    assert (
        client.get(
            f"{BASE}restatements/summary/",
            {"by": "model", "end": str((OCTOBER - timedelta(days=1)).date())},
            headers=side.key_headers,
        ).json()["results"]
        == []
    )
    wrong = client.get(f"{BASE}restatements/summary/", {"by": "x"}, headers=side.key_headers)
    assert wrong.status_code in (400, 422)


def test_who_is_bound_to_a_unit_sees_its_figures_only(side, client):
    """Two teams use 1,100 tokens each and 1,100 belong to nobody; a lead sees one of three."""
    with side.scope():
        core, other = side.units["core"], side.units["apps"]
        at = datetime(2026, 11, 5, 9, tzinfo=UTC)
        mine = [usage(occurred_at=at, unit=unit) for unit in (core.code, other.code, "")]
        take([*mine, usage(occurred_at=at, model="m9", unit=other.code)], uuid7())
    row = {"Cost": "0.002800000", "Tokens": "1100", "Without a price": "0"}
    url = side.url("ledger:periods") + "?format=csv"

    def november(role, unit=None):
        answer = side.client(role, unit).get(url)
        assert answer.status_code == 200, answer.content[:300]
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        found = {line["Month"]: line for line in csv.DictReader(io.StringIO(text))}
        return found["2026-11"]

    lead = november(Role.UNIT_LEAD, "core")
    assert {name: lead[name] for name in ("Tokens", "Without a price")} == {
        name: row[name] for name in ("Tokens", "Without a price")
    }
    assert lead["Cost (USD)"] == row["Cost"]
    whole = november(Role.CFO)
    assert (whole["Tokens"], whole["Without a price"]) == ("4400", "1")
    shown = side.client(Role.UNIT_LEAD, "core").get(side.url("ledger:period", month="2026-11"))
    assert "The figures are those of your teams" in shown.text
    assert "Before it is closed" not in shown.text
    asked = side.client(Role.UNIT_LEAD, "core").get(
        "/api/v1/periods/2026-11/?verify=true",
        headers={"X-TokenOps-Organization": side.organization.slug},
    )
    body = asked.json()
    assert (body["tokens"], body["unpriced_records"], body["digest"]) == (1100, 0, "")
    assert (body["checklist"], body["unchanged"]) == ([], None)
