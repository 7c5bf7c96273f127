"""LiteLLM's callback and CloudEvents: one record per call, prompts dropped, refusals explained."""

import json
from datetime import UTC, datetime

import pytest

from apps.connectors.models import Source
from apps.ledger.models import IngestBatch, UsageRecord
from tests.api.push.conftest import tally, tokens
from tests.factories.otlp import recorded

pytestmark = pytest.mark.django_db
LITELLM, EVENTS = "/api/v1/litellm", "/api/v1/events"
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
BATCH_1 = "litellm/generic_api_callback_batch_1.json.gz"


@pytest.fixture
def post(world, client):
    def send(url, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(url, data, content_type=kind, headers={**world.a.key_headers, **headers})

    return send


def event(**fields):
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "chat-app",
        "type": "prompt",
        "subject": "ana@example.com",
        "time": "2026-11-20T10:00:00Z",
        "data": {"model": "gpt-5", "provider": "openai", "prompt_tokens": 90, "output_tokens": 10},
        **fields,
    }


def test_the_recorded_batch_is_counted_call_by_call(world, post, ledger):
    answer = post(LITELLM, recorded(BATCH_1))
    assert answer.status_code == 202
    found = answer.json()
    assert (found["accepted"], found["ignored"], found["rejected"]) == (4, 1, 0)
    payloads = [p for p in json.loads(recorded(BATCH_1)) if p["status"] == "success"]
    records = ledger()
    assert sum(tokens(r) for r in records) == sum(p["total_tokens"] for p in payloads)
    gpt5 = next(r for r in records if r.input_uncached == 1104)
    assert (gpt5.cache_read, gpt5.output, gpt5.reasoning) == (4096, 290, 640)
    assert gpt5.cost_nanos == 11_192_000
    claude = next(r for r in records if r.cache_write_5m == 2048)
    assert (claude.input_uncached, claude.output, claude.cost_nanos) == (21, 393, 13_638_000)
    assert tally(world) == {
        ("litellm", "record", "counted"): 4,
        ("litellm", "record", "failed_call"): 1,
    }
    with world.a.scope():
        assert Source.objects.get().kind == "litellm_push"
    assert post(LITELLM, recorded(BATCH_1)).json()["duplicate"] is True
    assert len(ledger()) == 4


def test_one_payload_and_lines_are_read_too(post, ledger):
    payloads = json.loads(recorded(BATCH_1))
    assert post(LITELLM, payloads[0]).json()["accepted"] == 1
    lines = "\n".join(json.dumps(p) for p in payloads).encode()
    assert post(LITELLM, lines, "application/x-ndjson").json()["accepted"] == 4
    assert len(ledger()) == 4


def test_a_guardrail_request_is_refused_with_its_reason(world, post):
    answer = post(LITELLM, recorded("litellm/generic_guardrail_api_requests.json.gz"))
    assert answer.status_code == 422
    found = answer.json()
    assert (found["accepted"], found["rejected"]) == (0, 5)
    assert found["errors"][0] == {
        "index": 0,
        "field": "",
        "message": "This is a guardrail request: it holds a prompt and no usage.",
        "fix": "Send the callback `generic_api` here; a guardrail asks another address.",
    }
    with world.a.scope():
        assert not IngestBatch.objects.exists()


def test_a_hit_in_the_gateways_cache_is_no_usage(post, ledger):
    payload = json.loads(recorded(BATCH_1))[0]
    assert post(LITELLM, {**payload, "cache_hit": True}).json()["ignored"] == 1
    assert ledger() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"litellm_call_id": None, "id": None}, "litellm_call_id"),
        ({"startTime": None}, "startTime"),
        ({"model": "", "model_group": None}, "model"),
        ({"prompt_tokens": -1}, "prompt_tokens"),
        ({"prompt_tokens": 1.5}, "prompt_tokens"),
        ({"prompt_tokens": "many"}, "prompt_tokens"),
        ({"startTime": 4e9}, "occurred_at"),
    ],
)
def test_a_payload_that_is_wrong_says_where(post, change, field):
    payload = {**json.loads(recorded(BATCH_1))[0], **change}
    answer = post(LITELLM, payload)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        ({"prompt_tokens": 90, "output_tokens": 10}, (90, None, 10, None)),
        ({"input_tokens": 90, "cached_tokens": 40, "output_tokens": 10}, (50, 40, 10, None)),
        ({"tokens": "123", "type": "input"}, (123, None, 0, None)),
        ({"tokens": 123, "type": "output"}, (0, None, 123, None)),
        ({"input_uncached": 5, "cache_read": 6, "output": 7, "reasoning": 8}, (5, 6, 7, 8)),
    ],
)
def test_counts_of_meters_and_of_records(post, ledger, data, counts):
    body = event(data={"provider": "openai", "model": "gpt-5", **data})
    assert post(EVENTS, body, ONE).status_code == 202
    (record,) = ledger()
    assert (record.input_uncached, record.cache_read, record.output, record.reasoning) == counts


def test_batched_and_binary_events_are_the_same_event(world, post, ledger):
    assert post(EVENTS, [event(), event(id="e-2"), event(data={})], BATCH).json() == {
        "accepted": 2,
        "rejected": 0,
        "ignored": 1,
        "duplicate": False,
        "batch_id": str(IngestBatchId(world)),
        "errors": [],
    }
    headers = {f"ce-{name}": value for name, value in event().items() if name != "data"}
    answer = post(EVENTS, event()["data"], "application/json", **headers)
    assert answer.status_code == 202
    assert len(ledger()) == 2
    with world.a.scope():
        first = UsageRecord.objects.order_by("record_key").first()
        assert first.occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def IngestBatchId(world):  # noqa: N802
    with world.a.scope():
        return IngestBatch.objects.get().id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"time": None}, "time"),
        ({"time": "2026-11-20T10:00:00"}, "time"),
        ({"data": [1]}, "data"),
        ({"data": {"model": "gpt-5", "tokens": 5}}, "data.tokens"),
        ({"data": {"input_tokens": 5}}, "data.model"),
        ({"data": {"model": "gpt-5", "input_tokens": 5, "prompt": "hello"}}, "data.prompt"),
        ({"data": {"model": "gpt-5", "output": 5, "inptu": 5}}, "data.inptu"),
        ({"data_base64": "aGVsbG8="}, "data_base64"),
    ],
)
def test_an_event_that_is_wrong_says_where(world, post, change, field):
    answer = post(EVENTS, event(**change), ONE)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    with world.a.scope():
        assert not IngestBatch.objects.exists()


@pytest.mark.parametrize(
    ("url", "body", "kind", "status", "code"),
    [
        (LITELLM, b" ", "application/json", 400, "empty_body"),
        (LITELLM, b"[{", "application/json", 400, "malformed_json"),
        (LITELLM, b"[" * 100_000, "application/json", 400, "malformed_json"),
        (LITELLM, b"{}", "text/plain", 415, "unsupported_media_type"),
        (EVENTS, b"{}", "application/json", 415, "unsupported_media_type"),
        (EVENTS, b"[{}", BATCH, 400, "malformed_json"),
        (EVENTS, b"{}", ONE, 422, "all_refused"),
    ],
)
def test_what_cannot_be_read_is_a_problem(post, url, body, kind, status, code):
    answer = post(url, body, kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
