"""The list of data-quality alerts, one alert, and its steps; the same over the API."""

from datetime import date

import pytest

from apps.access.roles import Role
from apps.ledger.quality.models import QualityAlert

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(world):
    with world.a.scope():
        return QualityAlert.objects.create(
            kind="quiet",
            subject="s:2026-11-17",
            severity="bad",
            title="Gateway is quiet since 18 Nov",
            detail="Nothing came on 2 days.",
            since=date(2026, 11, 18),
        )


def test_the_list_filters_exports_and_teaches(world, alert):
    client, url = world.a.client(Role.VIEWER), world.a.url("quality:list")
    page = client.get(url).content.decode()
    assert "1 alert waits for an answer" in page
    assert alert.title in page
    assert "Nothing matches" in client.get(url, {"state": "resolved"}).content.decode()
    assert alert.title in client.get(url, {"state": "live", "kind": "quiet"}).content.decode()
    text = b"".join(client.get(url, {"format": "csv"}).streaming_content).decode()
    assert "Nothing came on 2 days." in text
    empty = world.b.client(Role.VIEWER).get(world.b.url("quality:list")).content.decode()
    assert "Nothing is wrong with the data" in empty
    assert world.a.client(Role.MEMBER).get(url).status_code == 403


def test_an_alert_is_taken_on_and_resolved(world, alert):
    lead = world.a.client(Role.TOKENOPS_LEAD)
    words = {"quality_alert_id": alert.id}
    page = lead.get(world.a.url("quality:detail", **words)).content.decode()
    assert "Take it on" in page
    viewer = world.a.client(Role.VIEWER)
    assert "Take it on" not in viewer.get(world.a.url("quality:detail", **words)).content.decode()
    take = world.a.url("quality:acknowledge", **words)
    assert viewer.post(take, {"version": 1}).status_code == 403
    assert lead.get(take).status_code == 200
    assert lead.post(take, {"version": 1, "note": ""}).status_code == 302
    assert lead.post(take, {"version": 1, "note": ""}).status_code == 409
    settle = world.a.url("quality:resolve", **words)
    assert lead.post(settle, {"version": 2, "note": ""}).status_code == 422
    assert lead.post(settle, {"version": 2, "note": "Key replaced"}).status_code == 302
    assert "Key replaced" in lead.get(world.a.url("quality:detail", **words)).content.decode()


def test_alerts_over_the_api(world, alert, client):
    headers = world.a.key_headers
    path = "/api/v1/data-quality/"
    assert len(client.get(path, {"state": "open"}, headers=headers).json()["results"]) == 1
    assert client.get(path, {"state": "resolved"}, headers=headers).json()["results"] == []
    one = f"{path}{alert.id}/"
    assert client.get(one, headers=headers).json()["kind"] == "quiet"
    body = {"version": 1}
    taken = client.post(f"{one}acknowledge/", body, "application/json", headers=headers)
    assert (taken.status_code, taken.json()["state"]) == (200, "acknowledged")
    missing = client.post(f"{one}resolve/", {"version": 2}, "application/json", headers=headers)
    assert missing.status_code == 422
    again = client.post(f"{one}acknowledge/", body, "application/json", headers=headers)
    assert again.status_code == 409
