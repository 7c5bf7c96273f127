"""Planning pages: the journey of a cycle as its people click it, and what is refused."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets.models import Budget
from apps.planning.models import Envelope, PlanningCycle
from apps.pricing.fx.services import import_rates
from apps.stories.models import TokenStory
from tests.factories.planning import envelope_of, make_cycle
from tests.factories.stories import make_prices, make_submitted
from tests.factories.usage import spend

NANOS = 1_000_000_000
NOW = datetime(2027, 4, 20, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    for role in (Role.CFO, Role.CIO, Role.UNIT_LEAD, Role.VIEWER):
        world.a.person(role)
    with time_machine.travel(NOW, tick=False):
        yield world.a


@pytest.fixture
def cycle(side):
    with side.scope():
        return make_cycle(side.units["platform"].id, side.units["claims"].id)


def html(side, role, name, query="", **kwargs):
    response = side.client(role).get(side.url(name, **kwargs) + query)
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def post(side, role, name, data, status=302, **kwargs):
    response = side.client(role).post(side.url(name, **kwargs), data)
    assert response.status_code == status, response.content.decode()[:3000]
    return response


def rows(side, role, name, query="", **kwargs):
    response = side.client(role).get(side.url(name, **kwargs) + f"?format=csv{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def envelope(side, cycle, unit):
    with side.scope():
        return envelope_of(cycle, side.units[unit].id)


def test_nothing_is_planned_yet(side):
    assert "Open a cycle" in html(side, Role.CFO, "planning:list")
    page = html(side, Role.VIEWER, "planning:list")
    assert "The CIO or CFO opens one." in page
    assert "Open a cycle" not in page
    form = html(side, Role.CIO, "planning:new")
    assert 'value="2027 Q3"' in form
    assert 'value="2027-07-01"' in form


def test_the_journey_of_a_cycle(side):
    """CIO opens, the lead asks, the CFO tries two rounds, the CIO locks, the budget opens."""
    units = [str(side.units[name].id) for name in ("platform", "claims")]
    data = {"name": "2027 Q2", "kind": "quarter", "starts_on": "2027-04-01", "units": units}
    post(side, Role.CIO, "planning:new", data)
    with side.scope():
        cycle = PlanningCycle.objects.get()
        spend(date(2027, 4, 3), 120 * NANOS)
    at = {"cycle_id": cycle.id}
    ask = {"version": 1, "amount": "1200.50", "note": "Two assistants"}
    own = envelope(side, cycle, "platform").id
    post(side, Role.UNIT_LEAD, "planning:request", ask, envelope_id=own)
    for unit, amount in (("platform", "1000"), ("claims", "0")):
        row = envelope(side, cycle, unit)
        data = {"version": row.version, "amount": amount}
        post(side, Role.CFO, "planning:allocate", data, envelope_id=row.id)
    post(side, Role.CFO, "planning:round_new", {"version": 1, "copy_from": 0}, **at)
    row = envelope(side, cycle, "platform")
    data = {"version": row.version, "amount": "900"}
    post(side, Role.CFO, "planning:allocate", data, envelope_id=row.id)
    assert "−$100" in html(side, Role.CFO, "planning:rounds", **at)
    assert "An earlier round" in html(side, Role.CFO, "planning:detail", "?round=0", **at)
    assert "no unlocking" in html(side, Role.CIO, "planning:lock", **at)
    post(side, Role.CIO, "planning:lock", {"version": 2, "note": "Board"}, **at)
    post(side, Role.CFO, "planning:budget", {}, envelope_id=row.id)
    with side.scope():
        assert Budget.objects.get().name == "Platform, 2027 Q2"
    page = html(side, Role.CFO, "planning:detail", **at)
    assert "1 Apr – 30 Jun" in page
    assert "$120" in page
    assert "under no envelope" in page
    found = {r["Team"]: r for r in rows(side, Role.CFO, "planning:detail", **at)}
    assert found["Platform"]["Asked for (USD)"] == "1200.500000000"
    assert found["Platform"]["In budgets (USD)"] == found["Platform"]["Envelope now (USD)"]
    one = html(side, Role.CFO, "planning:envelope", envelope_id=row.id)
    assert "Ask for more" in one
    assert "Two assistants" in one


def test_filters_and_sorting(side, cycle):
    with side.scope():
        Envelope.objects.filter(unit=side.units["claims"]).update(
            requested_nanos=5 * NANOS, allocated_nanos=4 * NANOS
        )
    at = {"cycle_id": cycle.id}

    def teams(query):
        return [r["Team"] for r in rows(side, Role.CFO, "planning:detail", query, **at)]

    assert teams("&sort=-requested") == ["Platform", "Claims"]
    assert teams("&state=short") == teams("&state=above") == ["Claims"]
    assert teams("&state=unallocated") == teams("&state=unasked") == ["Platform"]
    assert teams("&state=overspent") == []
    assert teams("&state=unopened") == ["Claims"]
    names = rows(side, Role.CFO, "planning:list", "&status=open&kind=quarter&q=2027")
    assert [(r["Cycle"], r["Teams"], r["Asked for"]) for r in names] == [
        ("2027 Q2", "2", "5.000000000")
    ]
    assert rows(side, Role.CFO, "planning:list", "&status=locked") == []


def test_a_lead_sees_the_own_team_only(side, cycle):
    at = {"cycle_id": cycle.id}
    assert [r["Team"] for r in rows(side, Role.UNIT_LEAD, "planning:detail", **at)] == ["Platform"]
    assert "under no envelope" not in html(side, Role.UNIT_LEAD, "planning:detail", **at)
    other = envelope(side, cycle, "claims").id
    client = side.client(Role.UNIT_LEAD)
    assert client.get(side.url("planning:envelope", envelope_id=other)).status_code == 404


@pytest.mark.parametrize("name", ["round_new", "team_new", "lock"])
def test_only_who_holds_the_purse_gets_the_forms(side, cycle, name):
    for role in (Role.UNIT_LEAD, Role.VIEWER):
        post(side, role, f"planning:{name}", {"version": 1}, 403, cycle_id=cycle.id)
    with side.scope():
        cycle.refresh_from_db()
        assert (cycle.version, cycle.status) == (1, "open")


def test_a_wrong_amount_comes_back_on_the_form(side, cycle):
    row = envelope(side, cycle, "claims")
    data = {"version": 1, "amount": "-1"}
    post(side, Role.CFO, "planning:allocate", data, 422, envelope_id=row.id)
    data = {"version": 9, "amount": "1"}
    post(side, Role.CFO, "planning:allocate", data, 409, envelope_id=row.id)
    page = post(side, Role.CIO, "planning:lock", {"version": 1}, 422, cycle_id=cycle.id)
    assert "Not every team has an allocation: Claims, Platform" in page.content.decode()
    assert envelope(side, cycle, "claims").allocated_nanos is None


def test_one_more_team(side, cycle):
    unit = str(side.units["core"].id)
    post(side, Role.CFO, "planning:team_new", {"unit": unit}, cycle_id=cycle.id)
    post(side, Role.CFO, "planning:team_new", {"unit": unit}, 422, cycle_id=cycle.id)
    with side.scope():
        assert Envelope.objects.count() == 3


def test_stories_in_other_currencies_are_named_with_their_rate_or_their_reason(side, client):
    headers = side.key_headers
    with side.scope():
        make_prices()
        story = make_submitted(side.actor(Role.UNIT_LEAD), side.units["platform"].id)
        TokenStory.objects.filter(id=story.id).update(currency="EUR")
        cycle = make_cycle(side.units["platform"].id, starts_on=date(2027, 7, 1))
    url = f"/api/v1/planning-cycles/{cycle.id}/envelopes/"
    page = html(side, Role.CFO, "planning:detail", cycle_id=cycle.id)
    assert "1 story is left out of what stories plan." in page
    assert "No rate from EUR to USD was published yet." in page
    (row,) = client.get(url, headers=headers).json()
    assert (row["suggested"], row["converted"]) == (None, [])
    assert row["left_out"][0]["reason"] == "No rate from EUR to USD was published yet."
    with side.scope():
        import_rates(actor=side.actor(Role.CFO), content=b"Date,USD\n2027-04-16,1.25\n")
    page = html(side, Role.CFO, "planning:detail", cycle_id=cycle.id)
    assert "1 story in another currency is converted." in page
    assert "at 1.25 of 16 April 2027" in page
    assert "left out" not in page
    one = html(side, Role.CFO, "planning:envelope", envelope_id=row["id"])
    assert "at 1.25 of 16 April 2027" in one
    (row,) = client.get(url, headers=headers).json()
    (said,) = row["converted"]
    assert (said["ref"], said["rate"], said["rate_day"]) == (story.ref, "1.250000", "2027-04-16")
    assert row["suggested"]["nanos"] == said["converted_nanos"] > said["planned"]["nanos"]


def test_the_last_day_for_requests_is_chosen_and_shown(side):
    form = {
        "name": "2027 Q3",
        "kind": "quarter",
        "starts_on": "2027-07-01",
        "requests_until": "2027-10-01",
        "units": [str(side.units["platform"].id)],
    }
    refused = post(side, Role.CIO, "planning:new", form, status=422)
    assert "The cycle is over by then." in refused.content.decode()
    with side.scope():
        assert PlanningCycle.objects.count() == 0
    post(side, Role.CIO, "planning:new", form | {"requests_until": "2027-06-10"})
    with side.scope():
        made = PlanningCycle.objects.get()
    assert "requests until 10 Jun" in html(side, Role.CFO, "planning:detail", cycle_id=made.id)
