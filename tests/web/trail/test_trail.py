"""The trail's pages and API."""

import json
import time
from datetime import timedelta

import pytest
from django.db import connection

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.common import clock
from apps.organizations import services as organizations
from apps.trail import reports
from apps.trail.models import TrailBlock, TrailEvent
from apps.trail.refs import ObjectRef
from apps.trail.services import record, seal
from tests.conftest import as_owner

SEES = {
    Role.OWNER,
    Role.ADMIN,
    Role.CIO,
    Role.CTO,
    Role.CFO,
    Role.CDO,
    Role.EA,
    Role.TOKENOPS_LEAD,
    Role.TOKENOPS_ANALYST,
    Role.AUDITOR,
}


@pytest.fixture
def acme(world):
    owner = world.a.actor(Role.OWNER)
    with world.a.scope():
        organizations.change_organization(
            actor=owner, name="Acme", currency="EUR", timezone="Europe/Zurich", fiscal_year_start=1
        )
    return world.a


def rows(page: str) -> int:
    return page.count('<th role="rowheader"')


def test_who_reads_it(world):
    url = world.a.url("trail:list")
    found = {
        role for role, p in world.a.everyone().items() if p.client().get(url).status_code == 200
    }
    assert found == SEES


def test_the_list_and_its_filters(acme):
    browser, url = acme.client(Role.AUDITOR), acme.url("trail:list")
    page = browser.get(url).content.decode()
    assert "Organization settings changed" in page
    assert "organization: Acme" in page
    assert "Alice Archer" in page

    def count(query: str) -> int:
        return rows(browser.get(f"{url}?{query}").content.decode())

    everything = rows(page)
    assert everything == 3
    assert count("action=organization.changed") == 1
    assert count("action=organization.changed&action=organization.created") == 2
    assert count("type=person") == 1
    assert count("kind=system") == 1
    assert count("who=ALICE") == 2
    assert count("object=audit") == 1
    assert count(f"id={acme.id}") == 2
    assert count("id=not-a-uuid") == everything
    today = clock.today("Europe/Zurich")
    assert count(f"on_from={today}&on_to={today}") == everything
    assert count(f"on_from={today + timedelta(days=1)}") == 0
    assert count(f"on_to={today - timedelta(days=1)}") == 0


def test_the_export(acme):
    answer = acme.client(Role.AUDITOR).get(
        acme.url("trail:list") + "?format=csv&action=organization.changed"
    )
    head, line = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert head == (
        "When (UTC),Who,What,Object,Reason,Kind of actor,Actor id,Object id,Changes,Address,Request"
    )
    assert "organization.changed" in line
    assert "currency: USD -> EUR" in line


def test_the_systems_own_work_is_told_in_words(acme):
    with acme.scope():
        record(
            actor=system_actor("stories.watch_bands"),
            action="organization.changed",
            obj=ObjectRef("organization", acme.id, "Acme"),
        )
        event = TrailEvent.objects.latest("id")
    assert (event.actor_name, event.who) == ("stories.watch_bands", "Band watch")
    browser, url = acme.client(Role.AUDITOR), acme.url("trail:list")
    page = browser.get(f"{url}?who=band+WATCH").content.decode()
    assert rows(page) == 1
    assert "Band watch" in page
    assert "stories.watch_bands" not in page
    assert rows(browser.get(f"{url}?who=stories.watch").content.decode()) == 1
    assert "Band watch (System)" in browser.get(acme.url("trail:event", event.id)).content.decode()
    answer = browser.get(f"{url}?who=band&format=csv")
    line = b"".join(answer.streaming_content).decode().splitlines()[1].split(",")
    assert (line[1], line[6]) == ("Band watch", "stories.watch_bands")
    told = browser.get(
        f"/api/v1/trail/{event.id}/", headers={"X-TokenOps-Organization": "acme"}
    ).json()
    assert (told["actor_name"], told["actor_code"]) == ("Band watch", "stories.watch_bands")


def test_one_event(acme):
    with acme.scope():
        event = TrailEvent.objects.get(action="organization.changed")
    browser, url = acme.client(Role.AUDITOR), acme.url("trail:event", event.id)
    page = browser.get(url).content.decode()
    assert "<del>USD</del>" in page
    assert "<ins>EUR</ins>" in page
    assert "Waits for the next sealing" in page


def test_values_are_escaped(acme):
    owner = acme.actor(Role.OWNER)
    with acme.scope():
        organizations.change_organization(
            actor=owner,
            name="<script>x</script>",
            currency="EUR",
            timezone="UTC",
            fiscal_year_start=1,
        )
        event = TrailEvent.objects.latest("id")
    browser = acme.client()
    for url in (acme.url("trail:event", event.id), acme.url("trail:list")):
        assert "<script>x" not in browser.get(url).content.decode()


def test_another_organizations_event_is_404(world):
    world.b.organization  # noqa: B018 -- created on first use
    with world.b.scope():
        event = TrailEvent.objects.first()
    assert world.a.client().get(world.a.url("trail:event", event.id)).status_code == 404


def test_the_seal(acme):
    browser, url = acme.client(Role.AUDITOR), acme.url("trail:seal")
    assert "Nobody has verified the trail yet" in browser.get(url).content.decode()
    page = browser.post(url, follow=True).content.decode()
    assert "The trail holds" in page
    assert "Holds" in page
    with acme.scope():
        event = TrailEvent.objects.latest("id")
        assert (event.action, event.after["holds"]) == ("trail.verified", True)


def seal_all(side) -> None:
    """Seal what is written; a transaction of another test database may hold the horizon back."""
    for _ in range(100):
        with side.scope():
            seal()
            if TrailBlock.objects.exists() and not reports.seal_state().unsealed:
                return
        time.sleep(0.1)
    raise AssertionError("the trail was not sealed in ten seconds")


@pytest.mark.django_db(transaction=True)
def test_a_changed_event_breaks_the_seal(acme):
    seal_all(acme)
    with acme.scope():
        sealed = TrailEvent.objects.get(action="organization.changed")
        assert reports.block_of(sealed).number == 1
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trail_trailevent DISABLE TRIGGER append_only")
        cursor.execute("UPDATE trail_trailevent SET actor_name = 'Eve' WHERE id = %s", [sealed.id])
        cursor.execute("ALTER TABLE trail_trailevent ENABLE TRIGGER append_only")
    browser = acme.client(Role.AUDITOR)
    page = browser.post(acme.url("trail:seal"), follow=True).content.decode()
    assert "The trail does not hold: an event of block 1 was changed" in page
    assert "Does not hold" in page
    headers = {"X-TokenOps-Organization": "acme"}
    answer = browser.get("/api/v1/trail/seal/", headers=headers).json()
    assert (answer["blocks"], len(answer["last_hash"])) == (1, 64)
    verdict = browser.post("/api/v1/trail/seal/", headers=headers).json()
    assert (verdict["holds"], verdict["problem"]) == (False, "an event of block 1 was changed")


def test_a_very_long_trail_is_for_the_command(acme, monkeypatch):
    monkeypatch.setattr(reports, "VERIFY_AT_MOST", -1)
    answer = acme.client().post(acme.url("trail:seal"))
    assert answer.status_code == 409
    assert b"manage.py verify_trail" in answer.content


def test_the_api(acme):
    browser = acme.client(Role.AUDITOR)
    headers = {"X-TokenOps-Organization": "acme"}

    def get(path: str):
        return browser.get("/api/v1" + path, headers=headers)

    found = get("/trail/?action=organization.changed").json()["results"]
    assert [event["after"] for event in found] == [{"currency": "EUR", "timezone": "Europe/Zurich"}]
    assert get(f"/trail/{found[0]['id']}/").json() == found[0]
    later = (clock.now() + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert get(f"/trail/?after={later}").json()["results"] == []
    assert get("/trail/?after=yesterday").status_code == 422
    member = acme.client(Role.MEMBER).get("/api/v1/trail/", headers=headers)
    assert member.status_code == 403


def test_a_key_with_the_scope_reads_it(acme, client):
    answer = client.get("/api/v1/trail/?object_type=organization", headers=acme.key_headers)
    assert len(answer.json()["results"]) == 2
    assert json.loads(answer.content)["next"] is None


def test_changes():
    found = reports.changes({"a": 1, "b": None}, {"a": 2, "c": [1, "x"], "d": {"k": True}})
    assert [(c.field, c.before, c.after) for c in found] == [
        ("a", "1", "2"),
        ("b", "–", None),
        ("c", None, "1, x"),
        ("d", None, "k: yes"),
    ]
    assert reports.changes(None, None) == []
