"""Pages of runs: the list with its figures, one run, the card of a capability, the bands."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.access.roles import Role
from apps.common.ids import uuid7
from apps.ledger.models import RunBands, UsageRun
from apps.ledger.schema import PromptTokens
from apps.portfolio.models import Capability
from tests.factories.ledger import price, take
from tests.factories.portfolio import make_capability
from tests.factories.runs import PARTS, call

pytestmark = pytest.mark.django_db
START = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=2)


@pytest.fixture
def side(world):
    for role in (Role.CFO, Role.VIEWER, Role.OWNER):
        world.a.person(role)
    with world.a.scope():
        price("m1")
        make_capability("Claims", slug="claims", unit_id=world.a.units["core"].id)
        base = {"start": START, "capability": "claims", "workflow": "triage"}
        source = uuid7()
        take(
            [
                call("r1", at=0, agent="planner", prompt_tokens=PARTS, **base),
                call("r1", at=5, tool="search", outcome="error", **base),
                call("r1", at=9, tool="search", retry=True, outcome="success", **base),
                call("r2", parent_id="r1", at=6, agent="reader", **base),
                call("other", start=START, workflow="chat"),
            ],
            source,
        )
    return world.a


def html(side, name, query="", role=Role.VIEWER, **kwargs):
    response = side.client(role).get(side.url(f"ledger:{name}", **kwargs) + query)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def rows(side, name, query="", **kwargs):
    url = side.url(f"ledger:{name}", **kwargs)
    response = side.client(Role.VIEWER).get(f"{url}?format=csv{query}")
    text = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


def code(side, run_id):
    with side.scope():
        return UsageRun.objects.get(run_id=run_id).code


def test_the_list_says_what_a_run_costs(side):
    page = html(side, "runs")
    assert "3 runs cost $0.0047 each" in page
    assert "triage · planner" in page
    found = rows(side, "runs", "&workflow=triage&sort=-cost")
    assert [row["Run"] for row in found] == ["r1", "r2"]
    assert (found[0]["Calls"], found[0]["Tokens"], found[0]["Cost (USD)"]) == (
        "3",
        "3300",
        "0.008400000",
    )
    assert [row["Run"] for row in rows(side, "runs", "&retries=1")] == ["r1"]
    assert [row["Run"] for row in rows(side, "runs", "&agent=reader")] == ["r2"]
    assert rows(side, "runs", "&day_from=2020-01-01&day_to=2020-01-02") == []


def test_htmx_gets_the_rows_and_the_figures_that_belong_to_them(side):
    response = side.client(Role.VIEWER).get(
        side.url("ledger:runs") + "?workflow=chat",
        headers={"HX-Request": "true", "HX-Target": "list"},
    )
    page = response.content.decode()
    assert page.lstrip().startswith("<section")
    assert 'id="run-figures"' in page
    assert "1 run cost $0.0028" in page


def test_one_run_in_order_with_what_it_started(side):
    page = html(side, "run", run=code(side, "r1"))
    assert "The run succeeded after 3 calls and $0.0084" in page
    assert "Retrieved context" in page
    assert f'href="{side.url("ledger:run", run=code(side, "r2"))}"' in page
    assert "$0.01 with the runs it started" in page
    found = rows(side, "run", run=code(side, "r1"))
    assert [(row["Call"], row["Tool"], row["Outcome"]) for row in found] == [
        ("1", "", "Not stated"),
        ("2", "search", "Failed"),
        ("3", "search", "Succeeded"),
    ]
    assert found[0]["User text tokens"] == "100"
    assert "started by" in html(side, "run", run=code(side, "r2"))
    assert "no more calls" in html(side, "run", "?page=7", run=code(side, "r1"))


def test_a_run_of_another_unit_is_not_found(side):
    side.person(Role.UNIT_LEAD, "claims")
    for run_id in ("r1", "other"):
        url = side.url("ledger:run", run=code(side, run_id))
        assert side.client(Role.UNIT_LEAD, "claims").get(url).status_code == 404
    for text in ("zz", "x" * 16, "0" * 16):
        assert side.client(Role.OWNER).get(side.url("ledger:run", run=text)).status_code == 404


def test_the_capability_shows_its_runs_against_the_band(side):
    with side.scope():
        capability = Capability.objects.get(slug="claims")
    page = (
        side.client(Role.OWNER)
        .get(side.url("portfolio:detail", capability_id=capability.id))
        .content.decode()
    )
    assert "2 runs cost $0.0056 each" in page
    assert "Outside the band" in page
    page = html(side, "runs", f"?capability={capability.id}")
    assert "outside the band" in page


def test_bands_are_changed_once_and_refused_with_their_field(side):
    url = side.url("ledger:run_bands_edit", kind="production")
    client = side.client(Role.OWNER)
    assert "starting points" in html(side, "run_bands")
    page = client.get(url).content.decode()
    assert 'value="60000"' in page
    bad = client.post(url, {"version": 0, "tokens_low": "9", "tokens_high": "5"})
    assert bad.status_code == 422
    with side.scope():
        assert not RunBands.objects.exists()
    good = {"version": 0, "tokens_high": "50000", "retries_high": "2.5"}
    assert client.post(url, good).status_code == 302
    with side.scope():
        row = RunBands.objects.get()
        assert (row.kind, row.bands["retries"]) == ("production", [None, "0.025"])
        assert row.bands["calls"] == [None, None]
    assert client.post(url, good).status_code == 409
    assert side.client(Role.VIEWER).post(url, good | {"version": 1}).status_code == 403
    assert (
        side.client(Role.OWNER).get(side.url("ledger:run_bands_edit", kind="nonsense")).status_code
        == 404
    )


def test_empty_pages_say_what_to_send(world):
    world.a.person(Role.VIEWER)
    assert "No runs yet" in html(world.a, "runs")


def test_a_day_is_cut_in_the_ledgers_zone(side):
    day = datetime.fromisoformat(str(START)).date()
    assert len(rows(side, "runs", f"&day_from={day}&day_to={day}")) == 3


def test_trends_of_three_figures_and_the_worst_by_context(side, client):
    with side.scope():
        base = {"start": START, "capability": "claims"}
        lean = {"system_prompt": 100, "user_text": 900}
        take([call("lean-1", workflow="lean", prompt_tokens=PromptTokens(**lean), **base)])
    browser, url = side.client(Role.CFO), side.url("ledger:runs")
    page = browser.get(url).content.decode()
    worst = page[page.index('id="h-worst"') :]
    assert worst.index(">triage</a>") < worst.index(">lean</a>")
    for said in ("90.0%", "10.0%", "trend=bloat"):
        assert said in worst, said
    for trend, title in (("bloat", "Bloat ratio"), ("tokens", "Tokens per run"), ("x", "Cost per")):
        assert f'<h2 id="h-trend">{title}' in browser.get(url, {"trend": trend}).content.decode()
    kept = '<input type="hidden" form="filters" name="trend" value="tokens">'
    for headers in ({}, {"HX-Request": "true", "HX-Target": "list"}):
        answer = browser.get(url, {"trend": "tokens", "workflow": "lean"}, headers=headers)
        assert kept in answer.content.decode(), "other filters keep the chosen figure"
    days = {
        "start": START.date().isoformat(),
        "end": (START + timedelta(days=1)).date().isoformat(),
    }
    answer = client.get("/api/v1/runs/figures/", days, headers=side.key_headers)
    found = answer.json()["worst_bloat"]
    assert [(one["workflow"], one["bloat_ratio"], one["context_per_call"]) for one in found] == [
        ("triage", "0.9", 900),
        ("lean", "0.1", 100),
    ]
