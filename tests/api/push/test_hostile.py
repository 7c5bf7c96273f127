"""Every push endpoint against every kind of hostile body: a 4xx with a reason (or, for records of
OTLP, a partial success that names them), flat memory, and nothing written by halves."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from apps.connectors.models import Source
from apps.connectors.push.api import urls
from apps.connectors.push.models import PushClaim, PushProvisional, PushSeries
from apps.ledger.models import IngestBatch
from tests.factories.otlp import ago, as_json, claude_event, genai, logs, metrics, span, traces

pytestmark = pytest.mark.django_db
MIB = 1 << 20
JSON = "application/json"
HUGE = 10**40


def tokens_point():
    return metrics(
        "claude_code.token.usage", {"value": 77, "attributes": {"type": "input", "model": "m"}}
    )


def records():
    return [
        {
            "event_id": "1",
            "occurred_at": "2026-11-20T10:00:00Z",
            "provider": "openai",
            "model": "gpt-5",
            "output": 77,
        }
    ]


def callback():
    return [
        {
            "id": "x",
            "litellm_call_id": "x",
            "status": "success",
            "call_type": "acompletion",
            "model": "gpt-5",
            "custom_llm_provider": "openai",
            "startTime": ago() / 10**9,
            "prompt_tokens": 77,
            "completion_tokens": 1,
            "total_tokens": 78,
            "response_cost": 0.1,
            "metadata": {},
        }
    ]


def cloud_event():
    return {
        "specversion": "1.0",
        "id": "e",
        "source": "app",
        "type": "prompt",
        "time": "2026-11-20T10:00:00Z",
        "data": {"model": "gpt-5", "provider": "openai", "prompt_tokens": 77},
    }


@dataclass(frozen=True)
class Endpoint:
    """`whole` makes a body that counts; 77 is its number of tokens."""

    url: str
    whole: Callable[[], bytes]
    kind: str = JSON
    otlp: bool = False


ENDPOINTS = {
    "api-usage-records": Endpoint("usage/records", lambda: json.dumps(records()).encode()),
    "api-usage-records-slash": Endpoint("usage/records/", lambda: json.dumps(records()).encode()),
    "api-otlp-traces": Endpoint(
        "otlp/v1/traces", lambda: as_json(traces(span(genai(77)))), otlp=True
    ),
    "api-otlp-metrics": Endpoint("otlp/v1/metrics", lambda: as_json(tokens_point()), otlp=True),
    "api-otlp-logs": Endpoint(
        "otlp/v1/logs",
        lambda: as_json(logs(claude_event(attributes={"input_tokens": 77}))),
        otlp=True,
    ),
    "api-litellm": Endpoint("litellm", lambda: json.dumps(callback()).encode()),
    "api-events": Endpoint(
        "events", lambda: json.dumps(cloud_event()).encode(), "application/cloudevents+json"
    ),
}  # fmt: skip


def put(whole, value):
    """The body with its number of tokens replaced, whether it stands as number or text."""
    changed = whole.replace(b'"77"', value).replace(b"77", value, 1)
    assert changed != whole
    return changed


ZIPPED = {"Content-Encoding": "gzip"}
HOSTILE = {
    "truncated": lambda whole: (whole[: len(whole) // 2], {}),
    "truncated gzip": lambda whole: (gzip.compress(whole)[:-6], ZIPPED),
    "no gzip": lambda whole: (whole, ZIPPED),
    "gzip bomb": lambda whole: (gzip.compress(b" " * (64 * MIB)), ZIPPED),
    "twice packed": lambda whole: (gzip.compress(gzip.compress(whole)), ZIPPED),
    "other encoding": lambda whole: (whole, {"Content-Encoding": "br"}),
    "brackets": lambda whole: (b"[" * 200_000, {}),
    "objects": lambda whole: (b'{"a":' * 100_000, {}),
    "deep value": lambda whole: (put(whole, b"[" * 5_000 + b"]" * 5_000), {}),
    "list": lambda whole: (put(whole, b"[77]"), {}),
    "word": lambda whole: (put(whole, b'"many"'), {}),
    "truth": lambda whole: (put(whole, b"true"), {}),
    "fraction": lambda whole: (put(whole, b"0.5"), {}),
    "negative": lambda whole: (put(whole, b"-77"), {}),
    "huge": lambda whole: (put(whole, str(HUGE).encode()), {}),
    "exponent": lambda whole: (put(whole, b"1e400"), {}),
    "NaN": lambda whole: (put(whole, b"NaN"), {}),
    "scalar": lambda whole: (b"7", {}),
    "UTF-16": lambda whole: (whole.decode().encode("utf-16"), {}),
    "Latin-1": lambda whole: (whole.replace(b"77", b'"\xe9"', 1), {}),
    "lone surrogate": lambda whole: (put(whole, b'"\\ud800"'), {}),
    "null bytes": lambda whole: (b"\0" * 4_000, {}),
    "empty": lambda whole: (b"", {}),
}


def send(client, world, endpoint, body, headers):
    return client.post(
        f"/api/v1/{endpoint.url}",
        body,
        content_type=endpoint.kind,
        headers={**world.a.key_headers, **headers},
        CONTENT_TYPE=endpoint.kind,
    )


def written(world):
    with world.a.scope():
        tables = (IngestBatch, Source, PushClaim, PushProvisional, PushSeries)
        return {table.__name__: n for table in tables if (n := table.objects.count())}


def reason(answer):
    """Why, in words; empty where the answer gives none."""
    body = answer.json()
    if answer.status_code == 200:
        partial = body.get("partialSuccess", {})
        rejected = [value for name, value in partial.items() if name.startswith("rejected")]
        return partial.get("errorMessage", "") if any(int(n) for n in rejected) else ""
    return body.get("detail") or body.get("title") or body.get("message") or ""


@pytest.mark.parametrize("name", ENDPOINTS)
def test_hostile_bodies_are_refused_with_a_reason_and_leave_nothing(world, client, name):
    endpoint = ENDPOINTS[name]
    wrong = []
    for label, make in HOSTILE.items():
        body, headers = make(endpoint.whole())
        answer = send(client, world, endpoint, body, headers)
        empty = endpoint.otlp and label == "empty"  # an export of nothing
        fine = 400 <= answer.status_code < 500 or (endpoint.otlp and answer.status_code == 200)
        if not fine or not (reason(answer) or empty) or written(world):
            wrong.append((label, answer.status_code, answer.content[:200], written(world)))
    assert not wrong
    assert send(client, world, endpoint, endpoint.whole(), {}).status_code in (200, 202)
    assert written(world)["IngestBatch"] == 1


@pytest.mark.parametrize(
    "name", ["api-usage-records", "api-otlp-logs", "api-litellm", "api-events"]
)
def test_memory_stays_flat(world, client, name):
    """What grows when unpacked or parsed: the largest body is 20 MiB, held twice at most."""
    endpoint = ENDPOINTS[name]
    for label in ("gzip bomb", "brackets", "objects", "deep value"):
        body, headers = HOSTILE[label](endpoint.whole())
        tracemalloc.start()
        try:
            send(client, world, endpoint, body, headers)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 48 * MIB, label


def test_every_push_endpoint_is_tried():
    """A new one shows up as a difference; `push/received/` takes nothing."""
    names = {pattern.name for pattern in urls.urlpatterns}
    assert names - {"api-push-received"} == set(ENDPOINTS)
