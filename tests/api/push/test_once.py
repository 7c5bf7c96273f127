"""Each call is counted once, although it is told as event, span and metric, in any order."""

import itertools

import pytest

from apps.common import clock
from apps.connectors.models import Source
from apps.ledger.models import UsageRestatement
from apps.ledger.selectors.verify import verify_rollups
from tests.api.push.conftest import tally, tokens
from tests.factories.otlp import (
    CUMULATIVE,
    SECOND,
    ago,
    claude_event,
    claude_points,
    genai,
    logs,
    metrics,
    span,
    traces,
)

pytestmark = pytest.mark.django_db
HOUR = 3600 * SECOND
NOON = (ago(0) // HOUR - 3) * HOUR + 60 * SECOND
"""A minute past a full hour, so that a test does not run across hours."""
TRACES = [f"{number:032x}" for number in range(1, 9)]


def total(records):
    return sum(tokens(record) for record in records)


def claude_session():
    """One call of Claude Code by all three signals: 3,610 tokens."""
    event = logs(claude_event(time=NOON))
    metric = metrics(
        "claude_code.token.usage",
        *claude_points(NOON + 20 * SECOND, input=10, output=200, cacheRead=3000, cacheCreation=400),
    )
    spans = traces(
        span(
            {
                "span.type": "llm_request",
                "session.id": "s-1",
                "gen_ai.system": "anthropic",
                "gen_ai.request.model": "claude-sonnet-4-5-20250929",
                "input_tokens": 10,
                "output_tokens": 200,
                "cache_read_tokens": 3000,
                "cache_creation_tokens": 400,
                "request_id": "req_1",
            },
            start=NOON - 3 * SECOND,
            end=NOON,
        ),
        resource={"service.name": "claude-code"},
    )
    return {"event": event, "metric": metric, "span": spans}


@pytest.mark.parametrize("order", list(itertools.permutations(("event", "span", "metric"))))
def test_claude_code_is_counted_by_its_events(world, otlp, ledger, order):
    signals = claude_session()
    for name in order:
        assert otlp(signals[name]).content == b""
        assert total(ledger()) == 3610
    (record,) = ledger()
    assert (record.input_uncached, record.cache_read) == (10, 3000)
    assert (record.cache_write_5m, record.output) == (400, 200)
    for name in order:
        otlp(signals[name])
    assert len(ledger()) == 1
    with world.a.scope():
        assert verify_rollups().ok
        better = ["event", "span", "metric"]
        best = [min(order[: n + 1], key=better.index) for n in range(3)]
        assert UsageRestatement.objects.count() == len(set(best)) - 1


def test_withdrawn_usage_is_a_restatement_to_nothing(world, otlp, ledger):
    signals = claude_session()
    otlp(signals["metric"])
    ledger()
    otlp(signals["event"])
    ledger()
    with world.a.scope():
        (gone,) = UsageRestatement.objects.all()
    assert sum(gone.old_kinds) == 3610
    assert sum(kind or 0 for kind in gone.new_kinds) == 0
    assert tally(world)["claude_code", "metric", "withdrawn"] == 1


def test_an_hour_that_only_the_metric_tells_is_counted_by_it(otlp, ledger):
    otlp(claude_session()["event"])
    later = NOON + HOUR
    otlp(metrics("claude_code.token.usage", *claude_points(later, input=5, output=6)))
    assert total(ledger()) == 3610 + 11


def test_two_sessions_do_not_supersede_each_other(otlp, ledger):
    otlp(claude_session()["event"])
    points = claude_points(NOON + 20 * SECOND, session="s-2", input=5, output=6)
    otlp(metrics("claude_code.token.usage", *points))
    assert total(ledger()) == 3610 + 11


def test_a_metric_without_session_meets_the_persons_events(otlp, ledger):
    otlp(claude_session()["event"])
    points = claude_points(NOON + 20 * SECOND, input=10, output=200)
    for point in points:
        del point["attributes"]["session.id"]
    otlp(metrics("claude_code.token.usage", *points))
    assert total(ledger()) == 3610


def genai_points(time, start, calls=1, **kinds):
    return [
        {
            "time": time,
            "start": start,
            "value": float(value),
            "count": calls,
            "attributes": {
                "gen_ai.provider.name": "openai",
                "gen_ai.response.model": "gpt-5-2025-08-07",
                "gen_ai.operation.name": "chat",
                "gen_ai.token.type": kind,
            },
        }
        for kind, value in kinds.items()
    ]


def counter(*points, service="shop", temporality=CUMULATIVE):
    return metrics(
        "gen_ai.client.token.usage",
        *points,
        resource={"service.name": service},
        temporality=temporality,
        histogram=True,
    )


def test_cumulative_counters_count_what_was_added(world, otlp, ledger):
    start = NOON
    bodies = [
        counter(*genai_points(NOON + 60 * SECOND, start, 1, input=100, output=10)),
        counter(*genai_points(NOON + 120 * SECOND, start, 1, input=100, output=10)),
        counter(*genai_points(NOON + 180 * SECOND, start, 3, input=250, output=40)),
    ]
    sums = []
    for body in (*bodies, *bodies):
        otlp(body)
        sums.append(total(ledger()))
    assert sums == [110, 110, 290, 290, 290, 290]
    assert [r.requests for r in ledger()] == [1, 2]
    assert tally(world)["genai", "metric", "older_point"] == 3


def test_a_restart_begins_from_nothing(otlp, ledger):
    otlp(counter(*genai_points(NOON + 60 * SECOND, NOON, input=100)))
    otlp(counter(*genai_points(NOON + 180 * SECOND, NOON + 90 * SECOND, input=30)))
    assert total(ledger()) == 130
    otlp(counter(*genai_points(NOON + 240 * SECOND, NOON + 90 * SECOND, input=20)))
    assert total(ledger()) == 150


def test_a_counter_of_unknown_or_forgotten_start_begins_as_a_baseline(world, otlp, ledger):
    otlp(counter(*genai_points(NOON, 0, input=1_000_000)))
    otlp(counter(*genai_points(NOON, NOON - 40 * 24 * HOUR, input=1_000_000), service="old"))
    assert ledger() == []
    otlp(counter(*genai_points(NOON + SECOND, 0, input=1_000_005)))
    assert total(ledger()) == 5
    assert tally(world)["genai", "metric", "baseline"] == 2


def test_two_copies_of_a_service_keep_their_counters_apart(otlp, ledger):
    for copy in range(2):
        start = NOON + copy
        otlp(counter(*genai_points(NOON + (60 + copy) * SECOND, start, input=100)))
    for copy in range(2):
        start = NOON + copy
        otlp(counter(*genai_points(NOON + (120 + copy) * SECOND, start, input=150)))
    assert total(ledger()) == 300


def test_series_that_differ_in_an_attribute_that_is_not_read_are_added(otlp, ledger):
    points = [
        *genai_points(NOON + SECOND, NOON, input=100),
        *genai_points(NOON + SECOND, NOON, input=23),
    ]
    points[0]["attributes"]["server.port"] = 443
    points[1]["attributes"]["server.port"] = 8443
    otlp(counter(*points))
    assert total(ledger()) == 123


def test_spans_supersede_the_counter_of_their_provider_only(otlp, ledger):
    service = {"service.name": "shop"}
    otlp(traces(span(genai(100, 10), start=NOON), resource=service))
    other = genai_points(NOON + 50 * SECOND, NOON, input=7)
    other[0]["attributes"]["gen_ai.provider.name"] = "anthropic"
    other[0]["attributes"]["gen_ai.response.model"] = "claude-sonnet-4-5"
    otlp(counter(*genai_points(NOON + 50 * SECOND, NOON, input=100, output=10), *other))
    assert total(ledger()) == 117


def test_an_interval_over_the_hour_is_superseded_by_calls_of_either_hour(otlp, ledger):
    service = {"service.name": "shop"}
    boundary = NOON - 60 * SECOND
    otlp(traces(span(genai(100, 10), start=boundary - 5 * SECOND), resource=service))
    otlp(
        counter(*genai_points(boundary + 30 * SECOND, boundary - 30 * SECOND, input=100, output=10))
    )
    assert total(ledger()) == 110


def agent(kind):
    """A span that sums, by dialect."""
    sums = genai(300, 30)
    if kind == "genai":
        return {**sums, "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
    if kind == "traceloop":
        return {**sums, "traceloop.span.kind": "workflow", "gen_ai.operation.name": "chat"}
    return {
        "openinference.span.kind": "AGENT",
        "llm.model_name": "gpt-5",
        "llm.token_count.prompt": 300,
        "llm.token_count.completion": 30,
    }


@pytest.mark.parametrize("kind", ["genai", "traceloop", "openinference"])
def test_an_agent_that_sums_its_calls_is_not_counted_besides(world, otlp, ledger, kind):
    root = span(agent(kind), id="00000000000000aa", start=NOON, end=NOON + 9 * SECOND)
    calls = [
        span(genai(150, 15), id=f"{n:016x}", parent="00000000000000ab", start=NOON + n)
        for n in (1, 2)
    ]
    between = span({"x": 1}, id="00000000000000ab", parent="00000000000000aa", start=NOON)
    otlp(traces(*calls, between, root))
    assert total(ledger()) == 330
    assert len(ledger()) == 2


@pytest.mark.parametrize("kind", ["genai", "traceloop", "openinference"])
def test_an_agent_whose_calls_came_in_another_body_is_not_counted(otlp, ledger, kind):
    root = traces(span(agent(kind), id="00000000000000aa", start=NOON, end=NOON + 9 * SECOND))
    call = traces(span(genai(300, 30), id=f"{1:016x}", parent="00000000000000ab", start=NOON + 1))
    for first, second in ((call, root), (root, call)):
        otlp(first)
        otlp(second)
        assert total(ledger()) == 330


def test_an_agent_without_calls_of_its_own_counts(otlp, ledger):
    otlp(traces(span(agent("genai"), start=NOON)))
    assert total(ledger()) == 330


def test_nested_agents_count_the_inner_ones(otlp, ledger):
    outer = span(agent("genai"), id="00000000000000aa", start=NOON)
    inner = [
        span(
            {**agent("genai"), "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5},
            id=f"{n:016x}",
            parent="00000000000000aa",
            start=NOON + n,
        )
        for n in (1, 2)
    ]
    otlp(traces(inner[0]))
    otlp(traces(inner[1]))
    otlp(traces(outer))
    assert total(ledger()) == 210


def test_two_instrumentations_of_one_call_count_once(otlp, ledger):
    """A wrapper's span around the client's span, in one body or in two."""
    wrapper = span(genai(100, 10), id="00000000000000aa", start=NOON)
    inner = span(genai(100, 10), id="00000000000000ab", parent="00000000000000aa", start=NOON + 1)
    otlp(traces(inner, wrapper))
    assert len(ledger()) == 1
    other = {"trace": TRACES[3]}
    otlp(traces({**inner, **other}))
    otlp(traces({**wrapper, **other}))
    assert len(ledger()) == 2


def test_the_providers_own_span_of_a_call_is_not_counted_besides(otlp, ledger):
    """The Claude API delivers spans of its own into the trace of the caller's SDK."""
    usage = {
        **genai(100, 10),
        "gen_ai.provider.name": "anthropic",
        "gen_ai.response.model": "claude-sonnet-4-5",
    }
    sdk = traces(span(usage, id="00000000000000aa", start=NOON))
    api = traces(
        span(usage, id="00000000000000ab", parent="00000000000000aa", kind=2, start=NOON + 1),
        resource={"service.name": "claude-platform"},
    )
    otlp(sdk)
    otlp(api)
    assert total(ledger()) == 110


def test_gemini_is_counted_by_its_response_event(otlp, ledger):
    common = {"session.id": "g-1", "user.email": "ana@example.com"}
    event = {
        **common,
        "event.name": "gemini_cli.api_response",
        "event.timestamp": clock.now().isoformat(),
        "model": "gemini-2.5-pro",
        "input_token_count": 1000,
        "output_token_count": 50,
        "cached_content_token_count": 400,
        "thoughts_token_count": 70,
        "tool_token_count": 30,
        "total_token_count": 1150,
        "prompt_id": "p-1",
    }
    details = {
        **common,
        "event.name": "gen_ai.client.inference.operation.details",
        "gen_ai.provider.name": "gcp.gen_ai",
        "gen_ai.response.model": "gemini-2.5-pro",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 50,
    }
    resource = {"service.name": "gemini-cli"}
    now = ago(0)
    body = logs(
        {"attributes": details, "time": now}, {"attributes": event, "time": now}, resource=resource
    )
    points = [
        {"time": now, "start": now - SECOND, "value": v, "attributes": {**common, "type": k}}
        for k, v in {"input": 1000, "output": 50, "cache": 400, "thought": 70, "tool": 30}.items()
    ]
    for point in points:
        point["attributes"]["model"] = "gemini-2.5-pro"
    counted = metrics("gemini_cli.token.usage", *points, resource=resource, temporality=CUMULATIVE)
    otlp(counted)
    assert total(ledger()) == 1150
    otlp(body)
    (record,) = ledger()
    assert (record.input_uncached, record.cache_read, record.output, record.reasoning) == (
        630,
        400,
        50,
        70,
    )


def test_every_emitter_has_its_source(world, otlp, ledger):
    otlp(claude_session()["event"])
    otlp(traces(span(genai())))
    with world.a.scope():
        names = Source.objects.order_by("name").values_list("name", "kind")
        assert list(names) == [("Claude Code telemetry", "otlp"), ("OpenTelemetry", "otlp")]
