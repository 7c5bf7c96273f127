"""The league table: exact figures of both windows, each person's part, the same over the API."""

import csv
import io

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.memo import remembering
from apps.common.money import NANOS
from apps.portal.selectors.league import league, window_of
from apps.portal.selectors.slices import Slice
from tests.factories.reports import NOW, seed_league

pytestmark = pytest.mark.django_db


@pytest.fixture
def side(world):
    with time_machine.travel(NOW, tick=False):
        seed_league(world.a)
        yield world.a


def html(side, query="", role=Role.CFO, **headers):
    answer = side.client(role).get(side.url("portal:league") + query, headers=headers)
    assert answer.status_code == 200, answer.content.decode()[:1500]
    return answer.content.decode()


def rows(side, query="", role=Role.CFO):
    answer = side.client(role).get(side.url("portal:league") + f"?format=csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def names(side, query="", role=Role.CFO):
    return [row["Capability"] for row in rows(side, query, role)]


def test_every_figure_stands_beside_the_days_before(side):
    page = html(side)
    assert "4 capabilities cost $2,610, 30.5% more than in 24 Sep – 23 Oct" in page
    assert "1 of 4" in page
    chat, bot, nobody, agent = rows(side)
    assert [chat["Cost (USD)"], chat["Cost before (USD)"]] == ["2500.000000000", "2000.000000000"]
    assert chat["Change of cost (ratio)"] == "0.25"
    assert [chat["Outcomes"], chat["Unit of outcomes"]] == ["1000.0000", "calls"]
    assert chat["Cost per outcome (USD)"] == "2.500000000"
    assert chat["Cost per outcome before (USD)"] == "2.000000000"
    assert chat["Change of cost per outcome (ratio)"] == "0.25"
    assert [chat["Tokens"], chat["Tokens before"]] == ["1000000", "800000"]
    assert [chat["Confidence"], chat["Attributed by callers (share of cost)"]] == ["partly", "1.0"]
    assert [chat["Runs"], chat["Part of the cost in runs"]] == ["", ""]
    # Three calls of 1,000 input tokens at $2 and 100 output tokens at $8 a million.
    assert [agent["Runs"], agent["Cost (USD)"]] == ["2", "0.008400000"]
    assert [agent["Tokens"], agent["Output (tokens)"]] == ["3300", "300"]
    assert [agent["Change of cost (ratio)"], agent["Part of the cost in runs"]] == ["", "1"]
    assert [agent["Confidence"], agent["Stage"]] == ["no_story", "Pilot"]
    assert [bot["Cost (USD)"], bot["Team"]] == ["100.000000000", "Claims"]
    assert [nobody["Capability"], nobody["Code"]] == ["No capability", ""]


def test_workflows_are_lines_of_their_own(side):
    (line,) = rows(side, "&by=workflow")
    assert [line["Workflow"], line["Capability"], line["Runs"]] == ["triage", "Agent", "2"]
    assert line["Cost (USD)"] == "0.008400000"
    assert "1 workflow costs $0.0084" in html(side, "?by=workflow")


def test_filters_narrow_and_nonsense_is_left_out(side):
    platform = side.units["platform"].id
    assert names(side, f"&unit={platform}") == ["Cäfé chat", "Agent"]
    assert names(side, "&stage=pilot") == ["Agent"]
    assert names(side, "&confidence=partly") == ["Cäfé chat"]
    assert names(side, "&confidence=none&q=claims") == ["Bot"]
    assert names(side, "&kind=pipeline") == []
    assert len(names(side, "&by=x&period=x&day_from=x&unit=x&sort=x")) == 4
    assert names(side, "&sort=-runs")[0] == "Agent"
    assert names(side, "&sort=cost_change")[0] == "Cäfé chat"
    # The days of October alone, against as many before them.
    (october,) = rows(side, "&day_from=2026-10-01&day_to=2026-10-31")
    assert [october["Cost (USD)"], october["Cost before (USD)"]] == [
        "2000.000000000",
        "0.000000000",
    ]
    assert "Nothing matches these filters" in html(side, "?q=zebra")
    assert "Send regularly" in html(side)
    assert "Send regularly" not in html(side, role=Role.VIEWER)


def test_htmx_gets_the_rows_with_their_figures(side):
    region = html(side, "?stage=pilot", **{"HX-Request": "true", "HX-Target": "list"})
    assert "<html" not in region
    assert 'id="league-figures"' in region
    # What is saved or sent from here on are the filters that are shown now.
    assert 'name="query" value="stage=pilot"' in region
    assert "kind=league&amp;query=stage%3Dpilot" in region
    assert "1 capability costs" in region


def test_a_unit_lead_sees_their_units_and_no_outcome_of_a_part(side):
    lines = rows(side, role=Role.UNIT_LEAD)
    assert [line["Capability"] for line in lines] == ["Cäfé chat", "Agent"]
    assert [lines[0]["Confidence"], lines[0]["Cost per outcome (USD)"]] == ["part", ""]


def test_an_empty_table_says_what_will_be_there(world):
    page = html(world.a, role=Role.TOKENOPS_LEAD)
    assert "No use in these days" in page
    assert "as soon as a source brings usage" in page


def test_the_api_gives_the_same(side, client):
    url, headers = "/api/v1/workflows/", side.key_headers
    answer = client.get(url, headers=headers).json()
    assert [answer["start"], answer["end"]] == ["2026-10-24", "2026-11-23"]
    assert [answer["before_start"], answer["before_end"]] == ["2026-09-24", "2026-10-24"]
    assert answer["total"]["cost"]["nanos"] == 2_610 * NANOS + 8_400_000
    chat = answer["results"][0]
    assert chat["name"] == "Cäfé chat"
    assert chat["change"] == {
        "runs": None,
        "tokens": "0.250000",
        "cost": "0.250000",
        "cost_per_outcome": "0.250000",
    }
    assert chat["now"]["outcomes"] == "1000.0000"
    assert chat["now"]["cost_per_outcome"]["amount"] == "2.500000000"
    assert chat["attributed"] == {"direct": 1.0, "rule": 0.0, "allocated": 0.0, "none": 0.0}
    (line,) = client.get(f"{url}?by=workflow", headers=headers).json()["results"]
    assert [line["name"], line["capability"], line["now"]["runs"]] == ["triage", "Agent", 2]
    for wrong in (
        "by=x", "period=x", "start=x", "start=2026-11-01", "unit=x",
        "start=2026-11-02&end=2026-11-02",
    ):  # fmt: skip
        assert client.get(f"{url}?{wrong}", headers=headers).status_code == 422, wrong


@pytest.mark.parametrize(("by", "many"), [("capability", 10), ("workflow", 7)])
def test_it_takes_a_fixed_number_of_questions(side, by, many, django_assert_num_queries):
    """Rollups only: as many for four capabilities as for thousands."""
    actor = side.actor(Role.CFO)
    with side.scope(), remembering(), django_assert_num_queries(many) as asked:
        league(actor, Slice(None), window_of("30d"), by)
    assert not any("usage_r" in query["sql"] for query in asked.captured_queries)
