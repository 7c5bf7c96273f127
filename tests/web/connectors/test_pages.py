"""Source pages: who sees them, what they say, what the buttons write."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.access.roles import Role
from apps.common import clock
from apps.connectors.enums import SourceStatus
from apps.connectors.models import SchemaAlarm, Source
from apps.connectors.providers.base import UnitLine
from apps.connectors.services import pull_source
from apps.connectors.services.alarms import raise_alarms
from apps.connectors.services.compare import store_comparison
from apps.connectors.services.store import store_units
from apps.ledger.schema import UsageIn
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.connectors import NOW, Provider, make_source
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
SECRET = "sk-admin-simulator-merrowdale-0001"


@pytest.fixture
def org(world):
    return world.a


@pytest.fixture
def source(org):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source("openai", name="OpenAI main", history_from=date(2026, 11, 22))


@pytest.fixture
def pulled(org, source):
    with time_machine.travel(NOW, tick=False):
        pull_source(organization_id=org.organization.id, source_id=source.id, transport=Provider())
    return source


def test_empty_list_teaches(org):
    page = org.client(Role.ADMIN).get(org.url("connectors:list"))
    assert page.status_code == 200
    assert "Connect a source" in page.text
    page = org.client(Role.AUDITOR).get(org.url("connectors:list"))
    assert "Connect a source" not in page.text


def test_list_filters_and_exports(org, pulled):
    admin = org.client(Role.ADMIN)
    with time_machine.travel(NOW, tick=False):
        page = admin.get(org.url("connectors:list"))
        assert "OpenAI main" in page.text
        assert "Up to date" in page.text
        assert "OpenAI main" not in admin.get(org.url("connectors:list") + "?kind=csv").text
        table = b"".join(admin.get(org.url("connectors:list") + "?format=csv")).decode()
    assert table.splitlines()[1].startswith("OpenAI main,openai,Up to date,2026-11-23T12:00")
    assert SECRET not in table


def test_detail_shows_state_and_runs(org, pulled):
    with time_machine.travel(NOW, tick=False):
        page = org.client(Role.ADMIN).get(org.url("connectors:detail", pulled.id))
    assert "OpenAI main is complete until" in page.text
    assert "Pull now" in page.text
    assert "0001" in page.text
    assert SECRET not in page.text


def test_pages_of_a_source_open(org, pulled):
    auditor = org.client(Role.AUDITOR)
    for name in ("detail", "runs", "bill", "directory"):
        for suffix in ("", "?format=csv"):
            page = auditor.get(org.url(f"connectors:{name}", pulled.id) + suffix)
            assert page.status_code == 200


def test_run_page(org, pulled):
    with org.scope():
        run = Source.objects.get(id=pulled.id).runs.get()
    admin = org.client(Role.ADMIN)
    page = admin.get(org.url("connectors:run", run.id))
    assert page.status_code == 200
    assert "new records" in page.text
    assert admin.get(org.url("connectors:runs_all")).status_code == 200


def test_state_is_a_fragment_for_htmx(org, source):
    page = org.client(Role.ADMIN).get(
        org.url("connectors:detail", source.id),
        headers={"HX-Request": "true", "HX-Target": "source-state"},
    )
    assert page.text.lstrip().startswith('<div id="source-state" hx-get=')
    assert "<html" not in page.text


def test_connect_a_source(org):
    answer = org.client(Role.ADMIN).post(
        org.url("connectors:new"),
        {
            "kind": "anthropic",
            "name": "Anthropic main",
            "credential": "sk-ant-admin01-secret-0002",
            "history_from": (clock.today() - timedelta(days=30)).isoformat(),
            "schedule_minutes": "15",
        },
    )
    assert answer.status_code == 302
    with org.scope():
        source = Source.objects.get()
        assert source.base_url == "https://api.anthropic.com"
        assert source.credential_hint == "…0002"
        assert "secret" not in source.credential
        event = TrailEvent.objects.get(action="source.added")
        assert "sk-ant" not in str(event.after)
        assert OutboxMessage.objects.filter(topic="source.pull_requested").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("credential", "has space in it", "This is not an API key"),
        ("base_url", "http://example.com", "Only https"),
        ("base_url", "https://169.254.169.254/", "inside a private network"),
        ("base_url", "ftp://example.com", "not an address"),
        ("history_from", "2001-01-01", "at most a year ago"),
        ("name", "OpenAI MAIN", "called"),
    ],
)
def test_wrong_fields_come_back(org, source, field, value, words):
    data = {
        "kind": "openai",
        "name": "Another",
        "credential": "sk-admin-secret-0003",
        "history_from": (clock.today() - timedelta(days=3)).isoformat(),
        "schedule_minutes": "15",
    }
    answer = org.client(Role.ADMIN).post(org.url("connectors:new"), data | {field: value})
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert "sk-admin-secret-0003" not in answer.text
    with org.scope():
        assert Source.objects.count() == 1


def test_buttons(org, source):
    admin = org.client(Role.ADMIN)
    for name in ("pull", "check"):
        assert admin.post(org.url(f"connectors:{name}", source.id)).status_code == 302
    answer = admin.post(
        org.url("connectors:pause", source.id), {"version": source.version, "reason": "Audit"}
    )
    assert answer.status_code == 302
    with org.scope():
        source.refresh_from_db()
        assert source.status == SourceStatus.PAUSED
        assert TrailEvent.objects.get(action="source.paused").reason == "Audit"
    assert admin.post(org.url("connectors:pull", source.id)).status_code == 409
    stale = admin.post(org.url("connectors:resume", source.id), {"version": 1})
    assert stale.status_code == 409
    answer = admin.post(org.url("connectors:resume", source.id), {"version": source.version})
    assert answer.status_code == 302


def test_edit_and_replace_credential(org, source):
    admin = org.client(Role.ADMIN)
    for name in ("edit", "credential", "pause", "read_again"):
        assert admin.get(org.url(f"connectors:{name}", source.id)).status_code == 200
    data = {
        "version": 1,
        "name": "Renamed",
        "role": "comparison",
        "schedule_minutes": 60,
        "base_url": source.base_url,
    }
    assert admin.post(org.url("connectors:edit", source.id), data).status_code == 302
    assert (
        admin.post(org.url("connectors:edit", source.id), data | {"name": "x"}).status_code == 409
    )
    with org.scope():
        source.refresh_from_db()
        assert (source.name, source.schedule_minutes, source.version) == ("Renamed", 60, 2)
        assert source.role == "comparison"
        before = source.credential
    data = {"version": 2, "credential": "sk-admin-other-9999"}
    assert admin.post(org.url("connectors:credential", source.id), data).status_code == 302
    with org.scope():
        source.refresh_from_db()
        assert source.credential != before
        assert source.credential_hint == "…9999"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.VIEWER, Role.MEMBER])
def test_who_may_not_manage(org, source, role):
    client = org.client(role)
    for name in ("edit", "credential", "pause", "read_again"):
        assert client.get(org.url(f"connectors:{name}", source.id)).status_code == 403
    for name in ("pull", "check", "resume"):
        assert client.post(org.url(f"connectors:{name}", source.id)).status_code == 403
    assert client.get(org.url("connectors:new")).status_code == 403


def test_another_organization_sees_nothing(world, source):
    mallory = world.b.client(Role.OWNER)
    for name in ("detail", "edit", "credential", "pause", "runs", "bill", "directory"):
        assert mallory.get(world.b.url(f"connectors:{name}", source.id)).status_code == 404
    for name in ("pull", "check", "resume"):
        assert mallory.post(world.b.url(f"connectors:{name}", source.id)).status_code == 404
    assert "OpenAI main" not in mallory.get(world.b.url("connectors:list")).text


def test_alarms_show_on_the_source_and_are_acknowledged(org, source):
    with org.scope():
        raise_alarms(source, {"/v1/x": {("data[].video_tokens", "unknown")}}, NOW)
        alarm = SchemaAlarm.objects.get()
    admin = org.client(Role.ADMIN)
    page = admin.get(org.url("connectors:detail", source.id))
    assert "Its answers changed shape: 1 field" in page.text
    assert "data[].video_tokens" in page.text
    assert "1 change" in admin.get(org.url("connectors:list")).text
    listing = org.url("connectors:alarms", source.id)
    url = org.url("connectors:alarm", source.id, alarm.id)
    assert url in admin.get(listing).text
    assert url not in org.client(Role.AUDITOR).get(listing).text
    assert "speaks of tokens or money" in admin.get(url).text
    assert org.client(Role.AUDITOR).post(url, {"note": "x"}).status_code == 403
    assert admin.post(url, {"note": "Looked at it"}).status_code == 302
    assert admin.post(url, {"note": "Again"}).status_code == 409
    assert "Its answers changed" not in admin.get(org.url("connectors:detail", source.id)).text
    assert "data[].video_tokens" not in admin.get(f"{listing}?state=open").text
    table = b"".join(admin.get(f"{listing}?format=csv")).decode()
    assert "Looked at it" in table


def test_other_usage_and_comparison_are_lists(org, source):
    day = datetime(2026, 11, 20, tzinfo=UTC)
    line = UnitLine(day.date(), "images", "images", 5, 2, model="gpt-image-1", detail="1024x1024")
    usage = UsageIn(
        occurred_at=day, provider="openai", model="gpt-5", granularity="day", user="ana@x.example",
        input_uncached=1000, output=50, cost=Decimal("0.75"), requests=3,
    )  # fmt: skip
    with org.scope():
        store_units(source, [line], day, day + timedelta(days=1), day)
        window = (day, day + timedelta(days=1))
        store_comparison(source, [usage], window=window, observed_at=day)
    admin = org.client(Role.ADMIN)
    page = admin.get(org.url("connectors:detail", source.id))
    for name, words in (("units", "5 images"), ("compared", "ana@x.example")):
        url = org.url(f"connectors:{name}", source.id)
        assert url in page.text
        assert words in admin.get(url).text
        assert words not in admin.get(f"{url}?day_from=2026-11-21").text
    table = b"".join(admin.get(org.url("connectors:compared", source.id) + "?format=csv")).decode()
    assert "1000" in table
    assert "0.75" in table


def test_connect_a_gateway_for_comparison(org):
    data = {
        "kind": "litellm",
        "name": "Gateway",
        "credential": "sk-master-0004",
        "history_from": clock.today().isoformat(),
        "schedule_minutes": "",
        "role": "",
    }
    admin = org.client(Role.ADMIN)
    assert "no common address" in admin.post(org.url("connectors:new"), data).text
    data["base_url"] = "https://gateway.example.com"
    answer = admin.post(org.url("connectors:new"), data)
    assert answer.status_code == 302
    with org.scope():
        source = Source.objects.get()
        assert (source.role, source.schedule_minutes) == ("comparison", 60)
    assert "in no total" in admin.get(org.url("connectors:detail", source.id)).text


def test_a_source_that_is_handed_in_says_when_it_last_came_and_what(org):
    at = datetime(2026, 11, 23, 11, tzinfo=UTC)
    with time_machine.travel(NOW, tick=False):
        with org.scope():
            price("m1")
            source = make_source("records_api", name="Gateway", history_from=None)
            admin = org.client(Role.ADMIN)
            url = org.url("connectors:detail", source.id)
        assert "Gateway waits for usage" in admin.get(url).text
        with org.scope():
            take([usage(occurred_at=at, output=n) for n in (5, 6)], source.id)
        page = admin.get(url).text
        listed = admin.get(org.url("connectors:list")).text
        table = b"".join(admin.get(org.url("connectors:list") + "?format=csv")).decode()
    assert "Gateway last brought usage just now" in page
    assert "Newest usage 23 Nov, 11:00" in page
    assert ">2<" in page
    assert "Latest runs" not in page
    assert "1 source, none late or failing" in listed
    row = table.splitlines()[1].split(",")
    assert (row[0], row[4][:16], row[5]) == ("Gateway", "2026-11-23T12:20", "2")


def test_the_list_names_what_needs_attention(org, source):
    with org.scope():
        Source.objects.filter(id=source.id).update(failures=2)
    with time_machine.travel(NOW, tick=False):
        page = org.client(Role.ADMIN).get(org.url("connectors:list")).text
    assert "OpenAI main needs attention: failing" in page


def test_the_role_of_a_handed_in_source_is_a_page(org, source):
    with time_machine.travel(NOW, tick=False):
        with org.scope():
            csv = make_source("csv", name="Export")
        admin, url = org.client(Role.ADMIN), org.url("connectors:role", csv.id)
        assert "leaves every total" in admin.get(url).text
        assert org.client(Role.AUDITOR).get(url).status_code == 403
        data = {"version": 1, "role": "comparison", "since": "2026-11-20", "reason": ""}
        assert admin.post(url, data).status_code == 422
        with org.scope():
            assert Source.objects.get(id=csv.id).role == "record"
        done = admin.post(url, {**data, "reason": "The provider counts it."}, follow=True)
        assert "Now comparison only since 20 Nov" in done.text
        assert "Its usage is being moved" in done.text
        page = admin.get(org.url("connectors:detail", source.id)).text
        assert "Compare its usage only" not in page
