"""The simulated OpenAI API: documented shapes, paging, grouping, refusals."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tokenops.simulator.faults import Schedule
from tokenops.simulator.http import Request
from tokenops.simulator.openai_api import ENDPOINTS, FIELDS
from tokenops.simulator.server import OPENAI_KEY, Simulator

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers/openai"
NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
START = datetime(2026, 11, 18, tzinfo=UTC)
GROUPS = ("project_id", "api_key_id", "model", "batch", "service_tier")


@pytest.fixture(scope="module")
def simulator():
    return Simulator(anchor=date(2026, 11, 23), clock=lambda: NOW, faults=Schedule(0, 0))


def ask(simulator, path, key=OPENAI_KEY, **params):
    pairs = [(k.replace("__", "[]"), v) for k, v in params.items()]
    query = urlencode(pairs, doseq=True)
    headers = {"authorization": f"Bearer {key}"}
    return simulator.answer(Request.of(f"/v1/organization/{path}?{query}", headers))


def usage(simulator, endpoint="completions", **params):
    given = {"start_time": int(START.timestamp()), "limit": 5, **params}
    answer = ask(simulator, f"usage/{endpoint}", **given)
    assert answer.status == 200, answer.body
    return answer.body


def pages(simulator, **params):
    body = usage(simulator, **params)
    yield body
    while body["next_page"]:
        body = usage(simulator, page=body["next_page"], **params)
        yield body


def shape_of(value):
    if isinstance(value, dict):
        return {name: shape_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return type(value).__name__


def documented(name):
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
def test_every_usage_endpoint_has_the_documented_envelope(simulator, endpoint):
    example, body = documented(f"usage_{endpoint}"), usage(simulator, endpoint)
    assert set(body) == set(example)
    assert set(body["data"][0]) == set(example["data"][0])
    assert body["object"] == "page"


@pytest.mark.parametrize("endpoint", ["completions", "embeddings"])
def test_results_have_the_documented_fields_and_types(simulator, endpoint):
    wanted = documented(f"usage_{endpoint}")["data"][0]["results"][0]
    found = next(b["results"][0] for b in usage(simulator, endpoint)["data"] if b["results"])
    newer = {"input_cache_write_30m_tokens", "input_cache_write_12h_tokens"}
    assert set(found) - newer == set(wanted)
    assert shape_of({k: v for k, v in found.items() if k not in newer}) == shape_of(wanted)


def test_ungrouped_dimensions_are_null_and_grouped_ones_are_not(simulator):
    (row, *_) = usage(simulator)["data"][0]["results"]
    assert all(row[name] is None for name in (*GROUPS, "user_id"))
    for row in usage(simulator, group_by__=list(GROUPS))["data"][0]["results"]:
        assert all(row[name] is not None for name in GROUPS)
        assert row["user_id"] is None


def test_totals_are_the_sum_of_the_parts(simulator):
    rows = [r for p in pages(simulator, bucket_width="1d", group_by__=list(GROUPS))
            for b in p["data"] for r in b["results"]]  # fmt: skip
    assert len(rows) > 100
    for row in rows:
        fresh = row["input_uncached_tokens"]
        assert (
            row["input_text_tokens"] + row["input_audio_tokens"] + row["input_image_tokens"]
            == fresh
        )
        total = fresh + row["input_cached_tokens"] + row["input_cache_write_tokens"]
        assert row["input_tokens"] == total
        assert row["output_text_tokens"] + row["output_audio_tokens"] == row["output_tokens"]


@pytest.mark.parametrize("group_by", [[], ["model"], ["project_id", "model"], list(GROUPS)])
@pytest.mark.parametrize("width", ["1m", "1h", "1d"])
def test_nothing_is_lost_between_widths_groups_and_pages(simulator, group_by, width):
    end = int((START + timedelta(days=2)).timestamp())
    limit = {"1m": 1440, "1h": 17, "1d": 1}[width]
    found = pages(simulator, bucket_width=width, limit=limit, end_time=end, group_by__=group_by)
    buckets = [bucket for page in found for bucket in page["data"]]
    starts = [bucket["start_time"] for bucket in buckets]
    assert starts == sorted(set(starts))
    assert len(buckets) == {"1m": 2880, "1h": 48, "1d": 2}[width]
    total = sum(r["input_tokens"] for b in buckets for r in b["results"])
    calls = sum(r["num_model_requests"] for b in buckets for r in b["results"])
    blocks = [simulator.model.visible(date(2026, 11, day), NOW) for day in (18, 19)]
    chat = [
        i for i, w in enumerate(simulator.model.workloads)
        if w.provider == "openai" and not w.model.startswith("text-embedding")
    ]  # fmt: skip
    columns = (0, 1, 2, 5, 6)
    assert total == sum(int(b[:, chat][:, :, list(columns)].sum()) for b in blocks)
    assert calls == sum(int(b[:, chat, 8].sum()) for b in blocks)


@pytest.mark.parametrize("endpoint", sorted(FIELDS))
def test_what_is_not_tokens_has_the_documented_fields(simulator, endpoint):
    wanted = documented(f"usage_{endpoint}")["data"][0]["results"][0]
    found = usage(simulator, endpoint)["data"][0]["results"]
    assert set(found[0]) == set(wanted)
    assert found[0][FIELDS[endpoint][0]] > 0
    by_key = usage(simulator, endpoint, group_by__=["project_id"])["data"][0]["results"]
    field = FIELDS[endpoint][0]
    assert sum(row[field] for row in by_key) == sum(row[field] for row in found)


def test_the_bill_names_what_is_not_tokens(simulator):
    params = {"start_time": int(START.timestamp()), "limit": 1, "group_by__": ["line_item"]}
    rows = ask(simulator, "costs", **params).body["data"][0]["results"]
    lines = {row["line_item"]: row for row in rows}
    images = usage(simulator, "images")["data"][0]["results"][0]["images"]
    line = lines["gpt-image-1, image generation"]
    assert (line["quantity"], line["quantity_unit"]) == (images, "images")
    assert float(line["amount"]["value"]) == pytest.approx(images * 0.042)


def test_filters(simulator):
    model = "gpt-5.6-sol"
    rows = [r for b in usage(simulator, models__=[model], group_by__=["model"])["data"]
            for r in b["results"]]  # fmt: skip
    assert rows
    assert {row["model"] for row in rows} == {model}
    batch = [r for b in usage(simulator, batch="true", group_by__=["batch"])["data"]
             for r in b["results"]]  # fmt: skip
    assert {row["batch"] for row in batch} == {True}


def test_costs_have_the_documented_shape_in_dollars(simulator):
    answer = ask(
        simulator,
        "costs",
        start_time=int(START.timestamp()),
        group_by__=["project_id", "line_item"],
    )
    example = documented("costs")
    row = answer.body["data"][0]["results"][0]
    assert set(row) == set(example["data"][0]["results"][0])
    assert row["amount"]["currency"] == "usd"
    assert float(row["amount"]["value"]) > 0
    assert ", " in row["line_item"]
    assert (row["quantity_unit"], row["api_key_id"]) == ("tokens", None)


def test_costs_arrive_hours_after_the_day(simulator):
    answer = ask(simulator, "costs", start_time=int(START.timestamp()), limit=10)
    filled = [bool(bucket["results"]) for bucket in answer.body["data"]]
    assert filled == [True] * 5 + [False]


@pytest.mark.parametrize("path", ["projects", "users"])
def test_lists_page_completely(simulator, path):
    seen, after = [], None
    while True:
        params = {"limit": 7} | ({"after": after} if after else {})
        body = ask(simulator, path, **params).body
        assert set(body) == set(documented(path))
        seen += [row["id"] for row in body["data"]]
        if not body["has_more"]:
            break
        after = body["last_id"]
    assert len(seen) == len(set(seen)) > 7


def test_project_keys_have_the_documented_shape(simulator):
    project = ask(simulator, "projects").body["data"][0]["id"]
    keys = ask(simulator, f"projects/{project}/api_keys").body
    example = documented("project_api_keys")
    assert set(keys["data"][0]) == set(example["data"][0])
    assert set(keys["data"][0]["owner"]["user"]) == set(example["data"][0]["owner"]["user"])


@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        ("usage/completions", {}, "start_time"),
        ("usage/completions", {"start_time": "soon"}, "start_time"),
        ("usage/completions", {"start_time": 1, "bucket_width": "1w"}, "bucket_width"),
        ("usage/completions", {"start_time": 1, "limit": 32}, "limit"),
        ("usage/completions", {"start_time": 1, "bucket_width": "1h", "limit": 169}, "limit"),
        ("usage/completions", {"start_time": 1, "group_by__": ["team"]}, "group_by"),
        ("usage/embeddings", {"start_time": 1, "group_by__": ["batch"]}, "group_by"),
        ("usage/completions", {"start_time": 5, "end_time": 4}, "end_time"),
        ("usage/completions", {"start_time": 1, "page": "page_nonsense"}, "page"),
        ("costs", {"start_time": 1, "bucket_width": "1h"}, "bucket_width"),
        ("projects", {"limit": 101}, "limit"),
    ],
)
def test_wrong_parameters_are_named(simulator, path, params, param):
    answer = ask(simulator, path, **params)
    assert answer.status == 400
    assert answer.body["error"]["param"] == param
    assert answer.body["error"]["type"] == "invalid_request_error"


def test_a_page_token_fits_one_query_only(simulator):
    token = usage(simulator, limit=1)["next_page"]
    answer = ask(simulator, "usage/completions", start_time=1, page=token)
    assert (answer.status, answer.body["error"]["param"]) == (400, "page")


def test_wrong_key_and_unknown_path(simulator):
    answer = ask(simulator, "projects", key="sk-proj-not-an-admin-key")
    assert (answer.status, answer.body["error"]["code"]) == (401, "invalid_api_key")
    assert "not-an-admin" not in str(answer.body)
    assert ask(simulator, "nothing").status == 404


def test_trouble_comes_on_schedule():
    trouble = Schedule(limited_every=3, broken_every=5, retry_after=2)
    simulator = Simulator(anchor=date(2026, 11, 23), clock=lambda: NOW, faults=trouble)
    answers = [ask(simulator, "projects") for _ in range(10)]
    assert [a.status for a in answers] == [200, 200, 429, 200, 500, 429, 200, 200, 429, 500]
    assert answers[2].headers == {"retry-after": "2"}
