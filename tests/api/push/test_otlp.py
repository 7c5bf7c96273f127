"""POST /api/v1/otlp/v1/*: the protocol's answers."""

import gzip
import io
import json

import pytest
from django.db import OperationalError, connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from apps.access.permissions import P
from apps.connectors.push import services
from apps.connectors.push.models import PushTally
from apps.connectors.push.rules.calls import moment
from apps.ledger.models import IngestBatch
from tests.api.push.conftest import tally, tokens
from tests.factories.organizations import make_api_key
from tests.factories.otlp import JSON, PROTOBUF, ago, genai, logs, metrics, recorded, span, traces

pytestmark = pytest.mark.django_db
DAY = 86_400


def status_of(body):
    """Code and message of a google.rpc.Status in protobuf."""
    assert body[0] == 0x08
    assert body[2] == 0x12
    return body[1], body[-_length(body) :].decode()


def _length(body):
    length, shift, at = 0, 0, 3
    while True:
        length |= (body[at] & 0x7F) << shift
        if body[at] < 0x80:
            return length
        shift, at = shift + 7, at + 1


def nothing_written(world):
    with world.a.scope():
        assert not IngestBatch.objects.exists()
        assert not PushTally.objects.exists()


@pytest.mark.parametrize("json_", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_span_becomes_a_record_whatever_the_encoding(otlp, ledger, json_, zipped):
    answer = otlp(
        traces(span(genai(5200, 930, gen_ai__usage__cache_read__input_tokens=4096))),
        json=json_,
        zipped=zipped,
    )
    assert answer.status_code == 200
    assert answer["Content-Type"] == (JSON if json_ else PROTOBUF)
    assert answer.content == (b"{}" if json_ else b"")
    (record,) = ledger()
    assert (record.input_uncached, record.cache_read, record.output) == (1104, 4096, 930)
    assert record.cost_nanos == 11_192_000


def test_an_empty_body_is_an_empty_export(world, otlp):
    assert otlp(b"", "traces").status_code == 200
    assert otlp(b"{}", "logs", kind=JSON).status_code == 200
    with world.a.scope():
        assert not IngestBatch.objects.exists()


def test_a_body_without_length_is_read_in_chunks(world, otlp, ledger, client):
    """As gunicorn hands on a chunked body: no CONTENT_LENGTH, and the stream says its end."""
    body = traces(span(genai())).SerializeToString()
    answer = client.generic(
        "POST",
        "/api/v1/otlp/v1/traces",
        b"",
        content_type=PROTOBUF,
        headers={**world.a.key_headers, "Transfer-Encoding": "chunked"},
        **{
            "CONTENT_LENGTH": "",
            "CONTENT_TYPE": PROTOBUF,
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
        },
    )
    assert answer.status_code == 200
    assert len(ledger()) == 1


def test_what_the_sender_can_mend_is_a_partial_success(world, otlp, ledger):
    body = traces(
        span(genai()),
        span(genai(-5)),
        span({**genai(), "gen_ai.response.model": ""}),
        span(genai(), start=ago(-2 * DAY)),
        span(genai("many")),
        span({"http.request.method": "GET"}),
        span(genai(0, 0)),
    )
    answer = otlp(body)
    assert answer.status_code == 200
    found = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert found.rejected_spans == 4
    assert found.error_message == (
        "Not counted: 1 with usage without a model name; 2 with a token count that is no whole "
        "number from 0 to 10^13; 1 with a time before 2020 or in the future."
    )
    assert len(ledger()) == 1
    assert tally(world) == {
        ("genai", "span", "counted"): 1,
        ("genai", "span", "bad_count"): 2,
        ("genai", "span", "no_model"): 1,
        ("genai", "span", "bad_time"): 1,
        ("genai", "span", "no_tokens"): 1,
        ("other", "span", "not_usage"): 1,
    }
    same = json.loads(otlp(body, json=True).content)["partialSuccess"]
    assert (same["rejectedSpans"], same["errorMessage"]) == ("4", found.error_message)


@pytest.mark.parametrize(
    ("body", "kind", "code", "grpc"),
    [
        (b"\xff\xff\xff", PROTOBUF, 400, 3),
        (b'{"resourceSpans": [', JSON, 400, 3),
        (b'{"resourceSpans": 7}', JSON, 400, 3),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": NaN}]}]}]}', JSON, 400, 3),
        (b"\xff\xfe{}", JSON, 400, 3),
        (b"[" * 100_000, JSON, 400, 3),
        (b"x" * (21 << 20), PROTOBUF, 413, 8),
        (b"", "text/plain", 415, 3),
    ],
)
def test_what_cannot_be_read_is_refused_for_good(world, otlp, body, kind, code, grpc):
    answer = otlp(body, "traces", kind=kind)
    assert answer.status_code == code
    if kind == PROTOBUF:
        assert status_of(answer.content)[0] == grpc
    else:
        assert answer["Content-Type"] == JSON
        assert answer.json()["code"] == grpc
    nothing_written(world)


def test_gzip_that_is_cut_or_explodes_is_refused(world, otlp):
    whole = gzip.compress(traces(span(genai())).SerializeToString())
    headers = {**world.a.key_headers, "Content-Encoding": "gzip"}
    assert otlp(whole[:-4], "traces", headers=headers).status_code == 400
    bomb = otlp(gzip.compress(b"\0" * (64 << 20)), "traces", headers=headers)
    assert bomb.status_code == 413
    assert "20 MiB" in status_of(bomb.content)[1]
    nothing_written(world)


def test_keys_are_taken_from_the_headers_that_exporters_can_set(world, otlp):
    body = traces(span(genai()))
    secret = world.a.key_headers["Authorization"].split()[1]
    for headers, code in (
        ({}, 401),
        ({"Authorization": "Bearer tok_wrong"}, 401),
        ({"X-API-Key": secret}, 200),
        ({"Authorization": f"Bearer%20{secret}"}, 200),
    ):
        assert otlp(body, headers=headers).status_code == code
    with world.a.scope():
        _, reader = make_api_key("Reader", scopes=[P.USAGE_VIEW])
    refused = otlp(body, headers={"Authorization": f"Bearer {reader}"})
    assert refused.status_code == 403
    assert status_of(refused.content)[0] == 7


def test_over_the_limit_the_exporter_waits(settings, otlp):
    settings.API_PUSHES_PER_MINUTE = 1
    body = traces(span(genai()))
    assert otlp(body).status_code == 200
    refused = otlp(body)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert status_of(refused.content)[0] == 8


def test_telemetry_does_not_use_up_the_calls_of_other_programs(settings, world, otlp, client):
    settings.API_CALLS_PER_MINUTE = 1
    for _ in range(3):
        assert otlp(b"", "traces").status_code == 200
    assert client.get("/api/v1/sources/", headers=world.a.key_headers).status_code == 200


def test_when_the_database_fails_the_exporter_repeats(world, otlp, monkeypatch, client):
    def broken(**_):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(services, "accept_otlp", broken)
    client.raise_request_exception = False
    answer = otlp(traces(span(genai())))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert status_of(answer.content) == (
        14,
        "Not available right now; nothing was written. Send it again.",
    )
    nothing_written(world)


def test_a_repeated_body_adds_nothing(world, otlp, ledger):
    body = traces(span(genai()), span(genai(7, 8)))
    for _ in range(2):
        assert otlp(body).status_code == 200
    assert len(ledger()) == 2
    with world.a.scope():
        assert IngestBatch.objects.count() == 1


def test_the_json_of_exporters_in_the_field_is_read(otlp, ledger):
    """A log without a time of its own, values that are empty, text or doubles, fields to come."""
    at = ago()
    attributes = {
        "event.name": {"stringValue": "api_request"},
        "model": {"stringValue": "claude-sonnet-4-5-20250929"},
        "input_tokens": {"intValue": "10"},
        "output_tokens": {"doubleValue": 200.0},
        "cache_read_tokens": {"stringValue": "3000"},
        "cache_creation_tokens": {"intValue": 400},
        "session.id": {"stringValue": "s-1"},
        "request_id": {"stringValue": "req_1"},
        "prompt_id": {},
    }
    record = {
        "timeUnixNano": "0",
        "observedTimeUnixNano": str(at),
        "body": {},
        "attributes": [{"key": key, "value": value} for key, value in attributes.items()],
        "aFieldToCome": {"deep": [1, 2]},
    }
    service = [{"key": "service.name", "value": {"stringValue": "claude-code"}}]
    group = {"resource": {"attributes": service}, "scopeLogs": [{"logRecords": [record]}]}
    answer = otlp(json.dumps({"resourceLogs": [group]}).encode(), "logs", kind=JSON)
    assert (answer.status_code, answer.content) == (200, b"{}")
    (found,) = ledger()
    assert (found.input_uncached, found.output) == (10, 200)
    assert (found.cache_read, found.cache_write_5m) == (3000, 400)
    assert found.occurred_at == moment(at)


def test_labels_and_stated_attribution_come_from_the_resource(world, otlp, ledger):
    otlp(
        traces(
            span({**genai(), "tokenops.work_item": "WEB-7"}),
            resource={
                "service.name": "shop",
                "team.id": "web",
                "process.command_args": ["shop", "--prompt"],
                "host.name": "laptop-of-ana",
                "telemetry.sdk.name": "opentelemetry",
                "prompt.template": "never a label",
                "tokenops.capability": "checkout",
            },
        )
    )
    assert len(ledger()) == 1
    with world.a.scope(), connection.cursor() as cursor:
        cursor.execute("SELECT tags, capability, work_item, model FROM dimension_set")
        ((tags, capability, work_item, model),) = cursor.fetchall()
    assert json.loads(tags) == {"service.name": "shop", "team.id": "web"}
    assert (capability, work_item, model) == ("checkout", "WEB-7", "gpt-5-2025-08-07")


def test_recorded_instrumentation_counts_once_as_spans_and_metrics(world, otlp, ledger):
    """48 calls, 47 with usage; the metrics of the same process tell the same 2,187 tokens."""
    for order in (("traces", "metrics"), ("metrics", "traces")):
        for signal in order:
            name = f"otlp/genai_openai_instrumentation.{signal}.pb.gz"
            assert otlp(recorded(name), signal).status_code == 200
        records = ledger()
        assert sum(tokens(r) for r in records) == 2187
        assert len(records) == 47


def test_recorded_codex_session_counts_its_events_once(world, otlp, ledger):
    """Two calls, 32,003 tokens; the turn's metric tells the same sum."""
    for signal in ("metrics", "logs", "traces", "metrics"):
        name = f"otlp/codex_exec_session.{signal}.json.gz"
        assert otlp(recorded(name), signal, kind=JSON).status_code == 200
    records = ledger()
    assert [(r.input_uncached, r.cache_read, r.output, r.reasoning) for r in records] == [
        (15210, None, 221, 512),
        (898, 15104, 58, None),
    ]
    counts = tally(world)
    assert counts["codex", "metric", "withdrawn"] == 1
    assert counts["codex", "metric", "superseded"] == 1


def test_other_metrics_and_logs_are_taken_quietly(world, otlp, ledger):
    point = {"value": 5, "attributes": {"http.route": "/"}}
    assert otlp(metrics("http.server.request.count", point)).content == b""
    assert otlp(logs({"attributes": {"event.name": "user_prompt"}})).content == b""
    assert ledger() == []
    assert tally(world) == {
        ("other", "metric", "not_usage"): 1,
        ("claude_code", "event", "not_usage"): 1,
    }
