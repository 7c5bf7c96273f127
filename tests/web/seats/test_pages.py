"""Seat pages: empty, a plan with its price, people imported and filtered; the same over the API."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.connectors.seats.models import Seat, SeatPlan

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIST = b"person,plan,since\nana,Chat,2026-11-01\nben,Chat,2026-01-01\n"


@pytest.fixture
def org(world):
    for role in (Role.ADMIN, Role.VIEWER):
        world.a.person(role)
    with time_machine.travel(NOW):
        yield world.a


def test_from_nothing_to_a_priced_plan(org):
    browser = org.client(Role.ADMIN)
    assert "No seats yet" in browser.get(org.url("seats:list")).content.decode()
    file = SimpleUploadedFile("seats.csv", LIST)
    assert browser.post(org.url("seats:import"), {"file": file}).status_code == 302
    with org.scope():
        plan = SeatPlan.objects.get()
    page = browser.get(org.url("seats:list")).content.decode()
    assert "2 seats cost an unknown amount so far, 0 idle" in page
    values = {"name": "Chat", "price": "30", "included": "", "version": plan.version}
    assert browser.post(org.url("seats:edit", plan.id), values).status_code == 302
    page = browser.get(org.url("seats:list")).content.decode()
    assert "2 seats cost $46 so far, 0 idle" in page
    october = browser.get(org.url("seats:list") + "?month=2026-10").content.decode()
    assert "1 seat cost $30 in October 2026, 0 idle" in october
    seen = SimpleUploadedFile("s.csv", b"person,plan,last_active\nben,Chat,2026-09-30\n")
    assert browser.post(org.url("seats:import"), {"file": seen}).status_code == 302
    people = org.url("seats:people")
    assert "ben" in browser.get(people + "?state=idle").content.decode()
    assert "ana" not in browser.get(people + "?state=idle").content.decode()
    yearly = {**values, "version": plan.version + 1, "price": "240", "billed": "year"}
    assert browser.post(org.url("seats:edit", plan.id), yearly).status_code == 302
    with org.scope():
        plan.refresh_from_db()
        assert plan.price_nanos == 20 * 10**9
    stale = browser.post(org.url("seats:edit", plan.id), values)
    assert stale.status_code == 409


def test_bad_files_and_other_roles_change_nothing(org):
    browser = org.client(Role.ADMIN)
    bad = SimpleUploadedFile("s.csv", b"person,plan\n,Chat\n")
    answer = browser.post(org.url("seats:import"), {"file": bad})
    assert answer.status_code == 422
    assert "Row 2: person is not usable." in answer.content.decode()
    viewer = org.client(Role.VIEWER)
    assert viewer.get(org.url("seats:list")).status_code == 200
    file = SimpleUploadedFile("seats.csv", LIST)
    assert viewer.post(org.url("seats:import"), {"file": file}).status_code == 403
    with org.scope():
        assert Seat.objects.count() == 0


def plan_of(org):
    with org.scope():
        return SeatPlan.objects.get()


def test_the_api(org, client):
    def send(method, path, data=None):
        return getattr(client, method)(
            f"/api/v1/{path}", data, content_type="application/json", headers=org.key_headers
        )

    done = send("post", "seats/import/", {"table": LIST.decode()})
    assert done.json() == {"added": 2, "ended": 0, "updated": 0}
    (line,) = send("get", "seat-plans/").json()["results"]
    assert (line["held"], line["cost_nanos"], line["plan"]["price_nanos"]) == (2, None, None)
    one = f"seat-plans/{line['plan']['id']}/"
    changed = send("put", one, {"name": "Chat", "price_nanos": 30 * 10**9, "version": 1})
    assert changed.json()["version"] == 2
    (line,) = send("get", "seat-plans/").json()["results"]
    assert line["cost_nanos"] == 46 * 10**9
    assert send("put", one, {"name": "Chat", "version": 1}).status_code == 409
    assert send("post", "seat-plans/", {"name": "Chat"}).status_code == 422
    assert len(send("get", "seats/").json()["results"]) == 2
    (line,) = send("get", "seat-plans/?month=2026-10-15").json()["results"]
    assert (line["held"], line["cost_nanos"], line["shared"]) == (1, 30 * 10**9, False)
    lost = {"name": "Chat", "version": 2, "price_nanos": 1, "source_id": str(plan_of(org).id)}
    assert send("put", one, lost).status_code == 422
