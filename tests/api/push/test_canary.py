"""Prompts, answers, headers and arguments reach no table, no inbox, no log and no answer.

A canary is put into every place that telemetry of models can carry text in, and then looked for
everywhere.
"""

import json

import pytest

from apps.connectors.push import services
from apps.ledger.services import fold
from tests.api.push.conftest import everything
from tests.factories.otlp import (
    CUMULATIVE,
    ago,
    as_json,
    claude_event,
    fill,
    genai,
    logs,
    metrics,
    recorded,
    span,
    traces,
)

pytestmark = pytest.mark.django_db
CANARY = "canary-5e1f the customers secret"
CONTENT = {
    "gen_ai.prompt.0.content": CANARY,
    "gen_ai.completion.0.content": CANARY,
    "gen_ai.input.messages": CANARY,
    "gen_ai.output.messages": [CANARY],
    "gen_ai.system_instructions": {"text": CANARY},
    "gen_ai.tool.call.arguments": CANARY,
    "gen_ai.tool.call.result": CANARY,
    "gen_ai.tool.definitions": CANARY,
    "gen_ai.request.stop_sequences": [CANARY],
    "traceloop.entity.input": CANARY,
    "traceloop.entity.output": CANARY,
    "traceloop.association.properties.note": CANARY,
    "input.value": CANARY,
    "output.value": CANARY,
    "llm.input_messages.0.message.content": CANARY,
    "llm.invocation_parameters": CANARY,
    "llm.prompts": [CANARY],
    "tool.parameters": CANARY,
    "metadata": CANARY,
    "http.request.header.authorization": [CANARY],
    "url.full": CANARY,
    "db.query.text": CANARY,
    "exception.message": CANARY,
    "exception.stacktrace": CANARY,
    "prompt": CANARY,
    "tool_parameters": CANARY,
    "tool_input": CANARY,
    "arguments": CANARY,
    "output": CANARY,
    "response_text": CANARY,
    "error": CANARY,
    CANARY: CANARY,
}
MISUSED = (
    {"gen_ai.usage.input_tokens": CANARY},
    {"gen_ai.usage.input_tokens": [CANARY]},
    {"gen_ai.response.model": f"{CANARY}\n{CANARY}"},
    {"gen_ai.response.model": CANARY * 20},
    {"gen_ai.response.model": [CANARY]},
    {"gen_ai.conversation.id": f"{CANARY}\t"},
    {"gen_ai.agent.name": CANARY * 5},
    {"session.id": {"text": CANARY}},
    {"gen_ai.provider.name": f"{CANARY}\r\n"},
    {"tokenops.capability": [CANARY]},
)
RESOURCE = {
    "service.name": "shop",
    "team.id": "web",
    "process.command_args": ["codex", "exec", CANARY],
    "process.command_line": CANARY,
    "process.executable.path": CANARY,
    "host.name": CANARY,
    "user.name": CANARY,
    "prompt": CANARY,
    "system.prompt": CANARY,
    "request.body": CANARY,
    "notes": f"line\n{CANARY}",
    "essay": CANARY * 9,
    "list": [CANARY],
    f"name {CANARY}": "x",
}


def tainted_traces():
    made = traces(
        span({**genai(), **CONTENT}, name=CANARY),
        *(span({**genai(), **wrong}) for wrong in MISUSED),
        span({"http.route": CANARY}, name=CANARY),
        resource=RESOURCE,
    )
    group = made.resource_spans[0]
    scope = group.scope_spans[0]
    scope.scope.name, scope.scope.version, scope.schema_url = CANARY, CANARY, CANARY
    fill(scope.scope.attributes, CONTENT)
    group.schema_url = CANARY
    for one in scope.spans:
        one.trace_state = CANARY
        one.status.message = CANARY
        happened = one.events.add(name=CANARY, time_unix_nano=ago())
        fill(happened.attributes, CONTENT)
        link = one.links.add(trace_state=CANARY)
        fill(link.attributes, CONTENT)
    return made


def tainted_logs():
    made = logs(
        claude_event(attributes=CONTENT),
        {"attributes": {**CONTENT, "event.name": "user_prompt"}, "body": CANARY},
        {"attributes": {**CONTENT, "event.name": CANARY}, "name": CANARY, "body": {"m": CANARY}},
        {"attributes": {**CONTENT, "event.name": "codex.tool_result"}, "body": [CANARY]},
        {"attributes": {**claude_event(CANARY + "\n")["attributes"], "model": CANARY * 10}},
        resource={**RESOURCE, "service.name": "claude-code"},
    )
    for record in made.resource_logs[0].scope_logs[0].log_records:
        record.severity_text = CANARY
    return made


def tainted_metrics():
    point = {
        "time": ago(),
        "start": ago(700),
        "value": 100,
        "attributes": {**CONTENT, "gen_ai.token.type": "input", "gen_ai.response.model": "gpt-5"},
    }
    odd = {**point, "attributes": {**point["attributes"], "gen_ai.token.type": CANARY}}
    made = metrics(
        "gen_ai.client.token.usage",
        point,
        odd,
        resource={**RESOURCE, "service.name": "counter"},
        temporality=CUMULATIVE,
    )
    metric = made.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.description, metric.unit = CANARY, CANARY
    fill(metric.metadata, CONTENT)
    exemplar = metric.sum.data_points[0].exemplars.add(time_unix_nano=ago(), as_int=1)
    fill(exemplar.filtered_attributes, CONTENT)
    made.resource_metrics[0].scope_metrics[0].metrics.add(name=CANARY).gauge.data_points.add()
    return made


def litellm():
    payloads = json.loads(recorded("litellm/generic_api_callback_batch_1.json.gz"))
    for number, payload in enumerate(payloads):
        payload["messages"] = [{"role": "user", "content": CANARY}]
        payload["response"] = {"choices": [{"message": {"content": CANARY}}]}
        payload["model_parameters"] = {"tools": [CANARY]}
        payload["request_tags"] = ["app:triage", f"User-Agent: {CANARY}", CANARY, f"x:{CANARY}\n"]
        payload["end_user"] = CANARY
        payload["user_agent"] = CANARY
        payload["error_information"] = {"error_message": CANARY, "traceback": CANARY}
        payload["metadata"] |= {
            "requester_metadata": {"headers": {"authorization": CANARY}, "note": CANARY},
            "requester_custom_headers": {"x-work-item": CANARY},
            "spend_logs_metadata": {"note": CANARY, "work_item": ["list", CANARY, "\n"]},
            "mcp_tool_call_metadata": {"arguments": CANARY},
        }
        if number == 1:
            payload["prompt_tokens"] = CANARY
    return payloads


EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "app",
    "type": CANARY,
    "time": "2026-11-20T10:00:00Z",
    "dataschema": CANARY,
    "extension": CANARY,
}
GOOD = {"model": "gpt-5", "input_tokens": 5, "note": CANARY, "deep": {"x": [CANARY]}}
EVENTS = [
    {**EVENT, "data": GOOD},
    {**EVENT, "id": "2", "data": {**GOOD, "prompt": CANARY}},
    {**EVENT, "id": "3", "data": {**GOOD, "input_tokens": CANARY}},
    {**EVENT, "id": "4", "data": {"text": CANARY}},
    {**EVENT, "id": "5", "data": CANARY},
    {**EVENT, "id": "6", "data_base64": CANARY},
    {**EVENT, "id": "7", "data": {"model": "gpt-5", "output": CANARY}},
]


def nowhere(captured, answers):
    for answer in answers:
        assert CANARY not in answer.content.decode("utf-8", "replace")
        assert CANARY not in str(answer.headers)
    assert CANARY not in captured.out + captured.err
    for table, text in everything():
        assert CANARY not in text, table
        assert CANARY.encode().hex() not in text, table


@pytest.mark.parametrize("json_", [False, True])
def test_no_text_of_telemetry_is_kept(world, otlp, capfd, caplog, json_):
    answers = [otlp(made(), json=json_) for made in (tainted_traces, tainted_logs, tainted_metrics)]
    assert [a.status_code for a in answers] == [200] * 3
    assert fold(organization_id=world.a.id) >= 3
    with world.a.scope():
        nowhere(capfd.readouterr(), answers)
    assert CANARY not in caplog.text


def test_no_text_of_payloads_and_events_is_kept(world, client, capfd, caplog):
    headers = {**world.a.key_headers, "X-Note": CANARY, "User-Agent": "tests"}
    answers = [
        client.post("/api/v1/litellm", json.dumps(litellm()), "application/json", headers=headers),
        client.post(
            "/api/v1/events",
            json.dumps(EVENTS),
            "application/cloudevents-batch+json",
            headers=headers,
        ),
    ]
    assert [a.json()["accepted"] for a in answers] == [3, 1]
    fold(organization_id=world.a.id)
    with world.a.scope():
        nowhere(capfd.readouterr(), answers)
    assert CANARY not in caplog.text


def test_no_text_is_kept_of_bodies_that_fail(world, otlp, client, capfd, caplog, monkeypatch):
    """Neither when a body cannot be read, nor when the site itself fails on it."""
    whole = tainted_logs().SerializeToString()
    text = as_json(tainted_logs())
    answers = [
        otlp(whole[:-7], "logs"),
        otlp(whole, "traces"),
        otlp(text[:-7], "logs", kind="application/json"),
        otlp(
            text.replace(b'"attributes": [', b'"attributes": "', 1), "logs", kind="application/json"
        ),
    ]
    assert {a.status_code for a in answers} <= {200, 400}

    def fails(**given):
        raise RuntimeError("broken")

    monkeypatch.setattr(services, "accept_otlp", fails)
    client.raise_request_exception = False
    answers.append(otlp(whole, "logs"))
    assert answers[-1].status_code == 503
    with world.a.scope():
        nowhere(capfd.readouterr(), answers)
    assert CANARY not in caplog.text
