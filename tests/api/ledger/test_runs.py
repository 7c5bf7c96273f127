"""Runs over the API: figures, list, one run, bands."""

import pytest

from apps.common.ids import uuid7
from apps.ledger.models import RunBands, UsageRun
from apps.portfolio.models import Capability
from apps.trail.models import TrailEvent
from tests.factories.ledger import price, take
from tests.factories.portfolio import make_capability
from tests.factories.runs import PARTS, call

pytestmark = pytest.mark.django_db
NOVEMBER = {"start": "2026-11-01", "end": "2026-12-01"}


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        make_capability("Claims", slug="claims", unit_id=world.a.units["core"].id)
        batch = [
            call(f"r{n}", at=60 * n + i, capability="claims", workflow="triage", output=100 * n)
            for n in (1, 2, 3)
            for i in range(n)
        ]
        batch[0].run.prompt_tokens = PARTS
        batch[-1].run.retry = True
        batch += [call("r4", parent_id="r1", at=400)]
        take(batch, uuid7())
    return world.a


@pytest.fixture
def get(side, client):
    def send(path, **params):
        return client.get(f"/api/v1/{path}", params, headers=side.key_headers)

    return send


def test_figures_of_a_capability(side, get):
    with side.scope():
        capability = str(Capability.objects.get(slug="claims").id)
    data = get("runs/figures/", **NOVEMBER, capability=capability).json()
    # r1: 1 call of 1,100 tokens; r2: 2 of 1,200; r3: 3 of 1,300; 2 and 8 USD per million
    assert (data["runs"], data["calls"], data["tokens"]) == (3, 6, 7_400)
    assert (data["tokens_p50"], data["tokens_p95"], data["percentiles_of"]) == (2_400, 3_900, 3)
    assert data["cost"]["nanos"] == 6 * 2_000_000 + 1_400 * 8_000
    assert data["cost_per_run"]["nanos"] == round(23_200_000 / 3)
    assert (data["cost_p50"]["nanos"], data["cost_p95"]["nanos"]) == (7_200_000, 13_200_000)
    assert (data["calls_per_run"], data["bloat_ratio"]) == ("2", "0.9")
    assert data["parts"]["retrieved_context"] == 400
    bands = {band["measure"]: band["position"] for band in data["bands"]}
    assert bands["retries"] == "above"
    assert bands["tokens"] == "inside"


def test_nothing_has_no_figures(get, side):
    data = get("runs/figures/", start="2026-01-01", end="2026-02-01").json()
    assert (data["runs"], data["cost_per_run"], data["tokens_p50"]) == (0, None, None)


def test_list_pages_and_one_run(side, get):
    first = get("runs/", **NOVEMBER, page_size=3).json()
    assert [row["run_id"] for row in first["results"]] == ["r4", "r3", "r2"]
    assert first["next"]
    assert [r["run_id"] for r in get("runs/", **NOVEMBER, workflow="triage").json()["results"]] == [
        "r3",
        "r2",
        "r1",
    ]
    with side.scope():
        code = UsageRun.objects.get(run_id="r1").code
    one = get(f"runs/{code}/").json()
    assert [c["parts"]["user_text"] for c in one["call_list"]] == [100]
    assert one["started_runs"] == [first["results"][0]["run"]]
    assert first["results"][0]["parent_run"] == code
    assert get("runs/0000000000000000/").status_code == 404


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "start"),
        ({"start": "2026-11-01", "end": "soon"}, "end"),
        ({"start": "2026-11-01", "end": "2026-11-01"}, "end"),
        ({"start": "2020-11-01", "end": "2026-11-01"}, "end"),
        ({**NOVEMBER, "capability": "claims"}, "capability"),
    ],
)
def test_questions_without_an_answer_name_the_field(get, params, field):
    answer = get("runs/figures/", **params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_bands_over_the_api(side, client, get):
    def put(body, kind="pipeline", headers=side.key_headers):
        return client.put(
            f"/api/v1/runs/bands/{kind}/", body, content_type="application/json", headers=headers
        )

    assert get("runs/bands/").json()["results"][0]["version"] == 0
    bad = put({"version": 0, "bands": {"bloat": {"low": "0.2", "high": "1.5"}}})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "bloat")
    assert put({"version": 0, "bands": {"charm": {"high": "1"}}}).status_code == 422
    assert put({"version": 0, "bands": {}}, kind="nonsense").status_code == 404
    with side.scope():
        assert not RunBands.objects.exists()
    good = put({"version": 0, "bands": {"bloat": {"high": "0.5"}}})
    assert good.json()["version"] == 1
    assert good.json()["bands"]["bloat"] == {"low": None, "high": "0.5"}
    assert put({"version": 0, "bands": {}}).status_code == 409
    with side.scope():
        assert TrailEvent.objects.filter(action="run_bands.changed").count() == 1
