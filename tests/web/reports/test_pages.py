"""Pages and API of scheduled reports: form, list, acts, and who is refused."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from apps.access.roles import Role
from apps.reports.models import ReportDelivery, ReportSchedule
from apps.savedviews.services import save_view
from tests.factories.reports import make_schedule

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def side(world):
    with time_machine.travel(FRIDAY, tick=False):
        world.a.person(Role.CFO)
        yield world.a


def text(client, url, status=200):
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def typed(side, **changes):
    return {
        "what": "kind=league&query=stage%3Dpilot",
        "kind": "league",
        "query": "stage=pilot",
        "name": "Pilots",
        "cadence": "monthly",
        "month_day": "3",
        "weekday": "0",
        "hour": "8",
        "with_csv": "on",
        "recipients": [str(side.person(Role.CFO).membership.id)],
        **changes,
    }


def kept(side):
    with side.scope():
        return list(ReportSchedule.objects.values_list("name", "query", "cadence", "due_at"))


def test_the_button_of_the_league_table_leads_to_a_schedule(side):
    client = side.client(Role.CFO)
    page = text(client, side.url("portal:league") + "?stage=pilot&page=2")
    link = next(part for part in page.split('"') if "/reports/new/?" in part)
    asked = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    assert asked == {"kind": ["league"], "query": ["stage=pilot"]}
    form = text(client, link.replace("&amp;", "&"))
    assert "Workflows: with the filters I came from" in form
    answer = client.post(side.url("reports:new"), typed(side))
    assert answer.status_code == 302
    assert kept(side) == [
        ("Pilots", "stage=pilot", "monthly", datetime(2026, 12, 3, 8, tzinfo=UTC))
    ]
    page = text(client, answer.url)
    for words in (
        "Every month on the 3rd at 08:00", "E-mail, CSV", "3 Dec, 08:00 UTC",
        "Nothing was sent yet", "?stage=pilot",
    ):  # fmt: skip
        assert words in page


def test_kept_views_can_be_chosen(side):
    with side.scope():
        save_view(actor=side.actor(Role.CFO), page="explore", name="Models", query="group=model")
    page = text(side.client(Role.CFO), side.url("reports:new"))
    assert "Explore: Models" in page
    assert "kind=explore&amp;query=group%3Dmodel" in page


def test_wrong_input_comes_back_on_the_form(side):
    client = side.client(Role.CFO)
    answer = client.post(side.url("reports:new"), typed(side, name="", recipients=[]))
    assert answer.status_code == 422
    assert "Pilots" not in str(kept(side))
    answer = client.post(side.url("reports:new"), typed(side, what="kind=x&query=y"))
    assert answer.status_code == 422
    assert kept(side) == []


def test_the_list_and_the_acts(side):
    client, url = side.client(Role.CFO), side.url("reports:list")
    assert "No report is sent yet" in text(client, url)
    with side.scope():
        made = make_schedule(side.actor(Role.CFO), name="Weekly")
    page = text(client, url)
    for words in ("1 report sent regularly", "Weekly", "Every Monday at 07:00", "23 Nov, 07:00"):
        assert words in page
    assert "Nothing matches" in text(client, f"{url}?paused=1")
    assert "Weekly" in text(client, f"{url}?kind=league&cadence=weekly&paused=0&sort=-due")
    at = {name: side.url(f"reports:{name}", made.id) for name in ("pause", "resume", "send")}
    assert client.post(at["pause"], {"version": "1"}).status_code == 302
    assert client.post(at["pause"], {"version": "1"}).status_code == 409
    assert "Paused" in text(client, url)
    assert client.post(at["resume"], {"version": "2"}).status_code == 302
    assert client.post(at["send"]).status_code == 302
    assert client.post(at["send"]).status_code == 409
    detail = text(client, side.url("reports:detail", made.id))
    assert "On its way" in detail
    assert "asked for it" in detail
    edit = side.url("reports:edit", made.id)
    assert "Workflows: as it is" in text(client, edit)
    changed = typed(side, what="kind=league&query=", name="Daily", cadence="daily", version="3")
    assert client.post(edit, changed).status_code == 302
    assert client.post(edit, changed).status_code == 409
    delete = side.url("reports:delete", made.id)
    assert "the list of what was sent goes with it" in text(client, delete)
    assert client.post(delete, {"version": "4"}).status_code == 302
    assert kept(side) == []


def test_a_recipient_leaves_and_changes_nothing(side):
    with side.scope():
        made = make_schedule(side.actor(Role.CFO), side.person(Role.VIEWER))
    client, detail = side.client(Role.VIEWER), side.url("reports:detail", made.id)
    page = text(client, detail)
    assert side.url("reports:leave", made.id) in page
    assert side.url("reports:edit", made.id) not in page
    for name in ("edit", "delete"):
        assert client.get(side.url(f"reports:{name}", made.id)).status_code == 403
    for name in ("pause", "resume", "edit", "delete"):
        answer = client.post(side.url(f"reports:{name}", made.id), {"version": "1"})
        assert answer.status_code == 403
    assert client.get(side.url("reports:new")).status_code == 403
    assert client.post(side.url("reports:new"), typed(side)).status_code == 403
    assert len(kept(side)) == 1
    assert client.post(side.url("reports:leave", made.id)).status_code == 302
    assert client.get(detail).status_code == 404


def test_the_api_keeps_schedules_of_people_only(side, client):
    url = "/api/v1/report-schedules/"
    body = {
        "kind": "league", "name": "Pilots", "query": "stage=pilot", "cadence": "weekly",
        "recipients": [str(side.person(Role.CFO).membership.id)],
    }  # fmt: skip
    json = {"content_type": "application/json"}
    asked = client.post(
        url, body, **json, headers={**side.key_headers, "Idempotency-Key": "once-1"}
    )
    assert asked.status_code == 403
    assert kept(side) == []
    person, at = side.client(Role.CFO), {"X-TokenOps-Organization": side.organization.slug}
    made = person.post(url, body, **json, headers=at).json()
    assert [made["due_at"], made["recipients"][0]["name"]] == ["2026-11-23T07:00:00Z", "CFO Acme"]
    one = f"{url}{made['id']}/"
    wrong = person.put(one, {**body, "version": 1, "hour": 30}, **json, headers=at)
    assert wrong.status_code == 422
    assert person.post(f"{one}send/", headers=at).status_code == 202
    (copy,) = person.get(f"{one}copies/", headers=at).json()["results"]
    assert [copy["state"], copy["asked_for"], copy["period_start"]] == [
        "waiting", True, "2026-11-09",
    ]  # fmt: skip
    (row,) = person.get(url, headers=at).json()["results"]
    assert [row["name"], row["last_state"]] == ["Pilots", None]
    assert client.get(url, headers=side.key_headers).json()["results"] == []
    stranger = side.client(Role.CTO)
    for method, path in (("get", one), ("post", f"{one}leave/"), ("post", f"{one}send/")):
        assert getattr(stranger, method)(path, headers=at).status_code == 404
    assert person.post(f"{one}leave/", headers=at).status_code == 204
    with side.scope():
        assert ReportDelivery.objects.count() == 1
