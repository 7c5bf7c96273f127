"""The inventory of keys: what usage and directories name, decisions, and alerts about both."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.connectors.enums import EntryKind, Listing
from apps.connectors.inventory import rules
from apps.connectors.models import DirectoryEntry, KeyReview, Source
from apps.ledger.quality import services as quality
from apps.ledger.quality.models import QualityAlert
from apps.trail.models import TrailEvent
from tests.factories.connectors import make_source
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def org(world):
    """A listed key, one its provider dropped, one that nobody knows, and one that nobody uses."""
    for role in (Role.ADMIN, Role.VIEWER, Role.TOKENOPS_LEAD):
        world.a.person(role)
    with time_machine.travel(NOW, tick=False):
        with world.a.scope():
            price("m1")
            assert world.a.units["core"]
            source = make_source("openai", name="OpenAI main")
            Source.objects.filter(id=source.id).update(directory_at=NOW)
            for key, days in (("k1", 0), ("k2", 9), ("k4", 0)):
                DirectoryEntry.objects.create(
                    source=source, kind=EntryKind.API_KEY, external_id=key, name=f"Key {key}",
                    owner="ana", seen_at=NOW - timedelta(days=days),
                )  # fmt: skip
            say = {"provider": "openai", "model": "gpt-5"}
            take(
                [
                    usage(occurred_at=NOW - timedelta(days=60), api_key_id="k1", **say),
                    usage(occurred_at=NOW - timedelta(days=2), api_key_id="k2", **say),
                    usage(
                        occurred_at=NOW - timedelta(days=3), api_key_id="k3", api_key="Mystery",
                        unit="core", **say,
                    ),
                ]
            )  # fmt: skip
        yield world.a


def rows(org, query="", role=Role.VIEWER):
    answer = org.client(role).get(org.url("connectors:inventory") + f"?format=csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return {row["Id"]: row for row in csv.DictReader(io.StringIO(text))}


def test_every_key_with_directory_owner_and_use(org):
    found = rows(org)
    assert {key: row["Directory"] for key, row in found.items()} == {
        "k1": "Listed by its provider",
        "k2": "No longer listed",
        "k3": "In no directory",
        "k4": "Listed by its provider",
    }
    assert set(list(found)[:2]) == {"k2", "k3"}
    assert (found["k3"]["Owner"], found["k4"]["Owner"]) == ("Core", "")
    seen = rows(org, role=Role.ADMIN)
    assert (seen["k3"]["Owner"], seen["k4"]["Owner"]) == ("Core", "ana")
    assert (found["k3"]["Last used"], found["k4"]["Last used"]) == ("2026-11-17", "")
    assert set(rows(org, "&use=idle")) == {"k4"}
    assert set(rows(org, "&listing=unlisted")) == {"k3"}
    page = org.client(Role.ADMIN).get(org.url("connectors:inventory")).content.decode()
    assert "2 of 4 keys used without a directory entry, 4 not reviewed" in page
    assert "key_review" not in page
    assert "inventory/review/?provider=openai&amp;key=k3" in page
    assert "inventory/review/" not in (
        org.client(Role.VIEWER).get(org.url("connectors:inventory")).content.decode()
    )


def test_a_decision_is_kept_with_evidence_and_ends_the_alert(org, client):
    url = org.url("connectors:key_review") + "?provider=openai&key=k3"
    with org.scope():
        quality.check()
        (alert,) = QualityAlert.objects.filter(kind="key")
        assert alert.title == "Unknown key Mystery calls openai since 17 Nov"
    admin = org.client(Role.ADMIN)
    body = {"standing": "tolerated", "owner": "Core", "payment": "A team’s card", "version": "0"}
    assert org.client(Role.VIEWER).post(url, body).status_code == 403
    assert admin.get(org.url("connectors:key_review") + "?key=x").status_code == 404
    assert admin.post(url, {**body, "standing": "loved"}).status_code == 422
    with org.scope():
        assert not KeyReview.objects.exists()
    assert "Review Mystery" in admin.get(url).content.decode()
    assert admin.post(url, body).status_code == 302
    assert admin.post(url, body).status_code == 409
    with org.scope():
        assert TrailEvent.objects.get(action="key.reviewed").after["standing"] == "tolerated"
        quality.check()
        assert QualityAlert.objects.get(kind="key").state == "resolved"
    assert rows(org)["k3"]["Standing"] == "Tolerated"
    send = {"provider": "openai", "key": "k2", "standing": "banned", "version": 0}
    answer = client.put(
        "/api/v1/key-inventory/", send, content_type="application/json",
        headers={**org.key_headers, "Idempotency-Key": "one"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["standing"]) == (200, "banned")
    listed = client.get("/api/v1/key-inventory/", headers=org.key_headers).json()["results"]
    assert {line["key"]: line["version"] for line in listed} == {"k1": 0, "k2": 1, "k3": 1, "k4": 0}
    with org.scope():
        quality.check()
        assert not QualityAlert.objects.filter(kind="key", state="open").exists()
        KeyReview.objects.filter(key="k2").update(reviewed_at=NOW - timedelta(days=5))
        quality.check()
        (alert,) = QualityAlert.objects.filter(kind="key", state="open")
        assert (alert.severity, alert.title) == ("bad", "Banned key Key k2 was used on 18 Nov")


def test_what_is_listed_and_what_is_news():
    assert rules.listing(NOW - timedelta(days=5), None) == Listing.LISTED
    assert rules.listing(NOW - timedelta(days=5), NOW - timedelta(days=4)) == Listing.LISTED
    assert rules.listing(NOW - timedelta(days=5), NOW) == Listing.GONE
    today = date(2026, 11, 20)
    assert rules.is_news(date(2026, 11, 6), date(2026, 10, 1), today)
    assert not rules.is_news(date(2026, 11, 5), date(2026, 10, 1), today)
    assert not rules.is_news(date(2026, 11, 19), date(2026, 11, 1), today)
    assert not rules.is_news(None, None, today)
