"""The change log's pages, and its marks on the charts of other pages."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.ledger.changelog.models import CapabilityChange
from apps.ledger.changelog.services import record_change
from apps.ledger.quality.services import check
from tests.factories.ledger import price, take
from tests.factories.portfolio import make_capability
from tests.factories.runs import call

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    side = world.a
    lead = side.actor(Role.TOKENOPS_LEAD)
    with side.scope():
        price("m1")
        side.capability = make_capability("Claims", unit_id=side.units["core"].id)
        take(
            [
                call(
                    f"r{ago}-{n}",
                    start=NOW - timedelta(days=ago),
                    capability="claims",
                    input_uncached=900 if ago > 6 else 1_310,
                )
                for ago in range(20, 0, -1)
                for n in range(3)
            ]
        )
        side.change, _ = record_change(
            actor=lead,
            capability_id=side.capability.id,
            kind="release",
            title="2.3",
            link="https://ci.example/81",
            occurred_at=NOW - timedelta(days=6),
        )
        check()
    return side


def text(client, url, **query):
    response = client.get(url, query)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def test_the_list_says_what_changes_did(side, world):
    viewer, url = side.client(Role.VIEWER), side.url("changelog:list")
    page = text(viewer, url)
    for words in ("2.3", "Claims", "+41%", "1.0\u00a0K → 1.4\u00a0K"):
        assert words in page, words
    assert "Record a change" not in page
    assert "Nothing matches" in text(viewer, url, kind="prompt")
    assert "2.3" in text(viewer, url, q="2.3", capability=str(side.capability.id))
    content = b"".join(viewer.get(url, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content))
    assert (row["Tokens per run before"], row["Tokens per run after"]) == ("1000", "1410")
    assert "No change yet" in text(world.b.client(Role.VIEWER), world.b.url("changelog:list"))


def test_figures_are_for_those_who_may_see_them(side):
    elsewhere = side.client(Role.MEMBER, "claims")
    page = text(elsewhere, side.url("changelog:list"))
    assert "2.3" in page
    assert "+41%" not in page
    page = text(elsewhere, side.url("changelog:detail", change_id=side.change.id))
    assert "What it did" not in page
    assert "Withdraw" not in page


def test_recording_correcting_and_withdrawing(side):
    member, new = side.client(Role.MEMBER), side.url("changelog:new")
    assert "Claims" in text(member, new, capability=str(side.capability.id))
    data = {"capability": str(side.capability.id), "kind": "prompt", "title": "7", "at": ""}
    assert member.post(new, data | {"title": ""}).status_code == 422
    made = member.post(new, data | {"at": "2026-11-19T09:30"})
    assert made.status_code == 302
    with side.scope():
        row = CapabilityChange.objects.get(kind="prompt")
    one = {"change_id": row.id}
    assert made["Location"] == side.url("changelog:detail", **one)
    assert "prompt version 7" in text(member, made["Location"])
    correct, withdraw = side.url("changelog:correct", **one), side.url("changelog:withdraw", **one)
    assert "2026-11-19T09:30" in text(member, correct)
    assert member.post(correct, data | {"title": "8", "version": 1}).status_code == 302
    assert member.post(correct, data | {"title": "9", "version": 1}).status_code == 409
    text(member, withdraw)
    assert member.post(withdraw, {"version": 2, "reason": ""}).status_code == 422
    assert member.post(withdraw, {"version": 2, "reason": "Not out"}).status_code == 302
    assert "Not out" in text(member, made["Location"])
    viewer = side.client(Role.VIEWER)
    assert viewer.get(new).status_code == 403
    for url in (correct, withdraw):
        assert viewer.post(url, data | {"version": 3, "reason": "x"}).status_code == 403
    with side.scope():
        row.refresh_from_db()
    assert (row.title, row.occurred_at, row.version) == (
        "8",
        datetime(2026, 11, 19, 9, 30, tzinfo=UTC),
        3,
    )


def test_changes_are_marked_on_the_charts(side):
    lead = side.client(Role.TOKENOPS_LEAD)
    one = str(side.capability.id)
    page = text(lead, side.url("portfolio:detail", side.capability.id))
    assert "Tokens per run rose 41% on 14 Nov, the day of release 2.3" in page
    assert "Tokens per run +41%, cost +" in page
    for url, query, label in (
        ("portfolio:detail", {}, "release 2.3"),
        ("ledger:runs", {"capability": one}, "release 2.3"),
        ("ledger:runs", {}, "Claims: release 2.3"),
        ("portal:explore", {}, "Claims: release 2.3"),
        ("portal:explore", {"capability": one, "measure": "price"}, "release 2.3"),
    ):
        args = [side.capability.id] if url == "portfolio:detail" else []
        drawn = text(lead, side.url(url, *args), **query)
        assert f"</b> {label}</li>" in drawn, (url, query)
    page = text(lead, side.url("portal:explore"), model="m1")
    assert "Claims: release 2.3</li>" not in page
