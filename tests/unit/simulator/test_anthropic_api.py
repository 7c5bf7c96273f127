"""The simulated Anthropic API: documented shapes, cents, paging, refusals."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tokenops.simulator import claude_analytics, claude_code
from tokenops.simulator.faults import Schedule
from tokenops.simulator.http import Request
from tokenops.simulator.rates import KINDS, rates_of
from tokenops.simulator.server import ANTHROPIC_KEY, Simulator

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers/anthropic"
NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
START = "2026-11-18T00:00:00Z"
GROUPS = ("api_key_id", "workspace_id", "model", "service_tier", "context_window")
HEADERS = {"x-api-key": ANTHROPIC_KEY, "anthropic-version": "2023-06-01"}


@pytest.fixture(scope="module")
def simulator():
    return Simulator(anchor=date(2026, 11, 23), clock=lambda: NOW, faults=Schedule(0, 0))


def ask(simulator, path, headers=HEADERS, **params):
    pairs = [(k.replace("__", "[]"), v) for k, v in params.items()]
    query = urlencode(pairs, doseq=True)
    return simulator.answer(Request.of(f"/v1/organizations/{path}?{query}", headers))


def documented(name):
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def test_messages_have_the_documented_shape(simulator):
    example = documented("usage_report_messages")
    body = ask(simulator, "usage_report/messages", starting_at=START, limit=2).body
    assert set(body) == set(example)
    bucket, wanted = body["data"][0], example["data"][0]
    assert set(bucket) == set(wanted)
    assert set(bucket["results"][0]) == set(wanted["results"][0])
    assert bucket["starting_at"] == START


def test_ungrouped_is_null_and_null_workspace_is_a_group(simulator):
    plain = ask(simulator, "usage_report/messages", starting_at=START).body["data"][0]["results"]
    assert [row["model"] for row in plain] == [None]
    grouped = ask(
        simulator, "usage_report/messages", starting_at=START, group_by__=["workspace_id"]
    ).body["data"][0]["results"]
    ids = [row["workspace_id"] for row in grouped]
    assert None in ids
    assert len(ids) == len(set(ids)) > 5
    total = sum(row["output_tokens"] for row in grouped)
    assert total == plain[0]["output_tokens"]


def test_hours_add_up_to_days_over_all_pages(simulator):
    def total(width, limit):
        amount, token = 0, None
        while True:
            params = {
                "starting_at": START,
                "ending_at": "2026-11-21T00:00:00Z",
                "bucket_width": width,
                "limit": limit,
                "group_by__": list(GROUPS),
            }
            if token:
                params["page"] = token
            body = ask(simulator, "usage_report/messages", **params).body
            amount += sum(r["cache_read_input_tokens"] for b in body["data"] for r in b["results"])
            token = body["next_page"]
            if not token:
                return amount

    assert total("1h", 7) == total("1d", 2) > 0


def test_speeds_are_behind_their_beta_and_places_are_not(simulator):
    asked = {"starting_at": START, "limit": 1, "group_by__": ["inference_geo", "speed"]}
    assert ask(simulator, "usage_report/messages", **asked).status == 400
    beta = {**HEADERS, "anthropic-beta": "fast-mode-2026-02-01"}
    body = ask(simulator, "usage_report/messages", headers=beta, **asked).body
    rows = body["data"][0]["results"]
    assert {(row["inference_geo"], row["speed"]) for row in rows} == {
        ("global", "standard"),
        ("global", "fast"),
        ("us", "standard"),
    }
    asked["group_by__"] = ["inference_geo"]
    places = ask(simulator, "usage_report/messages", **asked).body["data"][0]["results"]
    assert {row["inference_geo"] for row in places} == {"global", "us"}
    assert sum(row["output_tokens"] for row in places) == sum(row["output_tokens"] for row in rows)


def test_cost_report_is_usage_times_list_price_in_cents(simulator):
    example = documented("cost_report")
    body = ask(
        simulator, "cost_report", starting_at=START, limit=1,
        group_by__=["workspace_id", "description"],
    ).body  # fmt: skip
    rows = body["data"][0]["results"]
    assert set(rows[0]) == set(example["data"][0]["results"][0])
    tokens = [row for row in rows if row["cost_type"] == "tokens"]
    cents = sum(Decimal(row["amount"]) for row in tokens)
    day = date(2026, 11, 18)
    sums = simulator.model.visible(day, NOW).sum(axis=0)
    dollars = Decimal(0)
    for index, work in enumerate(simulator.model.workloads):
        if work.provider == "anthropic":
            price = rates_of(work, day)
            dollars += sum(int(sums[index, k]) * price[k] / 1_000_000 for k in range(len(KINDS)))
    assert abs(cents / 100 - dollars) < Decimal("0.001")
    assert {row["token_type"] for row in tokens} >= {"uncached_input_tokens", "output_tokens"}


def test_directory(simulator):
    example = documented("workspaces")
    body = ask(simulator, "workspaces", limit=1000).body
    assert set(body) == set(example)
    assert set(body["data"][0]) == set(example["data"][0])
    keys = ask(simulator, "api_keys", limit=3).body
    assert keys["has_more"]
    following = ask(simulator, "api_keys", limit=1000, after_id=keys["last_id"]).body
    assert not {k["id"] for k in keys["data"]} & {k["id"] for k in following["data"]}
    assert ask(simulator, "me").body["name"] == "Merrowdale Mutual"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("usage_report/messages", {}),
        ("usage_report/messages", {"starting_at": "yesterday"}),
        ("usage_report/messages", {"starting_at": START, "bucket_width": "2h"}),
        ("usage_report/messages", {"starting_at": START, "limit": 32}),
        ("usage_report/messages", {"starting_at": START, "group_by__": ["team"]}),
        ("cost_report", {"starting_at": START, "bucket_width": "1h"}),
        ("cost_report", {"starting_at": START, "group_by__": ["model"]}),
    ],
)
def test_wrong_parameters(simulator, path, params):
    answer = ask(simulator, path, **params)
    assert answer.status == 400
    assert answer.body["error"]["type"] == "invalid_request_error"


def test_headers(simulator):
    answer = ask(simulator, "me", headers={"x-api-key": "sk-ant-api03-user"})
    assert (answer.status, answer.body["error"]["type"]) == (401, "authentication_error")
    answer = ask(simulator, "me", headers={"x-api-key": ANTHROPIC_KEY})
    assert answer.status == 400


def analytics(simulator, name="usage", **params):
    given = {
        "starting_at": "2026-11-20T00:00:00Z",
        "ending_at": "2026-11-21T00:00:00Z",
        "time_bucket_width": "1h",
        "group_by__": ["model", "workspace_id"],
        "limit": "1000",
        **params,
    }
    headers = {**HEADERS, "anthropic-beta": claude_analytics.BETA}
    return ask(simulator, f"analytics/{name}", headers=headers, **given)


def test_analytics_have_every_token_a_total_and_a_watermark(simulator):
    body = analytics(simulator).body
    rows = body["data"]
    model = simulator.model
    works = [i for i, work in enumerate(model.workloads) if work.provider == "anthropic"]
    day = model.visible(date(2026, 11, 20), NOW)[:, works, :5]
    assert sum(row["usage"]["total_tokens"] for row in rows) == int(day.sum())
    assert body["data_refreshed_at"] == "2026-11-23T08:00:00Z"
    paged = analytics(simulator, limit="5").body
    assert (paged["data"], paged["has_more"]) == (rows[:5], True)
    assert analytics(simulator, limit="5", page=paged["next_page"]).body["data"] == rows[5:10]


def test_analytics_cost_is_cents(simulator):
    rows = analytics(simulator, "cost", time_bucket_width="1d").body["data"]
    report = ask(simulator, "cost_report", starting_at="2026-11-20", limit="1").body["data"]
    wanted = sum(Decimal(row["amount"]) for row in report[0]["results"])
    assert sum(Decimal(row["cost"]["amount"]) for row in rows) == pytest.approx(wanted)


def test_analytics_are_in_beta_and_refuse_long_ranges(simulator):
    assert ask(simulator, "analytics/usage", starting_at="2026-11-20").status == 400
    assert analytics(simulator, ending_at="2026-12-30").status == 400
    assert analytics(simulator, group_by__=["colour"]).status == 400


def test_claude_code_has_the_documented_shape_and_the_keys_tokens(simulator):
    params = {"starting_at": "2026-11-19", "limit": "1000"}
    body = ask(simulator, "usage_report/claude_code", **params).body
    wanted = documented("usage_report_claude_code")
    assert set(body) == set(wanted)
    assert set(body["data"][0]) == set(wanted["data"][0])
    assert set(body["data"][0]["model_breakdown"][0]) == set(
        wanted["data"][0]["model_breakdown"][0]
    )
    by_key = [row for row in body["data"] if row["customer_type"] == "api"]
    assert 0 < len(body["data"]) - len(by_key) <= 10
    found = sum(part["tokens"]["output"] for row in by_key for part in row["model_breakdown"])
    model = simulator.model
    works = [
        index
        for index, work in enumerate(model.workloads)
        if work.provider == "anthropic" and work.key.capability in claude_code.CAPABILITIES
    ]
    assert found == int(model.visible(date(2026, 11, 19), NOW)[:, works, 4].sum()) > 0
    paged = ask(simulator, "usage_report/claude_code", starting_at="2026-11-19", limit="3").body
    assert (len(paged["data"]), paged["has_more"]) == (3, True)
    today = ask(simulator, "usage_report/claude_code", starting_at="2026-11-23").body
    assert today["data"] == []
    assert ask(simulator, "usage_report/claude_code", starting_at="yesterday").status == 400
    assert ask(simulator, "nothing").status == 404
