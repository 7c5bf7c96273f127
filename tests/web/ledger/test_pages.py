"""Pages of the ledger: records, restatements, periods, the two queues."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.access.roles import Role
from apps.attribution.services import RuleDraft, create_rule
from apps.common.ids import uuid7
from apps.ledger.models import AccountingPeriod, RecostJob, UsageRecord
from apps.ledger.services import reattribute, run_recost
from apps.outbox.models import OutboxMessage
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(minute=0, second=0, microsecond=0)
LONG_AGO = (NOW - timedelta(days=70)).replace(hour=12)
PAGES = ("records", "restatements", "unpriced", "unattributed", "periods")


@pytest.fixture
def side(world):
    for role in (Role.CFO, Role.VIEWER, Role.UNIT_LEAD, Role.OWNER):
        world.a.person(role)
    with world.a.scope():
        price("m1")
        make_capability("Search", slug="search", unit_id=world.a.units["core"].id)
        source = uuid7()
        take(
            [
                usage(
                    occurred_at=NOW - timedelta(days=1), capability="search", api_key="Search key"
                ),
                usage(occurred_at=NOW - timedelta(days=2), api_key="Orphan key", event_id="x"),
                usage(occurred_at=NOW - timedelta(days=2), model="m9", event_id="y"),
                usage(occurred_at=LONG_AGO),
            ],
            source,
        )
        again = {"event_id": "x", "api_key": "Orphan key", "output": 500}
        take([usage(occurred_at=NOW - timedelta(days=2), **again)], source)
    return world.a


def html(side, role, name, query="", **kwargs):
    response = side.client(role).get(side.url(f"ledger:{name}", **kwargs) + query)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def rows(side, name, query=""):
    response = side.client(Role.CFO).get(side.url(f"ledger:{name}") + f"?format=csv{query}")
    text = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_and_exports(side, name):
    html(side, Role.VIEWER, name)
    assert rows(side, name)


def test_every_page_of_the_books_is_reached_from_the_menu(side):
    """Menu → records → restatements → a record; menu → periods → the rest of the books."""
    home = side.client(Role.CFO).get(side.url("portal:home")).content.decode()
    for name in ("records", "periods", "unattributed"):
        assert f'href="{side.url(f"ledger:{name}")}"' in home
    records, periods = (html(side, Role.CFO, name) for name in ("records", "periods"))
    assert f'href="{side.url("ledger:restatements")}"' in records
    for name in ("adjustments", "restatements", "retention"):
        assert f'href="{side.url(f"ledger:{name}")}"' in periods
    assert "No month is closed yet" in periods
    restated = html(side, Role.CFO, "restatements")
    with side.scope():
        code = UsageRecord.objects.get(version=2).code
    assert side.url("ledger:record", record=code) in restated
    assert "1 restatement on this page" in restated


def test_records_with_their_words_and_filters(side):
    page = html(side, Role.CFO, "records")
    assert "Search key" in page
    assert "Core" in page
    found = rows(side, "records")
    assert len(found) == 4
    assert [row["Model"] for row in rows(side, "records", "&model=m9")] == ["m9"]
    assert len(rows(side, "records", "&status=3")) == 1
    assert len(rows(side, "records", f"&unit={side.units['core'].id}")) == 1
    day = (NOW - timedelta(days=2)).date().isoformat()
    assert len(rows(side, "records", f"&day_from={day}&day_to={day}")) == 2
    assert found[0]["Cost (USD)"] == "0.002800000"
    assert [row["Decided by"] for row in found][:2] == ["Stated by the caller", ""]


def test_a_record_says_what_was_counted_whose_it_is_and_how_it_changed(side, client):
    with side.scope():
        create_rule(
            actor=side.actor(Role.OWNER),
            draft=RuleDraft(
                name="Orphans go to core",
                conditions=[{"field": "api_key", "operator": "equals", "values": ["Orphan key"]}],
                unit_id=side.units["core"].id,
            ),
        )
        orphan = UsageRecord.objects.get(version=2)
        stated = UsageRecord.objects.get(occurred_at=NOW - timedelta(days=1))
        other = UsageRecord.objects.get(occurred_at=LONG_AGO)
    reattribute(organization_id=side.id)
    page = html(side, Role.OWNER, "record", record=orphan.code)
    assert "1,500 tokens of m1 cost $0.0060" in page
    assert "Decides" in page
    assert "Orphans go to core" in page
    assert "Counts now" in page
    assert "$8.00" in page
    assert "Add a rule for usage like this" in page
    assert side.url("ledger:record", record=orphan.code) in html(side, Role.OWNER, "records")
    page = html(side, Role.VIEWER, "record", record=stated.code)
    assert "Stated by the caller" in page
    assert "Never restated." in page
    assert "No rule matches" in page
    assert "Add a rule" not in page
    found = client.get(f"/api/v1/records/{orphan.code}/", headers=side.key_headers).json()
    assert [(rule["name"], rule["used"]) for rule in found["rules"]] == [
        ("Orphans go to core", True)
    ]
    assert [line["version"] for line in found["versions"]] == [2]
    assert sum(line["cost_nanos"] for line in found["counted"]) == 6_000_000
    assert found["record"]["code"] == orphan.code
    lead = side.client(Role.UNIT_LEAD)
    for code, status in ((stated.code, 200), (other.code, 404), ("1-x", 404), ("x", 404)):
        assert lead.get(side.url("ledger:record", record=code)).status_code == status
    narrowed = {"owned": "direct", "api_key": "Search key", "phase": "testing"}
    counts = [len(rows(side, "records", f"&{name}={value}")) for name, value in narrowed.items()]
    assert counts == [1, 1, 0]


def test_a_record_names_the_rule_that_decided_it(side):
    with side.scope():
        rule = create_rule(
            actor=side.actor(Role.OWNER),
            draft=RuleDraft(
                name="Orphans go to core",
                conditions=[{"field": "api_key", "operator": "equals", "values": ["Orphan key"]}],
                unit_id=side.units["core"].id,
            ),
        )
    reattribute(organization_id=side.id)
    found = {row["API key"]: row["Decided by"] for row in rows(side, "records")}
    assert found["Orphan key"] == "Orphans go to core"
    page = html(side, Role.OWNER, "records")
    assert side.url("attribution:edit", rule.id) in page
    assert side.url("attribution:edit", rule.id) not in html(side, Role.VIEWER, "records")


def test_a_unit_lead_sees_the_own_unit_only(side):
    lead = side.client(Role.UNIT_LEAD).get(side.url("ledger:records") + "?format=csv")
    text = b"".join(lead.streaming_content) if lead.streaming else lead.content
    found = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert [row["Capability"] for row in found] == ["Search"]


def test_restatements_show_both_versions(side):
    found = rows(side, "restatements")
    assert [(row["Tokens before"], row["Tokens now"]) for row in found] == [("1100", "1500")]
    assert "Restated by the source" in html(side, Role.VIEWER, "restatements")


def test_unpriced_queue_previews_and_asks_a_worker(side):
    assert "m9" in html(side, Role.CFO, "unpriced")
    with side.scope():
        price("m9")
    page = html(side, Role.CFO, "recost")
    assert "1 record would get a price, together $0.0028" in page
    done = side.client(Role.CFO).post(side.url("ledger:recost"))
    assert done.status_code == 302
    assert "Waiting for a worker" in side.client(Role.CFO).get(done["Location"]).content.decode()
    with side.scope():
        assert OutboxMessage.objects.filter(topic="ledger.recost").count() == 1
        job = RecostJob.objects.get()
    run_recost(organization_id=side.id, job_id=job.id)
    part = side.client(Role.CFO).get(done["Location"], headers={"HX-Target": "recost-job"})
    assert "1 record priced, together $0.0028" in part.content.decode()
    assert "hx-trigger" not in part.content.decode()
    assert side.client(Role.VIEWER).post(side.url("ledger:recost")).status_code == 403


def test_a_model_of_the_queue_gets_its_price_in_one_step(side):
    page = side.url("ledger:price_model") + "?provider=acme&model=m9"
    client = side.client(Role.CFO)
    shown = client.get(page).content.decode()
    assert "1 record of 1 day wait for it" in shown
    form = {"starts_on": "2020-01-01", "input_uncached": "2", "output": "8", "note": "Contract"}
    assert client.post(page, {**form, "input_uncached": "", "output": ""}).status_code == 422
    assert side.client(Role.VIEWER).post(page, form).status_code == 403
    done = client.post(page, form)
    assert done["Location"] == side.url("ledger:recost")
    assert (
        "1 record would get a price, together $0.0028"
        in client.get(done["Location"]).content.decode()
    )


def test_similar_names_of_the_price_book_are_offered_not_applied(side):
    load_prices()
    with side.scope():
        take([usage(model="gpt-5-mini-2031", provider="acme")])
    page = side.url("ledger:price_model") + "?provider=acme&model=gpt-5-mini-2031"
    shown = side.client(Role.CFO).get(page).content.decode()
    assert "Use these" in shown
    assert "input_uncached=0.25" in shown


def test_unattributed_queue_is_dearest_first(side):
    found = rows(side, "unattributed")
    assert found[0]["API key or user"] == "Orphan key"


def test_a_month_is_settled_closed_and_reopened(side):
    month = f"{LONG_AGO:%Y-%m}"
    client, version = side.client(Role.CFO), 0

    def step(name, note=""):
        url = side.url(f"ledger:period_{name}", month=month)
        assert client.get(url).status_code == 200
        return client.post(url, {"version": version, "note": note})

    for name, note in (("settle", ""), ("close", "Books done"), ("reopen", "Late invoice")):
        assert step(name, note).status_code == 302
        version += 1
        with side.scope():
            stored = AccountingPeriod.objects.get()
        assert stored.version == version
    assert step("close").status_code == 409
    assert (
        side.client(Role.VIEWER).get(side.url("ledger:period_close", month=month)).status_code
        == 403
    )
    assert client.get(side.url("ledger:period_close", month="never")).status_code == 404


def test_the_other_organization_finds_nothing_of_it(world, side):
    with world.b.scope():
        pass
    response = world.b.client().get(world.b.url("ledger:records"))
    assert "Search key" not in response.content.decode()
    assert world.b.client().get(side.url("ledger:records")).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_empty_pages_teach(world, name):
    response = world.a.client().get(world.a.url(f"ledger:{name}"))
    assert response.status_code == 200
